// SPDX-License-Identifier: Apache-2.0
// The controller's decisions about topics: their names, where their replicas are, their end.
#include <algorithm>
#include <map>
#include <set>

#include "lib/base/text.h"
#include "lib/cluster/controller_records.h"

namespace eventd {

namespace {

constexpr size_t kTopicNameMax = 249;

bool is_internal_log(std::string_view name) { return name == "__cluster_metadata"; }

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

// What Kafka keeps of the configs of a new topic: no nulls, and only what makes sense.
ItemError Controller::take_configs(const NewTopic& topic, ConfigMap& configs) const {
  for (const auto& [key, value] : topic.configs) {
    if (!value) return {Code::invalid_config, text("config '", key, "' has no value")};
    configs[key] = *value;
  }
  if (!settings_.check_topic_configs) return {};
  Result<void> checked = settings_.check_topic_configs(configs);
  if (!checked) return {checked.error().code, checked.error().message};
  return {};
}

void Controller::create_topic(const NewTopic& topic, std::set<std::string>& taken,
                              CreatedTopic& told) {
  told.name = topic.name;
  told.error = check_name(topic.name);
  if (told.error.failed()) return;
  if (taken.contains(collision_name(topic.name))) {
    told.error = {Code::invalid_topic_exception,
                  text("topic '", topic.name, "' collides with another of this request")};
    return;
  }
  told.error = take_configs(topic, told.configs);
  if (told.error.failed()) return;
  std::vector<std::vector<int32_t>> replicas;
  told.error = place(topic, replicas);
  if (told.error.failed()) return;
  taken.insert(collision_name(topic.name));
  told.id = settings_.new_id();
  told.partitions = static_cast<int32_t>(replicas.size());
  told.replication_factor = static_cast<int16_t>(replicas.front().size());
  TopicRecord record;
  record.name = told.name;
  record.topic_id = told.id;
  add(record, 0);
  set_configs(ConfigResource::topic, told.name, {told.configs.begin(), told.configs.end()});
  for (size_t i = 0; i < replicas.size(); i++) {
    add_partition(told.id, static_cast<int32_t>(i), replicas[i]);
  }
}

std::vector<CreatedTopic> Controller::create_topics(const std::vector<NewTopic>& topics) {
  std::map<std::string, int> times;
  for (const NewTopic& topic : topics) times[topic.name]++;
  std::set<std::string> taken;
  std::set<std::string> twice;
  std::vector<CreatedTopic> created;
  size_t records_before = records_.size();
  for (const NewTopic& topic : topics) {
    if (times[topic.name] == 1) {
      create_topic(topic, taken, created.emplace_back());
    } else if (twice.insert(topic.name).second) {  // told once, whatever the number
      created.push_back(
          {topic.name, {Code::invalid_request, text("topic '", topic.name, "' is named twice")}});
    }
  }
  if (records_.size() - records_before > static_cast<size_t>(settings_.records_per_request_max)) {
    // As Kafka: all or nothing.
    records_.resize(records_before);
    for (CreatedTopic& told : created) {
      told = {.name = told.name,
              .error = {Code::policy_violation,
                        text("a request may make at most ", settings_.records_per_request_max,
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

}  // namespace eventd
