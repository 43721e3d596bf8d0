// SPDX-License-Identifier: Apache-2.0
// A client's connection to one broker: asks in any number, answers in the order of the asks.
//
// It begins with ApiVersions, so that each request is sent in the highest version that both sides
// know. Once anything fails the connection is of no more use: what waits and what comes later
// fails. A port at which something else than Kafka answers is told by its first bytes. With SASL it
// authenticates before anything is asked, and again before the broker's patience ends: what is
// asked meanwhile is held back, and keeps its order. So it is while the broker wants to be left
// alone, for its quotas (KIP-219): a minute at most, for one that means it does not read for as
// long as it likes. Belongs to one loop. It outlives the calls that wait on it.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "lib/base/result.h"
#include "lib/net/channel.h"
#include "lib/net/task.h"
#include "lib/wire/frame.h"
#include "lib/wire/message.h"

namespace eventd {

// A response and the frame that it looks into.
template <class M>
struct Answer {
  std::shared_ptr<const Buffer> frame;  // shared with whoever keeps records of it
  M message;
};

struct ClientSecurity;

class ClientConnection : public std::enable_shared_from_this<ClientConnection> {
 public:
  // connection_failed if nobody answers there by the deadline; sasl_authentication_failed where TLS
  // or SASL fails; cancelled if the attempt was ended, which outlives the call. `security` outlives
  // the connection; nothing: there is none.
  static Task<Result<std::shared_ptr<ClientConnection>>> open(Loop& loop, Address address,
                                                              std::string client_id,
                                                              const ClientSecurity* security,
                                                              Instant deadline, Attempt* attempt);
  ~ClientConnection();

  const Address& address() const { return address_; }
  bool failed() const { return failed_; }
  // Whether what is asked now would be held back.
  bool throttled() const { return throttle_timer_ != 0; }
  void close();

  // The version in which a request is sent; nothing if the broker does not know the API.
  std::optional<int16_t> version_of(const Api& api) const;

  // Sends at once, or when it may be sent again, in the order of the calls; waits for the answer.
  // `message` is encoded before the first wait.
  template <class Request>
  Task<Result<Answer<typename Request::Response>>> ask(const Request& message, Instant deadline);
  // Of a request that is not answered.
  template <class Request>
  Result<void> tell(const Request& message);
  // As ask(), of the requests of authentication: they are not held back.
  template <class Request>
  Task<Result<Answer<typename Request::Response>>> authenticate_by(const Request& message,
                                                                   Instant deadline);

 private:
  struct Pending {
    int32_t correlation_id;
    ApiKey api;
    int16_t version;
    Signal answered;
    Result<std::shared_ptr<const Buffer>> frame;
    size_t body_at = 0;
    bool done = false;
  };

  ClientConnection(Loop& loop, Address address, std::string client_id,
                   const ClientSecurity* security, std::unique_ptr<Channel> channel);
  template <class Request>
  Task<Result<Answer<typename Request::Response>>> exchange(const Request& message,
                                                            Instant deadline, bool may_be_held);
  Task<Result<void>> prove(Instant deadline);
  Task<void> prove_again(std::shared_ptr<ClientConnection> self);
  Task<Result<void>> learn_versions(Instant deadline);
  Task<void> read_answers(std::shared_ptr<ClientConnection> self);
  Task<void> write_frames(std::shared_ptr<ClientConnection> self);
  Task<Result<std::shared_ptr<const Buffer>>> read_frame();
  Task<Result<std::shared_ptr<Pending>>> roundtrip(std::shared_ptr<Pending> pending,
                                                   Instant deadline);
  void enqueue(std::shared_ptr<Pending> pending, Buffer frame, bool may_be_held);
  void throttle(ApiKey api, int16_t version, int32_t time_ms);
  void await_throttle();
  void release();
  void send(Buffer frame);
  void fail_all(const Error& error);

  Loop& loop_;
  const Address address_;
  const std::string client_id_;
  const ClientSecurity* const security_;
  std::unique_ptr<Channel> channel_;
  std::unordered_map<int16_t, VersionRange> versions_;
  int32_t next_correlation_id_ = 0;
  std::deque<std::shared_ptr<Pending>> pending_;  // shared with the askers
  std::deque<Buffer> outgoing_;                   // small frames stand together in one
  // What was asked, and is not sent yet: while it authenticates again, or is throttled.
  struct Held {
    std::shared_ptr<Pending> pending;  // or nothing, see enqueue()
    Buffer frame;
  };
  std::deque<Held> held_;
  bool proving_ = false;
  Instant throttled_until_{};
  std::chrono::milliseconds throttle_time_{};
  Loop::TimerId throttle_timer_ = 0;
  Signal drained_;  // nothing is under way any more
  Loop::TimerId prove_again_at_ = 0;
  bool writing_ = false;
  bool learned_ = false;   // what the broker serves; before that its frames are small
  bool answered_ = false;  // something since then
  bool failed_ = false;
  Error error_;
};

template <class Request>
Task<Result<Answer<typename Request::Response>>> ClientConnection::ask(const Request& message,
                                                                       Instant deadline) {
  return exchange(message, deadline, true);
}

template <class Request>
Task<Result<Answer<typename Request::Response>>> ClientConnection::authenticate_by(
    const Request& message, Instant deadline) {
  return exchange(message, deadline, false);
}

template <class Request>
Task<Result<Answer<typename Request::Response>>> ClientConnection::exchange(const Request& message,
                                                                            Instant deadline,
                                                                            bool may_be_held) {
  using Response = typename Request::Response;
  std::optional<int16_t> version = version_of(Request::api);
  if (!version) {
    co_return eventd::fail(
        Code::unsupported_version,
        std::string(name_of(Request::api.key)) + " is not served by " + to_string(address_));
  }
  auto pending = std::make_shared<Pending>();
  pending->correlation_id = next_correlation_id_++;
  pending->api = Request::api.key;
  pending->version = *version;
  Buffer frame;
  Result<void> encoded =
      encode_request(message, *version, pending->correlation_id, client_id_, frame);
  if (!encoded) co_return pass(encoded);
  if (failed_) co_return std::unexpected(error_);
  enqueue(pending, std::move(frame), may_be_held);
  Result<std::shared_ptr<Pending>> answered = co_await roundtrip(pending, deadline);
  if (!answered) co_return pass(answered);
  Bytes body = Bytes(**pending->frame).subspan(pending->body_at);
  Result<Response> response = decode<Response>(body, *version);
  if (!response) co_return pass(response);
  if constexpr (requires { response->throttle_time_ms; }) {
    if (response->throttle_time_ms > 0) {
      throttle(Request::api.key, *version, response->throttle_time_ms);
    }
  }
  Answer<Response> answer{*pending->frame, std::move(*response)};
  co_return std::move(answer);
}

template <class Request>
Result<void> ClientConnection::tell(const Request& message) {
  std::optional<int16_t> version = version_of(Request::api);
  if (!version) return eventd::fail(Code::unsupported_version, "the broker lacks the API");
  Buffer frame;
  Result<void> encoded =
      encode_request(message, *version, next_correlation_id_++, client_id_, frame);
  if (!encoded) return encoded;
  if (failed_) return std::unexpected(error_);
  enqueue(nullptr, std::move(frame), true);
  return {};
}

}  // namespace eventd
