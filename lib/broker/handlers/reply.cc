// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/handlers/reply.h"

#include <limits>
#include <utility>

#include "lib/base/ensure.h"
#include "lib/base/logger.h"
#include "lib/base/text.h"
#include "lib/broker/broker.h"

namespace eventd {

namespace {

FilePiece file_piece(LogSlice slice) {
  int descriptor = slice.file->descriptor();
  return {std::move(slice.file), descriptor, slice.position, slice.size_bytes};
}

}  // namespace

void begin_reply(const Request& request, Writer& out) {
  out.number<int32_t>(0);
  out.number<int32_t>(request.correlation_id);
  if (response_header_version(request.api, request.version) >= 1) out.uvarint<uint32_t>(0);
}

Reply finish_reply(Request& request, Buffer encoded, const Writer& out) {
  size_t size = out.wire_size() - sizeof(int32_t);
  // A frame's length is an i32; no client takes more than Kafka's own limit of a response anyway.
  if (size > std::numeric_limits<int32_t>::max()) {
    return failed_reply(request, {Code::too_large, text(size, " bytes"), 0});
  }
  ENSURE(out.omissions().size() == request.slices.size());
  store_big_endian(encoded.data(), static_cast<int32_t>(size));
  Reply reply;
  reply.kind = Reply::Kind::pieces;
  if (request.slices.empty()) {
    reply.pieces.emplace_back(std::move(encoded));
    return reply;
  }
  size_t at = 0;
  for (size_t i = 0; i < request.slices.size(); i++) {
    size_t until = out.omissions()[i].position;
    ENSURE(out.omissions()[i].size == request.slices[i].size_bytes);
    auto begin = encoded.begin();
    reply.pieces.emplace_back(
        Buffer(begin + static_cast<ptrdiff_t>(at), begin + static_cast<ptrdiff_t>(until)));
    reply.pieces.emplace_back(file_piece(std::move(request.slices[i])));
    at = until;
  }
  if (at < encoded.size()) {
    reply.pieces.emplace_back(Buffer(encoded.begin() + static_cast<ptrdiff_t>(at), encoded.end()));
  }
  request.slices.clear();
  return reply;
}

std::chrono::milliseconds request_throttle(const Request& request) {
  return request.broker.throttle().delay_after(request);
}

Reply failed_reply(const Request& request, const Error& error) {
  request.broker.complaints().error("the answer to ", name_of(request.api), " v", request.version,
                                    " from ", request.peer.remote,
                                    " cannot be encoded: ", error.message);
  return Reply::close();
}

Reply refused_body(const Request& request, const Error& error) {
  request.broker.complaints().info("closing ", request.peer.remote, ": ", name_of(request.api),
                                   " v", request.version, ": ", printable(error.message));
  return Reply::close();
}

}  // namespace eventd
