// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/handlers/lookup.h"

#include "lib/base/logger.h"
#include "lib/base/text.h"

namespace eventd {

TopicName topic_name(const Request& request, std::string_view name, const Uuid& id) {
  constexpr int16_t kFirstWithIds = 13;
  if (request.version < kFirstWithIds) return {name, std::nullopt};
  return {name, id};
}

Result<std::shared_ptr<Partition>> find_partition(const Request& request, const TopicName& topic,
                                                  int32_t partition) {
  bool by_id = topic.id && topic.name.empty();
  std::shared_ptr<const TopicImage> image =
      by_id ? request.view.image->topic(*topic.id) : request.view.image->topic(topic.name);
  if (!image) {
    return fail(by_id ? Code::unknown_topic_id : Code::unknown_topic_or_partition, "no such topic");
  }
  if (partition < 0 || static_cast<size_t>(partition) >= image->partitions.size()) {
    return fail(Code::unknown_topic_or_partition, "no such partition");
  }
  std::shared_ptr<Partition> found = request.view.partitions->find(image->id, partition);
  if (!found || found->retired()) {
    return fail(Code::not_leader_or_follower, "this broker does not lead the partition");
  }
  Result<void> opened = found->open();
  if (!opened) {
    log_error("open ", found->name(), ": ", opened.error().message);
    return fail(Code::kafka_storage_error, "the partition's log cannot be opened");
  }
  if (found->failed()) return fail(Code::kafka_storage_error, "the partition's disk has failed");
  return found;
}

bool is_internal(std::string_view topic) {
  return topic == "__consumer_offsets" || topic == "__transaction_state" ||
         topic == "__share_group_state";
}

Result<void> check_leader_epoch(const Partition& partition, int32_t current_leader_epoch) {
  if (current_leader_epoch == kNoLeaderEpoch.value) return {};
  LeaderEpoch claimed{current_leader_epoch};
  if (claimed < partition.leader_epoch()) {
    return fail(Code::fenced_leader_epoch, "the client's leader epoch is older");
  }
  if (claimed > partition.leader_epoch()) {
    return fail(Code::unknown_leader_epoch, "the client's leader epoch is newer");
  }
  return {};
}

}  // namespace eventd
