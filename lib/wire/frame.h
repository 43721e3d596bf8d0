// SPDX-License-Identifier: Apache-2.0
// The headers of requests and responses, and whole frames for clients.
//
//   request    i16 API, i16 version, i32 correlation id, nullable string client id (its length is
//              always two bytes), tagged fields from header version 2 on; then the message
//   response   i32 correlation id, tagged fields from header version 1 on; then the message
//
// On the connection each stands behind an i32 with its size.
#pragma once

#include <cstdint>
#include <string_view>

#include "lib/base/bytes.h"
#include "lib/base/result.h"
#include "lib/wire/message.h"
#include "lib/wire/reader.h"

namespace eventd {

struct RequestHeader {
  int16_t api = 0;  // as it came: perhaps no API has this number
  int16_t version = 0;
  int32_t correlation_id = 0;
  std::string_view client_id;  // in the frame; empty also if it was null
  size_t size_bytes = 0;       // of the header; the body follows
};

// invalid_request if the frame is too short for the header that its API and version have. A header
// of an unknown API is read without tagged fields.
Result<RequestHeader> parse_request_header(Bytes frame);

// Appends length, header and message to `out`. On error nothing was appended: what encode() says,
// or the client id does not fit into a header.
template <class M>
Result<void> encode_request(const M& message, int16_t version, int32_t correlation_id,
                            std::string_view client_id, Buffer& out);

// The size of the response header at the start of `frame`, whose correlation id it gives.
Result<size_t> parse_response_header(Bytes frame, ApiKey api, int16_t version,
                                     int32_t& correlation_id);

// The client id has at most kStringSizeMax bytes.
void write_request_header(ApiKey api, int16_t version, int32_t correlation_id,
                          std::string_view client_id, Writer& out);

Error client_id_error(std::string_view client_id);

template <class M>
Result<void> encode_request(const M& message, int16_t version, int32_t correlation_id,
                            std::string_view client_id, Buffer& out) {
  if (client_id.size() > kStringSizeMax) return std::unexpected(client_id_error(client_id));
  size_t start = out.size();
  Writer writer(out);
  Writer::Mark length = writer.mark();
  writer.number<int32_t>(0);
  write_request_header(M::api.key, version, correlation_id, client_id, writer);
  Result<void> body = encode(message, version, writer);
  if (!body) {
    out.resize(start);
    return body;
  }
  writer.patch(length, static_cast<int32_t>(writer.wire_size() - sizeof(int32_t)));
  return {};
}

}  // namespace eventd
