// SPDX-License-Identifier: Apache-2.0
// A broker of the test's own, on a loopback port unless told otherwise: it decodes requests with
// lib/wire and answers what the script says. It lives on the loop of the client that it serves.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "lib/base/big_endian.h"
#include "lib/net/listener.h"
#include "lib/net/stream.h"
#include "lib/net/task.h"
#include "lib/net/uv_loop.h"
#include "lib/wire/frame.h"
#include "lib/wire/message.h"
#include "lib/wire/messages/api_versions.h"

namespace eventd {

class ScriptedBroker {
 public:
  // What becomes of a request: an answer, silence (nothing), or the end of the connection (empty).
  using Reply = std::optional<Buffer>;
  using Script = std::function<Reply(const RequestHeader&, Bytes body)>;

  ScriptedBroker(Loop& loop, Script script, const Address& at = {"127.0.0.1", 0, false})
      : loop_(loop), script_(std::move(script)) {
    auto accepted = [this](int descriptor) { spawn(serve(descriptor)); };
    auto listening = Listener::listen(loop, at, accepted);
    REQUIRE(listening.has_value());
    listener_ = std::move(*listening);
  }

  const Address& address() const { return listener_->address(); }
  int connections() const { return connections_; }
  // Until every client has gone.
  Task<void> left_alone() {
    while (serving_ > 0) co_await left_.wait();
  }

  // An answer of the version that was asked in.
  template <class Response>
  static Buffer answer(const RequestHeader& header, const Response& response) {
    Buffer out(sizeof(int32_t));
    Writer writer(out);
    writer.number<int32_t>(header.correlation_id);
    bool flexible = header.version >= Response::api.flexible;
    if (flexible && Response::api.key != ApiKey::api_versions) writer.number<int8_t>(0);
    Result<void> encoded = encode(response, header.version, writer);
    REQUIRE(encoded.has_value());
    store_big_endian<int32_t>(out.data(), static_cast<int32_t>(out.size() - sizeof(int32_t)));
    return out;
  }

  static Buffer serves(const RequestHeader& header, const std::map<ApiKey, VersionRange>& served) {
    ApiVersionsResponse response;
    for (const auto& [key, range] : served) {
      auto& api = response.api_keys.emplace_back();
      api.api_key = static_cast<int16_t>(key);
      api.min_version = range.min;
      api.max_version = range.max;
    }
    return answer(header, response);
  }
  // To a question for versions that is newer than the broker.
  static Buffer too_new(RequestHeader header) {
    header.version = 0;
    ApiVersionsResponse response;
    response.error_code = static_cast<int16_t>(Code::unsupported_version);
    return answer(header, response);
  }

  // Says to serve one version of each API.
  static Buffer versions(const RequestHeader& header,
                         std::vector<std::pair<ApiKey, int16_t>> served) {
    ApiVersionsResponse response;
    for (auto [key, version] : served) {
      auto& api = response.api_keys.emplace_back();
      api.api_key = static_cast<int16_t>(key);
      api.min_version = 0;
      api.max_version = version;
    }
    return answer(header, response);
  }

 private:
  Task<void> serve(int descriptor) {
    connections_++;
    serving_++;
    co_await answer_all(descriptor);
    if (--serving_ == 0) left_.notify();
  }

  Task<void> answer_all(int descriptor) {
    auto adopted = Stream::adopt(loop_, descriptor);
    std::unique_ptr<Stream> stream = std::move(*adopted);
    while (true) {
      uint8_t prefix[4];
      MutableBytes room(prefix);
      Result<void> got = co_await stream->read_exactly(room);
      if (!got) co_return;
      Buffer frame(static_cast<size_t>(load_big_endian<int32_t>(prefix)));
      MutableBytes rest(frame);
      got = co_await stream->read_exactly(rest);
      if (!got) co_return;
      Result<RequestHeader> header = parse_request_header(frame);
      Reply reply = script_(*header, Bytes(frame).subspan(header->size_bytes));
      if (!reply) continue;
      if (reply->empty()) co_return;
      std::vector<Piece> pieces;
      pieces.emplace_back(std::move(*reply));
      got = co_await stream->write(std::move(pieces));
      if (!got) co_return;
    }
  }

  Loop& loop_;
  Script script_;
  std::unique_ptr<Listener> listener_;
  int connections_ = 0;
  int serving_ = 0;
  Signal left_;
};

// Runs a task on the broker's loop, and ends when its clients have gone.
inline void run_with(UvLoop& loop, ScriptedBroker& broker, Task<void> task) {
  auto then_stop = [](UvLoop& on, ScriptedBroker& peer, Task<void> work) -> Task<void> {
    co_await work;
    co_await peer.left_alone();
    on.stop();
  };
  loop.post([&] { spawn(then_stop(loop, broker, std::move(task))); });
  loop.run();
}

}  // namespace eventd
