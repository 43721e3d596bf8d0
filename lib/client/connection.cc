// SPDX-License-Identifier: Apache-2.0
#include "lib/client/connection.h"

#include <algorithm>

#include "lib/base/logger.h"
#include "lib/base/text.h"
#include "lib/client/security.h"
#include "lib/wire/messages/api_versions.h"

namespace eventd {

namespace {

constexpr size_t kFrameMax = size_t{1} << 30;
constexpr size_t kFirstFrameMax = 1 << 20;
constexpr size_t kFrameStep = 4 << 20;
// Larger frames are written by themselves rather than copied.
constexpr size_t kTogetherMax = 32 << 10;
constexpr std::chrono::seconds kProveAgain{30};
constexpr std::chrono::milliseconds kThrottleMax{60'000};
constexpr const char* kNoKafka = "what answers there does not speak Kafka's protocol";

// Who begins like that.
std::string speaker(Bytes prefix) {
  if ((prefix[0] == 0x15 || prefix[0] == 0x16) && prefix[1] == 3) {
    return text(kNoKafka, " but TLS (security.protocol=SSL or SASL_SSL)");
  }
  if (text_of(prefix) == "HTTP") return text(kNoKafka, " but HTTP");
  if (text_of(prefix) == "SSH-") return text(kNoKafka, " but SSH");
  return kNoKafka;
}

// From which version on a client holds back by itself what a broker does not want to have yet;
// before that the broker had made it wait already when it answered (KIP-219).
int16_t throttles_from(ApiKey api) {
  switch (api) {
    case ApiKey::fetch:
      return 8;
    case ApiKey::produce:
    case ApiKey::metadata:
      return 6;
    case ApiKey::list_offsets:
    case ApiKey::create_topics:
      return 3;
    case ApiKey::api_versions:
    case ApiKey::find_coordinator:
    case ApiKey::describe_configs:
    case ApiKey::delete_topics:
      return 2;
    case ApiKey::init_producer_id:
    case ApiKey::create_partitions:
    case ApiKey::delete_records:
    case ApiKey::alter_configs:
    case ApiKey::describe_log_dirs:
      return 1;
    default:
      return 0;
  }
}

}  // namespace

ClientConnection::ClientConnection(Loop& loop, Address address, std::string client_id,
                                   const ClientSecurity* security, std::unique_ptr<Channel> channel)
    : loop_(loop),
      address_(std::move(address)),
      client_id_(std::move(client_id)),
      security_(security),
      channel_(std::move(channel)) {
  versions_[static_cast<int16_t>(ApiKey::api_versions)] = ApiVersionsRequest::api.versions;
}

ClientConnection::~ClientConnection() {
  if (prove_again_at_ != 0) loop_.cancel(prove_again_at_);
  if (throttle_timer_ != 0) loop_.cancel(throttle_timer_);
}

Task<Result<std::shared_ptr<ClientConnection>>> ClientConnection::open(
    Loop& loop, Address address, std::string client_id, const ClientSecurity* security,
    Instant deadline, Attempt* attempt) {
  std::shared_ptr<const TlsContext> tls = security ? security->tls : nullptr;
  Result<std::unique_ptr<Channel>> channel =
      co_await open_channel(loop, address, std::move(tls), deadline, attempt);
  if (!channel) co_return pass(channel);
  std::shared_ptr<ClientConnection> connection(
      new ClientConnection(loop, address, std::move(client_id), security, std::move(*channel)));
  spawn(connection->read_answers(connection));
  attempt->begin_step([connection] { connection->close(); });
  Result<void> learned = co_await connection->learn_versions(deadline);
  if (learned) learned = co_await connection->prove(deadline);
  attempt->finish_step();
  if (!learned) {
    connection->close();
    co_return pass(learned);
  }
  co_return std::move(connection);
}

Task<Result<void>> ClientConnection::learn_versions(Instant deadline) {
  ApiVersionsRequest request;
  request.client_software_name = "eventd";
  request.client_software_version = EVENTD_VERSION;
  auto answer = co_await ask(request, deadline);
  constexpr auto kUnsupported = static_cast<int16_t>(Code::unsupported_version);
  bool too_new = answer ? answer->message.error_code == kUnsupported
                        : answer.error().code == Code::invalid_request;
  if (too_new) {
    // The broker is older than our version of the question; 0 is known to all.
    versions_[static_cast<int16_t>(ApiKey::api_versions)] = {0, 0};
    answer = co_await ask(request, deadline);
  }
  if (!answer) co_return pass(answer);
  if (answer->message.error_code != 0) {
    co_return eventd::fail(Code{answer->message.error_code}, "refused");
  }
  learned_ = true;
  for (const auto& api : answer->message.api_keys) {
    versions_[api.api_key] = {api.min_version, api.max_version};
  }
  co_return Result<void>{};
}

std::optional<int16_t> ClientConnection::version_of(const Api& api) const {
  auto known = versions_.find(static_cast<int16_t>(api.key));
  if (known == versions_.end()) return std::nullopt;
  int16_t version = std::min(known->second.max, api.versions.max);
  if (version < api.versions.min || version < known->second.min) return std::nullopt;
  return version;
}

// Says who we are, and arms the timer for the next time: well before the session's end, as Kafka's
// clients do.
Task<Result<void>> ClientConnection::prove(Instant deadline) {
  Result<std::chrono::milliseconds> lifetime = co_await authenticate(*this, security_, deadline);
  if (!lifetime) co_return pass(lifetime);
  if (lifetime->count() > 0 && !failed_) {
    std::weak_ptr<ClientConnection> weak = weak_from_this();
    Instant next = loop_.now() + *lifetime * 85 / 100;
    prove_again_at_ = loop_.call_at(next, [weak] {
      std::shared_ptr<ClientConnection> self = weak.lock();
      if (!self) return;
      self->prove_again_at_ = 0;
      if (!self->failed_) spawn(self->prove_again(self));
    });
  }
  co_return Result<void>{};
}

Task<void> ClientConnection::prove_again(std::shared_ptr<ClientConnection> self) {
  proving_ = true;
  while (!pending_.empty() && !failed_) co_await drained_.wait();
  Instant deadline = loop_.now() + kProveAgain;
  Result<void> proved = co_await prove(deadline);
  proving_ = false;
  if (!proved) fail_all(proved.error());
  release();
  (void)self;  // keeps the connection meanwhile
}

// `pending`: who waits for the answer, or nothing.
void ClientConnection::enqueue(std::shared_ptr<Pending> pending, Buffer frame, bool may_be_held) {
  if (may_be_held && (proving_ || throttle_timer_ != 0)) {
    held_.push_back({std::move(pending), std::move(frame)});
    return;
  }
  if (pending) pending_.push_back(std::move(pending));
  send(std::move(frame));
}

// An answer asked for some peace.
void ClientConnection::throttle(ApiKey api, int16_t version, int32_t time_ms) {
  if (failed_ || version < throttles_from(api)) return;
  throttle_time_ = std::chrono::milliseconds(time_ms);
  log_debug(to_string(address_), " throttles us for ", time_ms, " ms");
  Instant until = loop_.now() + std::min(throttle_time_, kThrottleMax);
  throttled_until_ = std::max(throttled_until_, until);
  if (throttle_timer_ == 0) await_throttle();
}

void ClientConnection::await_throttle() {
  std::weak_ptr<ClientConnection> weak = weak_from_this();
  throttle_timer_ = loop_.call_at(throttled_until_, [weak] {
    std::shared_ptr<ClientConnection> self = weak.lock();
    if (!self) return;
    self->throttle_timer_ = 0;
    if (self->throttled_until_ > self->loop_.now()) return self->await_throttle();
    self->release();
  });
}

// Sends what was held back, if nothing holds it any more.
void ClientConnection::release() {
  if (failed_ || proving_ || throttle_timer_ != 0) return;
  for (Held& held : std::exchange(held_, {}))
    enqueue(std::move(held.pending), std::move(held.frame), true);
}

void ClientConnection::send(Buffer frame) {
  if (!outgoing_.empty() && outgoing_.back().size() + frame.size() <= kTogetherMax) {
    append(outgoing_.back(), frame);
  } else {
    outgoing_.push_back(std::move(frame));
  }
  if (writing_) return;
  writing_ = true;
  // The connection may lose its other owners while it writes.
  spawn(write_frames(shared_from_this()));
}

Task<void> ClientConnection::write_frames(std::shared_ptr<ClientConnection> self) {
  while (!outgoing_.empty() && !failed_) {
    Buffer frames = std::move(outgoing_.front());
    outgoing_.pop_front();
    Result<void> sent = co_await channel_->write(std::move(frames));
    if (!sent) fail_all(sent.error());
  }
  self->writing_ = false;
}

Task<Result<std::shared_ptr<const Buffer>>> ClientConnection::read_frame() {
  uint8_t prefix[4];
  MutableBytes room(prefix);
  Result<void> got = co_await channel_->read_exactly(room);
  if (!got && got.error().code == Code::connection_closed && learned_ && !answered_) {
    // So ends who asks for more than versions without having said who he is.
    got.error().message += "; perhaps it wants another security.protocol";
  }
  if (!got) co_return pass(got);
  auto size = load_big_endian<int32_t>(prefix);
  if (size < 4 || static_cast<size_t>(size) > (learned_ ? kFrameMax : kFirstFrameMax)) {
    std::string why = learned_ ? text("sent a frame of ", size, " bytes") : speaker(prefix);
    co_return eventd::fail(Code::bad_data, std::move(why));
  }
  auto frame = std::make_shared<Buffer>();
  while (frame->size() < static_cast<size_t>(size)) {
    size_t filled = frame->size();
    frame->resize(std::min(static_cast<size_t>(size), std::max(filled * 2, kFrameStep)));
    MutableBytes rest = MutableBytes(*frame).subspan(filled);
    got = co_await channel_->read_exactly(rest);
    if (!got) co_return pass(got);
  }
  co_return std::shared_ptr<const Buffer>(std::move(frame));
}

Task<void> ClientConnection::read_answers(std::shared_ptr<ClientConnection> self) {
  while (!failed_) {
    Result<std::shared_ptr<const Buffer>> frame = co_await read_frame();
    if (!frame) {
      fail_all(frame.error());
      break;
    }
    if (pending_.empty()) {
      fail_all({Code::bad_data, "an answer that nobody asked for", 0});
      break;
    }
    std::shared_ptr<Pending> pending = pending_.front();
    int32_t correlation_id = 0;
    Result<size_t> body =
        parse_response_header(**frame, pending->api, pending->version, correlation_id);
    if (!body || correlation_id != pending->correlation_id) {
      fail_all({Code::bad_data, learned_ ? "an answer to something else" : kNoKafka, 0});
      break;
    }
    pending_.pop_front();
    answered_ = learned_;
    pending->frame = std::move(*frame);
    pending->body_at = *body;
    pending->done = true;
    pending->answered.notify();
    if (proving_ && pending_.empty()) drained_.notify();
  }
  (void)self;  // keeps the connection while its answers are read
}

Task<Result<std::shared_ptr<ClientConnection::Pending>>> ClientConnection::roundtrip(
    std::shared_ptr<Pending> pending, Instant deadline) {
  if (!pending->done) {
    bool in_time = co_await pending->answered.wait_until(loop_, deadline);
    if (!in_time && !pending->done) {
      auto held = std::ranges::find(held_, pending, &Held::pending);
      if (held != held_.end() && throttle_timer_ != 0) {
        // It has not been sent: the connection is as good as before.
        held_.erase(held);
        co_return eventd::fail(Code::deadline_passed,
                               text(to_string(address_), " throttles us: it wants no request for ",
                                    throttle_time_.count(), " ms (a quota)"));
      }
      // Answers come in order: after one that is missing none can be told apart.
      fail_all({Code::deadline_passed, "no answer in time", 0});
    }
  }
  if (!pending->frame) co_return std::unexpected(pending->frame.error());
  co_return std::move(pending);
}

void ClientConnection::fail_all(const Error& error) {
  if (failed_) return;
  failed_ = true;
  error_ = error.during(text("connection to ", to_string(address_)));
  auto waiting = std::exchange(pending_, {});
  for (Held& held : std::exchange(held_, {})) {
    if (held.pending) waiting.push_back(std::move(held.pending));
  }
  channel_->shutdown();
  for (const std::shared_ptr<Pending>& pending : waiting) {
    pending->frame = std::unexpected(error_);
    pending->done = true;
    pending->answered.notify();
  }
  drained_.notify();
}

void ClientConnection::close() { fail_all({Code::cancelled, "closed", 0}); }

}  // namespace eventd
