// SPDX-License-Identifier: Apache-2.0
#include "lib/cluster/controller.h"

#include <algorithm>
#include <map>
#include <set>

#include "lib/base/text.h"
#include "lib/wire/messages/metadata_records.h"

namespace eventd {

namespace {

constexpr size_t kTopicNameMax = 249;
constexpr int8_t kRecovered = 0;
constexpr int8_t kRecovering = 1;
constexpr const char* kElrFeature = "eligible.leader.replicas.version";
constexpr const char* kMinInsync = "min.insync.replicas";

bool is_internal_log(std::string_view name) { return name == "__cluster_metadata"; }

bool has(const std::vector<int32_t>& list, int32_t value) {
  return std::ranges::find(list, value) != list.end();
}

}  // namespace

Result<void> check_topic_name(std::string_view name) {
  auto refuse = [](std::string why) { return fail(Code::invalid_topic_exception, std::move(why)); };
  if (name.empty()) return refuse("a topic name is not empty");
  if (name == "." || name == "..") return refuse(text("no topic is called '", name, "'"));
  if (name.size() > kTopicNameMax) {
    return refuse(
        text("a topic name has at most ", kTopicNameMax, " characters, not ", name.size()));
  }
  for (char c : name) {
    bool legal = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 c == '.' || c == '_' || c == '-';
    if (!legal) {
      return refuse(text("topic '", printable(name),
                         "': only letters, digits, '.', '_' and '-' stand in a name"));
    }
  }
  return {};
}

std::string collision_name(std::string_view name) {
  std::string same(name);
  std::ranges::replace(same, '.', '_');
  return same;
}

template <class M>
void Controller::add(const M& record, int16_t version) {
  Buffer value;
  Writer out(value);
  Result<void> encoded = encode_metadata_record(record, version, out);
  if (encoded) {
    records_.push_back(std::move(value));
  } else if (!error_) {
    error_ = std::move(encoded.error());
  }
}

ItemError Controller::check_name(const std::string& name) const {
  Result<void> legal = check_topic_name(name);
  if (!legal) return {legal.error().code, legal.error().message};
  if (is_internal_log(name)) {
    return {Code::invalid_request, text("topic '", name, "' is the cluster's own")};
  }
  if (image_.topic(name)) {
    return {Code::topic_already_exists, text("topic '", name, "' exists already")};
  }
  std::string same = collision_name(name);
  if (same == name && name.find('_') == std::string::npos) return {};
  for (const auto& [other, topic] : image_.topics->by_name) {
    if (collision_name(other) == same) {
      return {Code::invalid_topic_exception,
              text("topic '", name, "' collides with the existing topic '", other, "'")};
    }
  }
  return {};
}

std::vector<CreatedTopic> Controller::create_topics(const std::vector<NewTopic>& topics) {
  std::map<std::string, int> times;
  for (const NewTopic& topic : topics) times[topic.name]++;
  std::set<std::string> taken;
  std::vector<CreatedTopic> created;
  size_t records_before = records_.size();
  for (const NewTopic& topic : topics) {
    if (times[topic.name] > 1) {
      // Told once, whatever the number.
      if (!taken.insert("\n" + topic.name).second) continue;
      created.push_back(
          {topic.name, {Code::invalid_request, text("topic '", topic.name, "' is named twice")}});
      continue;
    }
    CreatedTopic& told = created.emplace_back();
    told.name = topic.name;
    told.error = check_name(topic.name);
    if (!told.error.failed() && taken.contains(collision_name(topic.name))) {
      told.error = {Code::invalid_topic_exception,
                    text("topic '", topic.name, "' collides with another of this request")};
    }
    if (told.error.failed()) continue;
    for (const auto& [key, value] : topic.configs) {
      if (!value) {
        told.error = {Code::invalid_config, text("config '", key, "' has no value")};
      } else {
        told.configs[key] = *value;
      }
    }
    if (told.error.failed()) continue;
    if (settings_.check_topic_configs) {
      Result<void> checked = settings_.check_topic_configs(told.configs);
      if (!checked) {
        told.error = {checked.error().code, checked.error().message};
        continue;
      }
    }
    std::vector<std::vector<int32_t>> replicas;
    told.error = place(topic, replicas);
    if (told.error.failed()) continue;
    taken.insert(collision_name(topic.name));
    told.id = settings_.new_id();
    told.partitions = static_cast<int32_t>(replicas.size());
    told.replication_factor = static_cast<int16_t>(replicas.front().size());
    TopicRecord record;
    record.name = told.name;
    record.topic_id = told.id;
    add(record, 0);
    for (const auto& [key, value] : told.configs) {
      ConfigRecord config;
      config.resource_type = static_cast<int8_t>(ConfigResource::topic);
      config.resource_name = told.name;
      config.name = key;
      config.value = value;
      add(config, 0);
    }
    for (size_t i = 0; i < replicas.size(); i++) {
      add_partition(told.id, static_cast<int32_t>(i), replicas[i]);
    }
  }
  if (records_.size() - records_before > static_cast<size_t>(settings_.records_per_request_max)) {
    // As Kafka: all or nothing.
    records_.resize(records_before);
    for (CreatedTopic& told : created) {
      told = {.name = told.name,
              .error = {Code::policy_violation, text("a request may make at most ",
                                                     settings_.records_per_request_max,
                                                     " topics and partitions")}};
    }
  }
  return created;
}

// Where the replicas of each partition are, as wanted or as we choose.
ItemError Controller::place(const NewTopic& topic,
                            std::vector<std::vector<int32_t>>& replicas) const {
  if (!topic.assignments.empty()) {
    if (topic.replication_factor != -1) {
      return {Code::invalid_request, "replicas are given by hand, so no replication factor may be"};
    }
    if (topic.partitions != -1) {
      return {Code::invalid_request, "replicas are given by hand, so no partition count may be"};
    }
    std::map<int32_t, std::vector<int32_t>> by_index;
    for (const auto& [index, brokers] : topic.assignments) {
      if (!by_index.emplace(index, brokers).second) {
        return {Code::invalid_replica_assignment, text("partition ", index, " is assigned twice")};
      }
      ItemError error = check_replicas(brokers);
      if (error.failed()) return error;
      if (brokers.size() != topic.assignments.front().second.size()) {
        return {Code::invalid_replica_assignment,
                "all partitions must have the same number of replicas"};
      }
    }
    int32_t expected = 0;
    for (auto& [index, brokers] : by_index) {
      if (index != expected++) {
        return {Code::invalid_replica_assignment, "partitions must be numbered from 0 on"};
      }
      replicas.push_back(std::move(brokers));
    }
    return {};
  }
  if (topic.replication_factor < -1 || topic.replication_factor == 0) {
    return {Code::invalid_replication_factor,
            "the replication factor must be larger than 0, or -1 for the default"};
  }
  if (topic.partitions < -1 || topic.partitions == 0) {
    return {Code::invalid_partitions,
            "the number of partitions must be larger than 0, or -1 for the default"};
  }
  int32_t partitions = topic.partitions == -1 ? settings_.default_partitions : topic.partitions;
  int32_t factor = topic.replication_factor == -1 ? settings_.default_replication_factor
                                                  : topic.replication_factor;
  if (partitions > settings_.partitions_per_request_max) {
    return {Code::policy_violation, text("at most ", settings_.partitions_per_request_max,
                                         " partitions can be made at once")};
  }
  auto brokers = static_cast<int32_t>(std::max<size_t>(1, image_.brokers.size()));
  if (factor > brokers) {
    return {Code::invalid_replication_factor, text("a replication factor of ", factor,
                                                   " needs as many brokers; there are ", brokers)};
  }
  replicas.assign(static_cast<size_t>(partitions), {settings_.node_id});
  return {};
}

ItemError Controller::check_replicas(const std::vector<int32_t>& replicas) const {
  if (replicas.empty()) {
    return {Code::invalid_replica_assignment, "a partition needs at least one replica"};
  }
  std::set<int32_t> seen;
  for (int32_t broker : replicas) {
    if (broker < 0 || !seen.insert(broker).second) {
      return {Code::invalid_replica_assignment,
              text("broker ", broker, " cannot be a replica, or is named twice")};
    }
    if (broker != settings_.node_id && !image_.brokers.contains(broker)) {
      return {Code::invalid_replica_assignment, text("broker ", broker, " is not registered")};
    }
  }
  return {};
}

void Controller::add_partition(const Uuid& topic, int32_t index,
                               const std::vector<int32_t>& replicas) {
  PartitionRecord record;
  record.partition_id = index;
  record.topic_id = topic;
  record.replicas = replicas;
  record.isr = replicas;
  record.leader = replicas.front();
  record.leader_epoch = 0;
  record.partition_epoch = 0;
  int16_t version = record_versions(image_).partition;
  if (version >= kFirstWithDirectories) {
    record.directories.assign(replicas.size(), settings_.directory_id);
  }
  add(record, version);
}

std::vector<DeletedTopic> Controller::delete_topics(const std::vector<TopicChoice>& topics) {
  std::map<std::string, int> by_name;
  std::map<Uuid, int> by_id;
  for (const TopicChoice& choice : topics) {
    TopicPointer topic = choice.name ? image_.topic(*choice.name) : image_.topic(choice.id);
    if (topic) by_id[topic->id]++;
    if (choice.name) by_name[*choice.name]++;
  }
  std::vector<DeletedTopic> deleted;
  std::set<std::string> told_names;
  std::set<Uuid> told_ids;
  // Of a topic that is there and named twice Kafka tells name and id; of others what was asked.
  auto told_before = [&](const TopicChoice& choice, const TopicPointer& topic) {
    if (topic) return !told_ids.insert(topic->id).second;
    return choice.name ? !told_names.insert(*choice.name).second
                       : !told_ids.insert(choice.id).second;
  };
  for (const TopicChoice& choice : topics) {
    DeletedTopic told{choice.name, choice.id, {}};
    TopicPointer topic = choice.name ? image_.topic(*choice.name) : image_.topic(choice.id);
    bool twice = (topic && by_id[topic->id] > 1) || (choice.name && by_name[*choice.name] > 1);
    if (choice.name && !choice.id.is_zero()) {
      told.error = {Code::invalid_request,
                    "a topic is named by its name or by its id, not by both"};
    } else if (!choice.name && choice.id.is_zero()) {
      told.error = {Code::invalid_request, "neither a name nor an id"};
    } else if (twice) {
      if (told_before(choice, topic)) continue;
      told.error = {Code::invalid_request, "the topic is named twice"};
      if (topic && by_name.contains(topic->name)) told.name = topic->name;
    } else if (!topic) {
      told.error = choice.name ? ItemError{Code::unknown_topic_or_partition, "no such topic"}
                               : ItemError{Code::unknown_topic_id, "no topic has this id"};
    } else if (!settings_.delete_topics) {
      told.error = {Code::topic_deletion_disabled, "delete.topic.enable is false"};
    } else {
      told.name = topic->name;
      told.id = topic->id;
      RemoveTopicRecord record;
      record.topic_id = topic->id;
      add(record, 0);
    }
    deleted.push_back(std::move(told));
  }
  return deleted;
}

ItemError Controller::check_more(const MorePartitions& more, const TopicImage& topic) const {
  auto now = static_cast<int32_t>(topic.partitions.size());
  if (more.total == now) {
    return {Code::invalid_partitions,
            text("topic '", topic.name, "' has ", now, " partitions already")};
  }
  if (more.total < now) {
    return {Code::invalid_partitions,
            text("topic '", topic.name, "' has ", now, " partitions, which cannot become fewer")};
  }
  int32_t added = more.total - now;
  if (added > settings_.partitions_per_request_max) {
    return {Code::invalid_partitions, text("at most ", settings_.partitions_per_request_max,
                                           " partitions can be made at once")};
  }
  if (!more.assignments) return {};
  if (more.assignments->size() != static_cast<size_t>(added)) {
    return {Code::invalid_replica_assignment,
            text(added, " partitions are new, but ", more.assignments->size(), " are assigned")};
  }
  for (const std::vector<int32_t>& replicas : *more.assignments) {
    ItemError error = check_replicas(replicas);
    if (error.failed()) return error;
    if (replicas.size() != topic.partitions.front().replicas.size()) {
      return {Code::invalid_replica_assignment,
              "all partitions must have the same number of replicas"};
    }
  }
  return {};
}

std::vector<MoreResult> Controller::create_partitions(const std::vector<MorePartitions>& topics) {
  std::map<std::string, int> times;
  for (const MorePartitions& more : topics) times[more.topic]++;
  std::vector<MoreResult> results;
  std::set<std::string> twice;
  for (const MorePartitions& more : topics) {
    TopicPointer topic = image_.topic(more.topic);
    ItemError error;
    if (times[more.topic] > 1) {
      if (!twice.insert(more.topic).second) continue;
      error = {Code::invalid_request, text("topic '", more.topic, "' is named twice")};
    } else if (!topic) {
      error = {Code::unknown_topic_or_partition, ""};  // Kafka says no more
    } else {
      error = check_more(more, *topic);
    }
    results.push_back({more.topic, error});
    if (error.failed()) continue;
    auto now = static_cast<int32_t>(topic->partitions.size());
    for (int32_t i = now; i < more.total; i++) {
      std::vector<int32_t> replicas = {settings_.node_id};
      if (more.assignments) replicas = (*more.assignments)[static_cast<size_t>(i - now)];
      add_partition(topic->id, i, replicas);
    }
  }
  return results;
}

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
  for (auto [name, level] : {std::pair<const char*, int16_t>{"metadata.version", kMetadataVersion},
                             {kElrFeature, 1}}) {
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
