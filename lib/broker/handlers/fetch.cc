// SPDX-License-Identifier: Apache-2.0
// Fetch: slices of the log below the watermark, for as many partitions as the limits allow; waits
// for more where there is too little.
#include "lib/wire/messages/fetch.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "lib/broker/broker.h"
#include "lib/broker/fetch_sessions.h"
#include "lib/broker/handlers/handlers.h"
#include "lib/broker/handlers/lookup.h"
#include "lib/broker/handlers/reply.h"

namespace eventd {

namespace {

constexpr auto kWaitMax = std::chrono::seconds(60);

// What was found for one partition that is wanted.
struct Found {
  std::shared_ptr<Partition> partition;
  Code error = Code::none;
  LogSlice slice;
  Offset high_watermark = kNoOffset;
  Offset last_stable = kNoOffset;
  Offset log_start = kNoOffset;
  std::optional<EpochEnd> diverging;
};

class Fetch {
 public:
  Fetch(Request& request, const FetchRequest& body, FetchContext context)
      : request_(request),
        body_(body),
        context_(std::move(context)),
        isolation_(body.isolation_level == 1 ? Isolation::last_stable : Isolation::high_watermark),
        bytes_max_(std::max(0, std::min(body.max_bytes, request.broker.config().fetch_max_bytes))),
        bytes_min_(std::min(body.min_bytes, bytes_max_)),
        deadline_(request.arrived + wait_max()) {}

  Task<void> read_or_wait();
  Reply reply();

 private:
  Duration wait_max() const {
    auto asked = std::chrono::milliseconds(std::max(0, body_.max_wait_ms));
    return std::min<Duration>(asked, kWaitMax);
  }
  bool read_all();
  Found read(const FetchWant& want, int64_t budget, bool first);
  Task<void> wait_for_more();

