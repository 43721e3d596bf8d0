// SPDX-License-Identifier: Apache-2.0
#include "lib/cluster/controller.h"

#include <algorithm>

#include "lib/cluster/controller_records.h"

namespace eventd {

namespace {

constexpr int8_t kRecovered = 0;
constexpr int8_t kRecovering = 1;
constexpr const char* kElrFeature = "eligible.leader.replicas.version";
constexpr const char* kMinInsync = "min.insync.replicas";

bool has(const std::vector<int32_t>& list, int32_t value) {
  return std::ranges::find(list, value) != list.end();
}

}  // namespace

void Controller::set_configs(
    ConfigResource type, std::string_view name,
    const std::vector<std::pair<std::string, std::optional<std::string>>>& changes) {
  for (const auto& [key, value] : changes) {
    ConfigRecord record;
    record.resource_type = static_cast<int8_t>(type);
    record.resource_name = name;
    record.name = key;
    if (value) record.value = *value;
    add(record, 0);
  }
}

void Controller::bootstrap() {
  // Kafka finds the version of all that follows in the first record.
  for (auto [name, level] :
       {std::pair<const char*, int16_t>{"metadata.version", kMetadataVersion}, {kElrFeature, 1}}) {
    FeatureLevelRecord record;
    record.name = name;
    record.feature_level = level;
    add(record, 0);
  }
  set_configs(ConfigResource::broker, "", {{kMinInsync, "1"}});
}

// With eligible leader replicas Kafka keeps the minimum for all brokers in the metadata.
void Controller::bootstrap_configs() {
  if (image_.feature(kElrFeature) == 0) return;
  if (image_.config(ConfigResource::broker, "").contains(kMinInsync)) return;
  set_configs(ConfigResource::broker, "", {{kMinInsync, "1"}});
}

void Controller::register_broker(const Registration& registration, Offset offset) {
  RegisterBrokerRecord record;
  record.broker_id = registration.node_id;
  record.incarnation_id = registration.incarnation_id;
  record.broker_epoch = offset.value;
  for (const EndpointImage& endpoint : registration.endpoints) {
    auto& told = record.end_points.emplace_back();
    told.name = endpoint.name;
    told.host = endpoint.host;
    told.port = endpoint.port;
    told.security_protocol = endpoint.security_protocol;
  }
  for (const FeatureRange& feature : registration.features) {
    auto& told = record.features.emplace_back();
    told.name = feature.name;
    told.min_supported_version = feature.min;
    told.max_supported_version = feature.max;
  }
  if (registration.rack) record.rack = *registration.rack;
  record.fenced = true;
  int16_t version = record_versions(image_).register_broker;
  if (version >= kFirstBrokerWithDirectories) record.log_dirs = {registration.directory_id};
  add(record, version);
}

void Controller::unfence(int64_t broker_epoch) {
  BrokerRegistrationChangeRecord record;
  record.broker_id = settings_.node_id;
  record.broker_epoch = broker_epoch;
  record.fenced = -1;
  add(record, 0);
}

void Controller::fence_for_shutdown() {
  auto self = image_.brokers.find(settings_.node_id);
  if (self == image_.brokers.end()) return;
  BrokerRegistrationChangeRecord record;
  record.broker_id = settings_.node_id;
  record.broker_epoch = self->second.epoch;
  record.fenced = 1;
  record.in_controlled_shutdown = 1;
  add(record, 1);
}

void Controller::elect_leaders() {
  int32_t self = settings_.node_id;
  for (const auto& [name, topic] : image_.topics->by_name) {
    for (size_t i = 0; i < topic->partitions.size(); i++) {
      const PartitionImage& partition = topic->partitions[i];
      if (partition.leader == self || !has(partition.replicas, self)) continue;
      bool in_sync = has(partition.isr, self);
      bool eligible = has(partition.eligible_leader_replicas, self);
      bool last_known = has(partition.last_known_elr, self);
      bool leaderless = partition.leader == kNoLeader;
      // Another leader that is alive keeps its place.
      auto other = image_.brokers.find(partition.leader);
      bool other_lives = other != image_.brokers.end() && !other->second.fenced;
      if ((!leaderless && other_lives) || (!in_sync && !eligible && !last_known)) continue;
      PartitionChangeRecord change;
      change.partition_id = static_cast<int32_t>(i);
      change.topic_id = topic->id;
      change.leader = self;
      if (!in_sync) {
        change.isr = std::vector{self};
        if (!partition.eligible_leader_replicas.empty()) change.eligible_leader_replicas.emplace();
        if (!partition.last_known_elr.empty()) change.last_known_elr.emplace();
        // Nobody vouches that it has everything.
        if (!eligible) change.leader_recovery_state = kRecovering;
      }
      int16_t version = record_versions(image_).partition;
      if (change.eligible_leader_replicas || change.last_known_elr) version = kFirstWithElr;
      add(change, version);
    }
  }
}

void Controller::end_recovery() {
  for (const auto& [name, topic] : image_.topics->by_name) {
    for (size_t i = 0; i < topic->partitions.size(); i++) {
      const PartitionImage& partition = topic->partitions[i];
      if (partition.leader != settings_.node_id) continue;
      if (partition.leader_recovery_state != kRecovering) continue;
      PartitionChangeRecord change;
      change.partition_id = static_cast<int32_t>(i);
      change.topic_id = topic->id;
      change.leader_recovery_state = kRecovered;
      add(change, record_versions(image_).partition);
    }
  }
}

void Controller::raise_leader_epoch(const Uuid& topic, int32_t partition, LeaderEpoch epoch) {
  TopicPointer known = image_.topic(topic);
  if (!known || static_cast<size_t>(partition) >= known->partitions.size()) return;
  const PartitionImage& now = known->partitions[static_cast<size_t>(partition)];
  if (now.leader != settings_.node_id || now.leader_epoch != epoch.value) return;
  PartitionChangeRecord change;
  change.partition_id = partition;
  change.topic_id = topic;
  change.leader = settings_.node_id;
  add(change, record_versions(image_).partition);
}

void Controller::abort_transaction() {
  AbortTransactionRecord record;
  record.reason = "the controller stopped within it";
  add(record, 0);
}

int64_t Controller::allocate_producer_ids(int64_t broker_epoch) {
  int64_t first = image_.next_producer_id;
  if (first > INT64_MAX - kProducerIdBlock) {
    error_ = Error{Code::unknown_server_error, "producer ids are at their end", 0};
    return first;
  }
  ProducerIdsRecord record;
  record.broker_id = settings_.node_id;
  record.broker_epoch = broker_epoch;
  record.next_producer_id = first + kProducerIdBlock;
  add(record, 0);
  return first;
}

}  // namespace eventd
