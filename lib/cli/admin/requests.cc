// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/admin/requests.h"

#include <algorithm>
#include <span>

#include "lib/base/text.h"
#include "lib/wire/messages/topics.h"

namespace eventd {

namespace {

// Brokers refuse a request that makes more than 10,000 records of metadata.
constexpr size_t kTopicsAtOnce = 200;
constexpr size_t kPartitionsAtOnce = 5000;

using Errors = std::map<std::string, ItemError, std::less<>>;

ItemError error_of(int16_t code, std::optional<std::string_view> message) {
  if (code == 0) return {};
  return {Code{code}, std::string(message.value_or(""))};
}

// In the order of the items.
template <class Item, class Name>
std::vector<ItemError> in_order(const std::vector<Item>& items, Name name, const Errors& told) {
  std::vector<ItemError> errors;
  for (const Item& item : items) {
    auto error = told.find(name(item));
    bool known = error != told.end();
    errors.push_back(
        known ? error->second
              : ItemError{Code::unknown_server_error, "the broker did not say what became of it"});
  }
  return errors;
}

// After an answer was lost the same request says of what the first one did that it is so already.
void forgive(ItemError& error, bool asked_twice, Code already) {
  if (asked_twice && error.code == already) error = {};
}

// As many of the items as go into one request, from `at` on.
template <class Item>
std::span<const Item> chunk(const std::vector<Item>& items, size_t at, auto partitions_of) {
  size_t size = 0;
  size_t partitions = 0;
  while (at + size < items.size() && size < kTopicsAtOnce) {
    partitions += partitions_of(items[at + size]);
    if (size > 0 && partitions > kPartitionsAtOnce) break;
    size++;
  }
  return std::span<const Item>(items).subspan(at, size);
}

}  // namespace

Task<Result<std::vector<ItemError>>> request_creations(AdminRun& run,
                                                       const std::vector<TopicCreation>* items,
                                                       bool validate_only) {
  Errors told;
  auto partitions_of = [](const TopicCreation& item) {
    return static_cast<size_t>(std::max(1, item.partitions));
  };
  for (size_t at = 0; at < items->size();) {
    std::span<const TopicCreation> some = chunk(*items, at, partitions_of);
    at += some.size();
    CreateTopicsRequest request;
    request.timeout_ms = run.timeout_ms();
    request.validate_only = validate_only;
    for (const TopicCreation& item : some) {
      auto& topic = request.topics.emplace_back();
      topic.name = item.topic;
      topic.num_partitions = item.partitions;
      topic.replication_factor = item.replication_factor;
      for (const ConfigAssignment& wanted : item.configs) {
        auto& config = topic.configs.emplace_back();
        config.name = wanted.key;
        config.value = *wanted.value;
      }
    }
    const CreateTopicsRequest* asked = &request;
    auto response = co_await run.admin().ask_controller(asked);
    if (!response) co_return pass(response);
    for (const auto& topic : response->answer.message.topics) {
      ItemError error = error_of(topic.error_code, topic.error_message);
      forgive(error, response->asked_twice, Code::topic_already_exists);
      told[std::string(topic.name)] = std::move(error);
    }
  }
  auto name = [](const TopicCreation& item) { return std::string_view(item.topic); };
  co_return in_order(*items, name, told);
}

Task<Result<std::vector<ItemError>>> request_deletions(AdminRun& run,
                                                       const std::vector<std::string>* topics) {
  // Newer versions take structures, older ones names.
  constexpr int16_t kFirstWithStructures = 6;
  Errors told;
  for (size_t at = 0; at < topics->size(); at += kTopicsAtOnce) {
    Result<std::shared_ptr<ClientConnection>> connection =
        co_await run.client().controller_or_any();
    if (!connection) co_return pass(connection);
    int16_t version = (*connection)->version_of(DeleteTopicsRequest::api).value_or(0);
    DeleteTopicsRequest request;
    request.timeout_ms = run.timeout_ms();
    for (size_t i = at; i < std::min(topics->size(), at + kTopicsAtOnce); i++) {
      if (version >= kFirstWithStructures) {
        request.topics.emplace_back().name = (*topics)[i];
      } else {
        request.topic_names.push_back((*topics)[i]);
      }
    }
    const DeleteTopicsRequest* asked = &request;
    auto response = co_await run.admin().ask_controller(asked);
    if (!response) co_return pass(response);
    for (const auto& topic : response->answer.message.responses) {
      ItemError error = error_of(topic.error_code, topic.error_message);
      forgive(error, response->asked_twice, Code::unknown_topic_or_partition);
      told[std::string(topic.name.value_or(""))] = std::move(error);
    }
  }
  auto name = [](const std::string& topic) { return std::string_view(topic); };
  co_return in_order(*topics, name, told);
}

Task<Result<std::vector<ItemError>>> request_totals(AdminRun& run,
                                                    const std::vector<PartitionTotal>* items,
                                                    bool validate_only) {
  Errors told;
  auto partitions_of = [](const PartitionTotal& item) { return static_cast<size_t>(item.total); };
  for (size_t at = 0; at < items->size();) {
    std::span<const PartitionTotal> some = chunk(*items, at, partitions_of);
    at += some.size();
    CreatePartitionsRequest request;
    request.timeout_ms = run.timeout_ms();
    request.validate_only = validate_only;
    for (const PartitionTotal& item : some) {
      auto& topic = request.topics.emplace_back();
      topic.name = item.topic;
      topic.count = item.total;
    }
    const CreatePartitionsRequest* asked = &request;
    auto response = co_await run.admin().ask_controller(asked);
    if (!response) co_return pass(response);
    for (const auto& topic : response->answer.message.results) {
      told[std::string(topic.name)] = error_of(topic.error_code, topic.error_message);
    }
  }
  auto name = [](const PartitionTotal& item) { return std::string_view(item.topic); };
  co_return in_order(*items, name, told);
}

namespace {

// What the leader of some partitions has done; those that it does not lead any more, or not yet,
// have such an error.
Task<Result<void>> trim_at(AdminRun& run, int32_t leader, const AdminRun::Offsets* until,
                           std::map<TopicPartition, Trimmed>* trimmed) {
  DeleteRecordsRequest request;
  request.timeout_ms = run.timeout_ms();
  for (const auto& [partition, offset] : *until) {
    bool is_next = request.topics.empty() || request.topics.back().name != partition.topic;
    if (is_next) request.topics.emplace_back().name = partition.topic;
    request.topics.back().partitions.push_back({partition.partition, offset});
  }
  const DeleteRecordsRequest* asked = &request;
  std::optional<int32_t> broker = leader;
  auto answer = co_await run.admin().ask(asked, broker);
  if (!answer) {
    for (const auto& [partition, offset] : *until) {
      (*trimmed)[partition].error = {answer.error().code, answer.error().message};
    }
    co_return pass(answer);
  }
  for (const auto& topic : answer->message.topics) {
    for (const auto& told : topic.partitions) {
      Trimmed& one = (*trimmed)[{std::string(topic.name), told.partition_index}];
      one.error = {Code{told.error_code}, ""};
      one.start = told.low_watermark;
    }
  }
  co_return Result<void>{};
}

}  // namespace

Task<std::map<TopicPartition, Trimmed>> request_trims(AdminRun& run,
                                                      const AdminRun::Offsets* until) {
  std::map<TopicPartition, Trimmed> trimmed;
  std::map<TopicPartition, Trimmed>* told = &trimmed;
  AdminRun::Offsets left = *until;
  Instant give_up = run.loop().now() + kLeaderPatience;
  while (!left.empty()) {
    std::map<int32_t, AdminRun::Offsets> by_leader;
    for (const auto& [partition, offset] : left) {
      const TopicInfo* topic = run.client().known(partition.topic);
      auto index = static_cast<size_t>(partition.partition);
      bool is_known = topic != nullptr && index < topic->partitions.size();
      by_leader[is_known ? topic->partitions[index].leader : -1].emplace(partition, offset);
    }
    for (const auto& [leader, asked] : by_leader) {
      const AdminRun::Offsets* of_leader = &asked;
      Result<void> done = co_await trim_at(run, leader, of_leader, told);
      (void)done;  // stands at its partitions
    }
    std::vector<std::string> names;
    for (const auto& [partition, offset] : *until) {
      if (remedy_for(trimmed[partition].error.code) != Remedy::refresh_and_retry) {
        left.erase(partition);
      } else if (names.empty() || names.back() != partition.topic) {
        names.push_back(partition.topic);
      }
    }
    if (left.empty() || run.loop().now() >= give_up) break;
    Instant next = run.loop().now() + run.client().config().retry_backoff.first;
    co_await sleep_until(run.loop(), next);
    Result<std::vector<TopicInfo>> again = co_await run.client().topics(std::move(names));
    if (!again) break;
  }
  co_return std::move(trimmed);
}

}  // namespace eventd