  Request& request_;
  const FetchRequest& body_;
  FetchContext context_;
  const Isolation isolation_;
  const int32_t bytes_max_;
  const int32_t bytes_min_;
  const Instant deadline_;
  std::vector<Found> found_;
};

Task<void> Fetch::read_or_wait() {
  while (true) {
    bool enough = read_all();
    if (enough || request_.gave_up() || request_.hurried()) co_return;
    if (request_.loop.now() >= deadline_) co_return;
    co_await wait_for_more();
  }
}

// True if the answer can leave: enough bytes, an error, or nothing to wait for.
bool Fetch::read_all() {
  found_.clear();
  int64_t total = 0;
  bool hurried = context_.wants.empty();
  for (const FetchWant& want : context_.wants) {
    Found found = read(want, bytes_max_ - total, total == 0);
    total += found.slice.size_bytes;
    hurried = hurried || found.error != Code::none || found.diverging.has_value();
    found_.push_back(std::move(found));
  }
  return hurried || total >= bytes_min_;
}

Found Fetch::read(const FetchWant& want, int64_t budget, bool first) {
  Found found;
  auto refuse = [&](Code code) {
    found.error = code;
    found.high_watermark = found.last_stable = found.log_start = kNoOffset;
    return std::move(found);
  };
  auto partition =
      find_partition(request_, {want.name.topic, want.name.topic_id}, want.name.partition);
  if (!partition) return refuse(partition.error().code);
  if (!allows(request_, Operation::read, (*partition)->name().topic)) {
    return refuse(Code::topic_authorization_failed);
  }
  found.partition = std::move(*partition);
  const Partition& log = *found.partition;
  Result<void> epoch = check_leader_epoch(log, want.current_leader_epoch);
  if (!epoch) return refuse(epoch.error().code);
  if (want.last_fetched_epoch >= 0) {
    EpochEnd end = log.log().end_of_epoch(LeaderEpoch{want.last_fetched_epoch});
    if (end.epoch == kNoLeaderEpoch) return refuse(Code::offset_out_of_range);
    if (end.epoch.value < want.last_fetched_epoch || end.end.value < want.fetch_offset) {
      found.diverging = end;
    }
  }
  // The watermark first: what is read after it can only be newer.
  found.high_watermark = log.high_watermark();
  found.last_stable = log.end(Isolation::last_stable);
  found.log_start = log.log_start();
  if (found.diverging) return found;
  auto size_max =
      static_cast<uint32_t>(std::clamp<int64_t>(want.bytes_max, 0, std::max<int64_t>(budget, 0)));
  Result<LogSlice> slice = log.read(Offset{want.fetch_offset}, size_max, isolation_, first);
  if (!slice) return refuse(slice.error().code);
  found.slice = std::move(*slice);
  return found;
}

Task<void> Fetch::wait_for_more() {
  auto ticket = std::make_shared<Ticket>(request_.loop);
  request_.set_ticket(ticket);
  for (Found& found : found_) {
    if (found.partition) found.partition->await_watermark(found.high_watermark + 1, ticket);
  }
  co_await ticket->wait(deadline_);
  request_.set_ticket(nullptr);
  for (Found& found : found_) {
    if (found.partition) found.partition->forget(ticket);
  }
}

Reply Fetch::reply() {
  std::vector<FetchTold> told;
  for (const Found& found : found_) {
    told.push_back({.high_watermark = found.high_watermark.value,
                    .log_start = found.log_start.value,
                    .has_records = !found.slice.empty(),
                    .must_be_told = found.error != Code::none || found.diverging});
  }
  std::vector<bool> tell;
  FetchResponse response;
  response.session_id =
      request_.broker.fetch_sessions().finish(context_, told, tell, request_.loop.now());
  for (size_t i = 0; i < found_.size(); i++) {
    if (!tell[i]) continue;
    const FetchName& name = context_.wants[i].name;
    Found& found = found_[i];
    if (response.responses.empty() || response.responses.back().topic != name.topic ||
        response.responses.back().topic_id != name.topic_id) {
      auto& topic = response.responses.emplace_back();
      topic.topic = name.topic;
      topic.topic_id = name.topic_id;
    }
    auto& data = response.responses.back().partitions.emplace_back();
    data.partition_index = name.partition;
    data.error_code = wire_code(found.error);
    data.high_watermark = found.high_watermark.value;
    data.last_stable_offset = found.last_stable.value;
    data.log_start_offset = found.log_start.value;
    if (found.diverging) {
      data.diverging_epoch.epoch = found.diverging->epoch.value;
      data.diverging_epoch.end_offset = found.diverging->end.value;
    }
    bool readable = found.error == Code::none && isolation_ == Isolation::last_stable;
    if (readable || !found.partition) {
      data.aborted_transactions.emplace();
    }
    data.records.bytes = Bytes{};  // empty, which every client understands; null is not
    if (!found.slice.empty()) {
      data.records.omitted_size = found.slice.size_bytes;
      request_.slices.push_back(std::move(found.slice));
    }
  }
  return reply_with(request_, response);
}

std::vector<FetchWant> wants_of(const FetchRequest& body) {
  std::vector<FetchWant> wants;
  for (const auto& topic : body.topics) {
    for (const auto& partition : topic.partitions) {
      FetchWant want;
      want.name = {topic.topic_id, std::string(topic.topic), partition.partition};
      want.fetch_offset = partition.fetch_offset;
      want.bytes_max = partition.partition_max_bytes;
      want.current_leader_epoch = partition.current_leader_epoch;
      want.last_fetched_epoch = partition.last_fetched_epoch;
      wants.push_back(std::move(want));
    }
  }
  return wants;
}

std::vector<FetchName> forgotten_of(const FetchRequest& body) {
  std::vector<FetchName> names;
  for (const auto& topic : body.forgotten_topics_data) {
    for (int32_t partition : topic.partitions) {
      names.push_back({topic.topic_id, std::string(topic.topic), partition});
    }
  }
  return names;
}

}  // namespace

Task<Reply> handle_fetch(Request& request) {
  Result<FetchRequest> body = decode<FetchRequest>(request.body(), request.version);
  if (!body) {
    Reply refused = refused_body(request, body.error());
    co_return std::move(refused);
  }
  Result<FetchContext> context =
      request.broker.fetch_sessions().begin(body->session_id, body->session_epoch, wants_of(*body),
                                            forgotten_of(*body), request.loop.now());
  if (!context) {
    FetchResponse refused;
    refused.error_code = wire_code(context.error().code);
    Reply reply = reply_with(request, refused);
    co_return std::move(reply);
  }
  Fetch fetch(request, *body, std::move(*context));
  co_await fetch.read_or_wait();
  Reply reply = fetch.reply();
  co_return std::move(reply);
}

}  // namespace eventd
