// SPDX-License-Identifier: Apache-2.0
#include "lib/cluster/image_builder.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "lib/base/text.h"
#include "lib/record/control.h"
#include "lib/record/record.h"
#include "lib/wire/messages/metadata_records.h"

namespace eventd {

namespace {

constexpr int32_t kLeaderUnchanged = -2;

template <class M>
Result<void> check_version(const MetadataRecordHead& head) {
  if (M::format.versions.contains(head.version)) return {};
  return fail(Code::unsupported, text("version ", head.version, " of metadata records of type ",
                                      head.type, " is not known; a newer Kafka has written this"));
}

template <class M>
Result<M> decode_known(Bytes message, int16_t version) {
  Result<void> known = check_version<M>({.type = M::type, .version = version});
  if (!known) return pass(known);
  return decode<M>(message, version);
}

// What identifies a record that is kept as it came.
std::string key_of(const AccessControlEntryRecord& record) { return to_string(record.id); }
std::string key_of(const UserScramCredentialRecord& record) {
  return text(static_cast<int>(record.mechanism), ":", record.name);
}
std::string key_of(const DelegationTokenRecord& record) { return std::string(record.token_id); }
std::string key_of(const RegisterControllerRecord& record) { return text(record.controller_id); }
std::string key_of(const ZkMigrationStateRecord&) { return ""; }
std::string key_of(const ClientQuotaRecord& record) {
  std::vector<std::string> parts;
  for (const auto& entity : record.entity) {
    parts.push_back(text(entity.entity_type, "=", entity.entity_name ? "v" : "n",
                         entity.entity_name.value_or("")));
  }
  std::ranges::sort(parts);
  std::string key(record.key);
  for (const std::string& part : parts) key += text('\0', part);
  return key;
}

}  // namespace

TopicsImage& ImageBuilder::topics() {
  if (!topics_) topics_ = std::make_shared<TopicsImage>(*image_.topics);
  return *topics_;
}

std::map<std::pair<ConfigResource, std::string>, ConfigMap>& ImageBuilder::configs() {
  using Configs = std::map<std::pair<ConfigResource, std::string>, ConfigMap>;
  if (!configs_) configs_ = std::make_shared<Configs>(*image_.configs);
  return *configs_;
}

std::map<RawKey, Buffer>& ImageBuilder::raw() {
  if (!raw_) raw_ = std::make_shared<std::map<RawKey, Buffer>>(*image_.raw);
  return *raw_;
}

std::shared_ptr<const Image> ImageBuilder::build() {
  if (topics_) image_.topics = std::exchange(topics_, nullptr);
  if (configs_) image_.configs = std::exchange(configs_, nullptr);
  if (raw_) image_.raw = std::exchange(raw_, nullptr);
  return std::make_shared<const Image>(image_);
}

void ImageBuilder::set_position(Offset offset, LeaderEpoch epoch, int64_t timestamp) {
  image_.last_offset = offset;
  image_.last_epoch = epoch;
  image_.last_timestamp = timestamp;
}

Result<void> ImageBuilder::apply_batch(const BatchHeader& header, Bytes batch) {
  constexpr int64_t kBaseMax = std::numeric_limits<int64_t>::max() - (int64_t{1} << 32);
  Offset base = header.base_offset;
  if (base < Offset{0} || base > Offset{kBaseMax} || header.last_offset_delta < 0) {
    return fail(Code::bad_data, text("no metadata batch can stand at ", base, " and have ",
                                     header.last_offset_delta, " for its last offset"));
  }
  if (header.codec() != Codec::none) {
    return fail(Code::unsupported,
                text("the metadata batch at ", header.base_offset, " is compressed"));
  }
  if (header.is_control()) {
    Result<void> applied = apply_control(header, batch);
    if (!applied) return pass(applied, text("the control batch at ", header.base_offset));
  } else {
    RecordReader records(records_of(batch), header.record_count);
    Record record;
    while (records.next(record)) {
      Offset offset = header.base_offset + record.offset_delta;
      Result<void> applied = apply(record.value.value_or(Bytes{}));
      if (!applied) return pass(applied, text("metadata record ", offset));
    }
    Result<void> finished = records.finished();
    if (!finished) return pass(finished, text("the metadata batch at ", header.base_offset));
  }
  set_position(header.last_offset(), header.leader_epoch, header.max_timestamp);
  return {};
}

Result<void> ImageBuilder::apply_control(const BatchHeader& header, Bytes batch) {
  RecordReader records(records_of(batch), header.record_count);
  Record record;
  while (records.next(record)) {
    Result<ControlType> type = control_type(record);
    if (!type) return pass(type);
    Result<void> applied = image_.quorum.apply(*type, record.value.value_or(Bytes{}));
    if (!applied) return applied;
  }
  return records.finished();
}

Result<void> ImageBuilder::apply(Bytes value) {
  Result<MetadataRecordHead> head = parse_metadata_record_head(value);
  if (!head) return pass(head);
  switch (head->type) {
    case BeginTransactionRecord::type:
      if (waiting_) return fail(Code::bad_data, "a transaction begins within another");
      waiting_.emplace();
      return check_version<BeginTransactionRecord>(*head);
    case AbortTransactionRecord::type:
      if (!waiting_) return fail(Code::bad_data, "a transaction is aborted that did not begin");
      waiting_.reset();
      return check_version<AbortTransactionRecord>(*head);
    case EndTransactionRecord::type: {
      if (!waiting_) return fail(Code::bad_data, "a transaction ends that did not begin");
      Result<void> known = check_version<EndTransactionRecord>(*head);
      if (!known) return known;
      std::vector<Buffer> all = std::move(*std::exchange(waiting_, std::nullopt));
      for (const Buffer& record : all) {
        Result<void> applied = apply_now(record);
        if (!applied) return applied;
      }
      return {};
    }
    default:
      break;
  }
  if (!waiting_) return apply_now(value);
  waiting_->emplace_back(value.begin(), value.end());
  return {};
}

template <class M>
Result<void> ImageBuilder::decode_and_apply(Bytes message, int16_t version) {
  Result<M> record = decode_known<M>(message, version);
  if (!record) return pass(record);
  if constexpr (std::is_void_v<decltype(replay(*record))>) {
    replay(*record);
    return {};
  } else {
    return replay(*record);
  }
}

template <class M>
Result<void> ImageBuilder::keep_raw(Bytes value, Bytes message, int16_t version) {
  Result<M> record = decode_known<M>(message, version);
  if (!record) return pass(record);
  RawKey key{M::type, key_of(*record)};
  if constexpr (requires { record->remove; }) {
    if (record->remove) {
      raw().erase(key);
      return {};
    }
  }
  raw()[key] = Buffer(value.begin(), value.end());
  return {};
}

Result<void> ImageBuilder::apply_now(Bytes value) {
  Result<MetadataRecordHead> head = parse_metadata_record_head(value);
  if (!head) return pass(head);
  Bytes message = value.subspan(head->size_bytes);
  int16_t version = head->version;
  auto forget = [&](int16_t type, std::string key) -> Result<void> {
    raw().erase({type, std::move(key)});
    return {};
  };
  switch (head->type) {
    case TopicRecord::type:
      return decode_and_apply<TopicRecord>(message, version);
    case PartitionRecord::type:
      return decode_and_apply<PartitionRecord>(message, version);
    case PartitionChangeRecord::type:
      return decode_and_apply<PartitionChangeRecord>(message, version);
    case RemoveTopicRecord::type:
      return decode_and_apply<RemoveTopicRecord>(message, version);
    case ConfigRecord::type:
      return decode_and_apply<ConfigRecord>(message, version);
    case RegisterBrokerRecord::type:
      return decode_and_apply<RegisterBrokerRecord>(message, version);
    case BrokerRegistrationChangeRecord::type:
      return decode_and_apply<BrokerRegistrationChangeRecord>(message, version);
    case UnregisterBrokerRecord::type:
      return decode_and_apply<UnregisterBrokerRecord>(message, version);
    case FenceBrokerRecord::type:
      return decode_and_apply<FenceBrokerRecord>(message, version);
    case UnfenceBrokerRecord::type:
      return decode_and_apply<UnfenceBrokerRecord>(message, version);
    case FeatureLevelRecord::type:
      return decode_and_apply<FeatureLevelRecord>(message, version);
    case ProducerIdsRecord::type:
      return decode_and_apply<ProducerIdsRecord>(message, version);
    case ClearElrRecord::type:
      return decode_and_apply<ClearElrRecord>(message, version);
    case NoOpRecord::type:
      return decode_and_apply<NoOpRecord>(message, version);
    case AccessControlEntryRecord::type:
      return keep_raw<AccessControlEntryRecord>(value, message, version);
    case UserScramCredentialRecord::type:
      return keep_raw<UserScramCredentialRecord>(value, message, version);
    case DelegationTokenRecord::type:
      return keep_raw<DelegationTokenRecord>(value, message, version);
    case RegisterControllerRecord::type:
      return keep_raw<RegisterControllerRecord>(value, message, version);
    case ZkMigrationStateRecord::type:
      return keep_raw<ZkMigrationStateRecord>(value, message, version);
    case ClientQuotaRecord::type:
      return keep_raw<ClientQuotaRecord>(value, message, version);
    case RemoveAccessControlEntryRecord::type: {
      auto record = decode_known<RemoveAccessControlEntryRecord>(message, version);
      if (!record) return pass(record);
      return forget(AccessControlEntryRecord::type, to_string(record->id));
    }
    case RemoveUserScramCredentialRecord::type: {
      auto record = decode_known<RemoveUserScramCredentialRecord>(message, version);
      if (!record) return pass(record);
      return forget(UserScramCredentialRecord::type,
                    text(static_cast<int>(record->mechanism), ":", record->name));
    }
    case RemoveDelegationTokenRecord::type: {
      auto record = decode_known<RemoveDelegationTokenRecord>(message, version);
      if (!record) return pass(record);
      return forget(DelegationTokenRecord::type, std::string(record->token_id));
    }
    default:
      return fail(Code::unsupported, text("metadata records of type ", head->type,
                                          " are not known; a newer Kafka has written this"));
  }
}

Result<void> ImageBuilder::replay(const TopicRecord& record) {
  if (topics().by_name.contains(record.name) || topics().by_id.contains(record.topic_id)) {
    return fail(Code::bad_data, text("topic ", printable(record.name), " with the id ",
                                     record.topic_id, " is made a second time"));
  }
  auto topic = std::make_shared<TopicImage>();
  topic->name = record.name;
  topic->id = record.topic_id;
  topics().by_name[topic->name] = topic;
  topics().by_id[topic->id] = topic;
  return {};
}

Result<void> ImageBuilder::change_topic(const Uuid& id, auto change) {
  auto found = topics().by_id.find(id);
  if (found == topics().by_id.end()) {
    return fail(Code::bad_data, text("there is no topic with the id ", id));
  }
  // Most topics are changed right after they were made, while nobody else holds them.
  std::shared_ptr<TopicImage> topic;
  TopicPointer& by_name = topics().by_name[found->second->name];
  if (found->second.use_count() == 2) {
    topic = std::const_pointer_cast<TopicImage>(found->second);
  } else {
    topic = std::make_shared<TopicImage>(*found->second);
  }
  Result<void> changed = change(*topic);
  if (!changed) return changed;
  by_name = topic;
  found->second = topic;
  return {};
}

Result<void> ImageBuilder::replay(const PartitionRecord& record) {
  return change_topic(record.topic_id, [&](TopicImage& topic) -> Result<void> {
    auto index = static_cast<size_t>(record.partition_id);
    if (record.partition_id < 0 || index > topic.partitions.size()) {
      return fail(Code::bad_data, text("partition ", record.partition_id, " of ", topic.name,
                                       " does not follow the others"));
    }
    if (index == topic.partitions.size()) topic.partitions.emplace_back();
    PartitionImage& partition = topic.partitions[index];
    partition.replicas = record.replicas;
    partition.isr = record.isr;
    partition.removing_replicas = record.removing_replicas;
    partition.adding_replicas = record.adding_replicas;
    partition.eligible_leader_replicas =
        record.eligible_leader_replicas.value_or(std::vector<int32_t>{});
    partition.last_known_elr = record.last_known_elr.value_or(std::vector<int32_t>{});
    partition.directories = record.directories;
    partition.directories.resize(partition.replicas.size(), kMigratingDirectory);
    partition.leader = record.leader;
    partition.leader_epoch = record.leader_epoch;
    partition.partition_epoch = record.partition_epoch;
    partition.leader_recovery_state = record.leader_recovery_state;
    return {};
  });
}

Result<void> ImageBuilder::replay(const PartitionChangeRecord& record) {
  return change_topic(record.topic_id, [&](TopicImage& topic) -> Result<void> {
    auto index = static_cast<size_t>(record.partition_id);
    if (record.partition_id < 0 || index >= topic.partitions.size()) {
      return fail(Code::bad_data, text(topic.name, " has no partition ", record.partition_id));
    }
    PartitionImage& partition = topic.partitions[index];
    if (partition.leader_epoch == INT32_MAX || partition.partition_epoch == INT32_MAX) {
      return fail(Code::bad_data,
                  text("the epochs of ", topic.name, "-", index, " are at their end"));
    }
    if (record.isr) partition.isr = *record.isr;
    if (record.replicas) partition.replicas = *record.replicas;
    if (record.removing_replicas) partition.removing_replicas = *record.removing_replicas;
    if (record.adding_replicas) partition.adding_replicas = *record.adding_replicas;
    if (record.directories) partition.directories = *record.directories;
    partition.directories.resize(partition.replicas.size(), kMigratingDirectory);
    if (record.eligible_leader_replicas) {
      partition.eligible_leader_replicas = *record.eligible_leader_replicas;
    }
    if (record.last_known_elr) partition.last_known_elr = *record.last_known_elr;
    if (record.leader_recovery_state >= 0) {
      partition.leader_recovery_state = record.leader_recovery_state;
    }
    if (record.leader != kLeaderUnchanged) {
      partition.leader = record.leader;
      partition.leader_epoch++;
    }
    partition.partition_epoch++;
    return {};
  });
}

Result<void> ImageBuilder::replay(const RemoveTopicRecord& record) {
  auto found = topics().by_id.find(record.topic_id);
  if (found == topics().by_id.end()) {
    return fail(Code::bad_data, text("there is no topic with the id ", record.topic_id));
  }
  std::string name = found->second->name;
  topics().by_name.erase(name);
  topics().by_id.erase(found);
  if (!image_.config(ConfigResource::topic, name).empty() || configs_) {
    configs().erase({ConfigResource::topic, name});
  }
  return {};
}

void ImageBuilder::replay(const ConfigRecord& record) {
  std::pair resource{static_cast<ConfigResource>(record.resource_type),
                     std::string(record.resource_name)};
  if (record.value) {
    configs()[resource][std::string(record.name)] = *record.value;
    return;
  }
  auto found = configs().find(resource);
  if (found == configs().end()) return;
  found->second.erase(std::string(record.name));
  if (found->second.empty()) configs().erase(found);
}

void ImageBuilder::replay(const RegisterBrokerRecord& record) {
  BrokerImage broker;
  broker.id = record.broker_id;
  broker.incarnation_id = record.incarnation_id;
  broker.epoch = record.broker_epoch;
  for (const auto& endpoint : record.end_points) {
    broker.endpoints.push_back({std::string(endpoint.name), std::string(endpoint.host),
                                endpoint.port, endpoint.security_protocol});
  }
  for (const auto& feature : record.features) {
    broker.features.push_back(
        {std::string(feature.name), feature.min_supported_version, feature.max_supported_version});
  }
  if (record.rack) broker.rack = std::string(*record.rack);
  broker.fenced = record.fenced;
  broker.in_controlled_shutdown = record.in_controlled_shutdown;
  broker.log_dirs = record.log_dirs;
  broker.cordoned_log_dirs = record.cordoned_log_dirs;
  image_.brokers[broker.id] = std::move(broker);
}

Result<void> ImageBuilder::replay(const BrokerRegistrationChangeRecord& record) {
  auto found = image_.brokers.find(record.broker_id);
  if (found == image_.brokers.end()) {
    return fail(Code::bad_data, text("broker ", record.broker_id, " is not registered"));
  }
  BrokerImage& broker = found->second;
  if (record.fenced != 0) broker.fenced = record.fenced > 0;
  if (record.in_controlled_shutdown != 0) broker.in_controlled_shutdown = true;
  if (!record.log_dirs.empty()) broker.log_dirs = record.log_dirs;
  if (record.cordoned_log_dirs) broker.cordoned_log_dirs = record.cordoned_log_dirs;
  return {};
}

void ImageBuilder::replay(const UnregisterBrokerRecord& record) {
  image_.brokers.erase(record.broker_id);
}

void ImageBuilder::replay(const FenceBrokerRecord& record) {
  auto found = image_.brokers.find(record.id);
  if (found != image_.brokers.end()) found->second.fenced = true;
}

void ImageBuilder::replay(const UnfenceBrokerRecord& record) {
  auto found = image_.brokers.find(record.id);
  if (found != image_.brokers.end()) found->second.fenced = false;
}

void ImageBuilder::replay(const FeatureLevelRecord& record) {
  if (record.feature_level == 0) {
    image_.features.erase(std::string(record.name));
  } else {
    image_.features[std::string(record.name)] = record.feature_level;
  }
}

Result<void> ImageBuilder::replay(const ProducerIdsRecord& record) {
  if (record.next_producer_id < 0) {
    return fail(Code::bad_data, text("the next producer id is ", record.next_producer_id));
  }
  image_.next_producer_id = record.next_producer_id;
  return {};
}

void ImageBuilder::replay(const ClearElrRecord& record) {
  std::vector<Uuid> cleared;
  for (const auto& [id, topic] : topics().by_id) {
    if (record.topic_name.empty() || record.topic_name == topic->name) cleared.push_back(id);
  }
  for (const Uuid& id : cleared) {
    // The topic is there, so this cannot fail.
    (void)change_topic(id, [](TopicImage& topic) -> Result<void> {
      for (PartitionImage& partition : topic.partitions) {
        partition.eligible_leader_replicas.clear();
        partition.last_known_elr.clear();
      }
      return {};
    });
  }
}

}  // namespace eventd
