// SPDX-License-Identifier: Apache-2.0
#include "lib/wire/frame.h"

#include "lib/base/ensure.h"
#include "lib/base/text.h"

namespace eventd {

Result<RequestHeader> parse_request_header(Bytes frame) {
  MessageReader read(frame, false);
  RequestHeader header;
  header.api = read.number<int16_t>();
  header.version = read.number<int16_t>();
  header.correlation_id = read.number<int32_t>();
  header.client_id = read.nullable_string().value_or("");
  header.size_bytes = read.position();
  std::optional<ApiKey> api = api_key_of(header.api);
  if (!read.failed() && api && request_header_version(*api, header.version) >= 2) {
    MessageReader tags(frame.subspan(header.size_bytes), true);
    tags.skip_tagged_fields();
    if (tags.failed()) read.fail();
    header.size_bytes += tags.position();
  }
  if (read.failed()) {
    return fail(Code::invalid_request,
                text("a request header is cut short, in a frame of ", frame.size(), " bytes"));
  }
  return header;
}

Result<size_t> parse_response_header(Bytes frame, ApiKey api, int16_t version,
                                     int32_t& correlation_id) {
  MessageReader read(frame, true);
  correlation_id = read.number<int32_t>();
  if (response_header_version(api, version) >= 1) read.skip_tagged_fields();
  if (read.failed()) return fail(Code::bad_data, "a response header is cut short");
  return read.position();
}

void write_request_header(ApiKey api, int16_t version, int32_t correlation_id,
                          std::string_view client_id, Writer& out) {
  ENSURE(client_id.size() <= kStringSizeMax);
  out.number(static_cast<int16_t>(api));
  out.number(version);
  out.number(correlation_id);
  out.number(static_cast<int16_t>(client_id.size()));
  out.bytes(bytes_of(client_id));
  if (request_header_version(api, version) >= 2) out.uvarint<uint32_t>(0);
}

Error client_id_error(std::string_view client_id) {
  return {Code::invalid_request,
          text("a client id of ", client_id.size(), " bytes; at most ", kStringSizeMax,
               " fit into a header"),
          0};
}

}  // namespace eventd
