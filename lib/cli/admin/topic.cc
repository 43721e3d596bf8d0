// SPDX-License-Identifier: Apache-2.0
// event-admin topic list, describe, offsets.
#include "lib/base/text.h"
#include "lib/cli/admin/run.h"

namespace eventd {

namespace {

constexpr int64_t kStart = -2;
constexpr int64_t kEnd = -1;

std::string cell_of(const AdminRun::Offsets& offsets, const TopicPartition& partition) {
  auto known = offsets.find(partition);
  return known == offsets.end() ? "null" : std::to_string(known->second);
}

}  // namespace

Task<int> list_topics(AdminRun& run) {
  Result<std::vector<TopicInfo>> topics = co_await run.find_topics();
  if (!topics) co_return complain(kAdmin, topics.error());
  if (!run.options().json) {
    std::string names;
    for (const TopicInfo& topic : *topics) names += text(topic.name, "\n");
    co_return run.print_text(names);
  }
  Table table({"topic", "partitions", "replication_factor", "internal"}, true);
  for (const TopicInfo& topic : *topics) {
    size_t factor = topic.partitions.empty() ? 0 : topic.partitions.front().replicas.size();
    table.add({json_text(topic.name), std::to_string(topic.partitions.size()),
               std::to_string(factor), topic.internal ? "true" : "false"});
  }
  co_return run.print(table);
}

Task<int> describe_topics(AdminRun& run) {
  Result<std::vector<TopicInfo>> topics = co_await run.find_topics();
  if (!topics) co_return complain(kAdmin, topics.error());
  const std::vector<TopicInfo>* all = &*topics;
  AdminRun::Offsets ends = co_await run.offsets_at(all, kEnd);
  AdminRun::Offsets starts;
  if (!ends.empty()) starts = co_await run.offsets_at(all, kStart);
  Table table({"topic", "partition", "leader", "epoch", "replicas", "isr", "start", "end"},
              run.options().json);
  for (const TopicInfo& told : *topics) {
    // Leaders that moved meanwhile are known by now.
    const TopicInfo* known = run.client().known(told.name);
    const TopicInfo& topic = known == nullptr ? told : *known;
    for (size_t i = 0; i < topic.partitions.size(); i++) {
      const PartitionInfo& partition = topic.partitions[i];
      TopicPartition name{topic.name, static_cast<int32_t>(i)};
      table.add({json_text(topic.name), std::to_string(i), std::to_string(partition.leader),
                 std::to_string(partition.leader_epoch), json_list(partition.replicas),
                 json_list(partition.isr), cell_of(starts, name), cell_of(ends, name)});
    }
  }
  co_return run.print(table);
}

Task<int> topic_offsets(AdminRun& run) {
  Result<std::vector<TopicInfo>> topics = co_await run.find_topics();
  if (!topics) co_return complain(kAdmin, topics.error());
  const std::vector<TopicInfo>* all = &*topics;
  AdminRun::Offsets offsets = co_await run.offsets_of_position(all);
  Table table({"topic", "partition", "offset"}, run.options().json);
  for (const auto& [partition, offset] : offsets) {
    table.add(
        {json_text(partition.topic), std::to_string(partition.partition), std::to_string(offset)});
  }
  co_return run.print(table);
}

}  // namespace eventd
