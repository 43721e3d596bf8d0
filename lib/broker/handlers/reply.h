// SPDX-License-Identifier: Apache-2.0
// From a response message to the pieces that the connection sends: length, header and body, with
// slices of files where the records were left out. Only the handlers include this.
#pragma once

#include <chrono>
#include <utility>

#include "lib/broker/request.h"
#include "lib/wire/message.h"
#include "lib/wire/writer.h"

namespace eventd {

// Starts a reply: room for the frame's length, and the response header.
void begin_reply(const Request& request, Writer& out);
// Ends it: fills in the length, and puts the request's slices at the writer's omissions.
Reply finish_reply(Request& request, Buffer encoded, const Writer& out);
// How long the client is slowed down; reply_with() tells it in the response and mutes the
// connection, and nothing else does either.
std::chrono::milliseconds request_throttle(const Request& request);
// A response that could not be encoded is our own fault: logged, and the connection ends.
Reply failed_reply(const Request& request, const Error& error);

template <class Response>
Reply reply_with(Request& request, Response&& response) {
  auto delay = request_throttle(request);
  if constexpr (requires { response.throttle_time_ms = 0; }) {
    response.throttle_time_ms = static_cast<int32_t>(delay.count());
  }
  Buffer encoded;
  Writer out(encoded);
  begin_reply(request, out);
  Result<void> done = encode(std::as_const(response), request.version, out);
  if (!done) return failed_reply(request, done.error());
  Reply reply = finish_reply(request, std::move(encoded), out);
  reply.mute = delay;
  return reply;
}

// The body of a request. Bytes behind it are ignored, as Kafka does.
template <class M>
Result<M> read_body(const Request& request) {
  size_t size = 0;
  return decode_prefix<M>(request.body(), request.version, size);
}

// What a body that cannot be decoded gets, as Kafka has it: the end of the connection.
Reply refused_body(const Request& request, const Error& error);

}  // namespace eventd
