// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/produce/topics.h"

#include <algorithm>
#include <utility>

#include "lib/base/text.h"
#include "lib/wire/messages/configs.h"

namespace eventd {

namespace {
// How long a topic that was made a moment ago may be unknown to the broker that we ask.
constexpr auto kPatience = std::chrono::seconds(1);
constexpr int8_t kTopicResource = 2;
constexpr std::string_view kMaxMessageBytes = "max.message.bytes";
}  // namespace

ProduceTopic* ProduceTopics::known(std::string_view name) {
  if (last_ != nullptr && last_->name == name) return last_;
  auto found = topics_.find(name);
  if (found == topics_.end()) return nullptr;
  last_ = &found->second;
  return last_;
}

Task<Result<ProduceTopic*>> ProduceTopics::find(std::string name) {
  if (ProduceTopic* there = known(name)) co_return there;
  if (auto gone = missing_.find(name); gone != missing_.end()) {
    co_return std::unexpected(gone->second);
  }
  Instant give_up = client_.loop().now() + kPatience;
  while (true) {
    // Both are asked at once: a run of one record is made of such waits.
    BatchMax max;
    spawn(ask_batch_max(name, max));
    std::vector<std::string> names{name};
    Result<std::vector<TopicInfo>> found = co_await client_.topics(std::move(names));
    while (!max.bytes) co_await max.is_there.wait();
    if (!found) co_return pass(found);
    Code code = found->empty() ? Code::unknown_topic_or_partition : found->front().error;
    if (code == Code::none && found->front().partitions.empty()) code = Code::leader_not_available;
    if (code == Code::none) {
      ProduceTopic topic{name, static_cast<int32_t>(found->front().partitions.size())};
      topic.batch_max = *max.bytes;
      topic.lanes = &producer_.topic(name, topic.count, topic.batch_max);
      co_return &(topics_[name] = std::move(topic));
    }
    bool passes = code == Code::unknown_topic_or_partition || code == Code::leader_not_available;
    if (!passes || client_.loop().now() >= give_up) {
      Error error{code, text("topic ", printable(name), ": ", name_of(code)), 0};
      missing_[name] = error;
      co_return std::unexpected(std::move(error));
    }
    Instant next = client_.loop().now() + client_.config().retry_backoff.first;
    co_await sleep_until(client_.loop(), next);
  }
}

Task<void> ProduceTopics::ask_batch_max(std::string topic, BatchMax& into) {
  into.bytes = co_await batch_max_of(std::move(topic));
  into.is_there.notify();
}

// A broker that does not tell will refuse what is too large.
Task<size_t> ProduceTopics::batch_max_of(std::string topic) {
  if (compresses_) co_return kProducedRecordMax;
  Result<std::shared_ptr<ClientConnection>> connection = co_await client_.any();
  if (!connection) co_return kProducedRecordMax;
  DescribeConfigsRequest request;
  auto& resource = request.resources.emplace_back();
  resource.resource_type = kTopicResource;
  resource.resource_name = topic;
  resource.configuration_keys.emplace().push_back(kMaxMessageBytes);
  Instant deadline = client_.request_deadline();
  auto answer = co_await (*connection)->ask(request, deadline);
  if (!answer || answer->message.results.empty()) co_return kProducedRecordMax;
  for (const auto& config : answer->message.results[0].configs) {
    auto bytes = parse_number<size_t>(config.value.value_or(""));
    if (config.name == kMaxMessageBytes && bytes) co_return std::min(*bytes, kProducedRecordMax);
  }
  co_return kProducedRecordMax;
}

}  // namespace eventd
