// SPDX-License-Identifier: Apache-2.0
// Fetch: slices of the log below the watermark, for as many partitions as the limits allow; waits
// for more where there is too little.
#include "lib/wire/messages/fetch.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "lib/broker/broker.h"
#include "lib/broker/fetch_sessions.h"
#include "lib/broker/handlers/fetch_reader.h"
#include "lib/broker/handlers/handlers.h"
#include "lib/broker/handlers/lookup.h"
#include "lib/broker/handlers/reply.h"

namespace eventd {

namespace {

constexpr auto kWaitMax = std::chrono::seconds(60);

class Fetch {
 public:
  Fetch(Request& request, const FetchRequest& body, FetchContext context)
      : request_(request),
        context_(std::move(context)),
        rules_(rules_of(request, body)),
        reader_(request, context_.wants, rules_) {}

  Task<void> read_or_wait() { return reader_.read_or_wait(); }
  Reply reply();

 private:
  static FetchRules rules_of(const Request& request, const FetchRequest& body) {
    auto asked = std::chrono::milliseconds(std::max(0, body.max_wait_ms));
    int32_t bytes_max =
        std::max(0, std::min(body.max_bytes, request.broker.config().fetch_max_bytes));
    return {
        .isolation =
            body.isolation_level == 1 ? Isolation::last_stable : Isolation::high_watermark,
        .bytes_max = bytes_max,
        .bytes_min = std::min(body.min_bytes, bytes_max),
        .deadline = request.arrived + std::min<Duration>(asked, kWaitMax),
    };
  }

  Request& request_;
  FetchContext context_;
  const FetchRules rules_;
  FetchReader reader_;
};

Reply Fetch::reply() {
  std::vector<FetchFound>& all = reader_.found();
  std::vector<FetchTold> told;
  for (const FetchFound& found : all) {
    told.push_back({.high_watermark = found.high_watermark.value,
                    .log_start = found.log_start.value,
                    .has_records = !found.slice.empty(),
                    .must_be_told = found.error != Code::none || found.diverging});
  }
  std::vector<bool> tell;
  FetchResponse response;
  response.session_id =
      request_.broker.fetch_sessions().finish(context_, told, tell, request_.loop.now());
  for (size_t i = 0; i < all.size(); i++) {
    if (!tell[i]) continue;
    const FetchName& name = context_.wants[i].name;
    FetchFound& found = all[i];
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
    bool readable = found.error == Code::none && rules_.isolation == Isolation::last_stable;
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
      // Here Kafka takes any negative number for none.
      want.current_leader_epoch = std::max(partition.current_leader_epoch, kNoLeaderEpoch.value);
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
  Result<FetchRequest> body = read_body<FetchRequest>(request);
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
