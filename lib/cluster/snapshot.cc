// SPDX-License-Identifier: Apache-2.0
#include "lib/cluster/snapshot.h"

#include <algorithm>

#include "lib/base/ensure.h"
#include "lib/base/text.h"
#include "lib/cluster/image_builder.h"
#include "lib/cluster/record_versions.h"
#include "lib/record/builder.h"
#include "lib/record/control.h"
#include "lib/wire/messages/control_records.h"
#include "lib/wire/messages/metadata_records.h"

namespace eventd {

namespace {

constexpr int kOffsetDigits = 20;
constexpr int kEpochDigits = 10;
constexpr std::string_view kSuffix = ".checkpoint";
constexpr size_t kBatchSize = 1 << 20;

class RecordList {
 public:
  template <class M>
  void add(const M& record, int16_t version = 0) {
    Buffer value;
    Writer out(value);
    Result<void> encoded = encode_metadata_record(record, version, out);
    ENSURE(encoded.has_value());
    values.push_back(std::move(value));
  }
  std::vector<Buffer> values;
};

void add_features(const Image& image, RecordList& out) {
  auto add = [&](const std::string& name, int16_t level) {
    FeatureLevelRecord record;
    record.name = name;
    record.feature_level = level;
    out.add(record);
  };
  if (int16_t level = image.feature("metadata.version")) add("metadata.version", level);
  for (const auto& [name, level] : image.features) {
    if (name != "metadata.version") add(name, level);
  }
}

void add_broker(const BrokerImage& broker, int16_t version, RecordList& out) {
  RegisterBrokerRecord record;
  record.broker_id = broker.id;
  record.incarnation_id = broker.incarnation_id;
  record.broker_epoch = broker.epoch;
  for (const EndpointImage& endpoint : broker.endpoints) {
    auto& told = record.end_points.emplace_back();
    told.name = endpoint.name;
    told.host = endpoint.host;
    told.port = endpoint.port;
    told.security_protocol = endpoint.security_protocol;
  }
  for (const FeatureRange& feature : broker.features) {
    auto& told = record.features.emplace_back();
    told.name = feature.name;
    told.min_supported_version = feature.min;
    told.max_supported_version = feature.max;
  }
  if (broker.rack) record.rack = *broker.rack;
  record.fenced = broker.fenced;
  record.in_controlled_shutdown = broker.in_controlled_shutdown;
  record.log_dirs = broker.log_dirs;
  record.cordoned_log_dirs = broker.cordoned_log_dirs;
  // What is known must not be lost, whatever the level says.
  if (broker.in_controlled_shutdown) version = std::max(version, kFirstBrokerWithShutdown);
  if (!broker.log_dirs.empty()) version = std::max(version, kFirstBrokerWithDirectories);
  if (broker.cordoned_log_dirs) version = std::max(version, kFirstBrokerWithCordoned);
  out.add(record, version);
}

bool knows_directories(const PartitionImage& partition) {
  return std::ranges::any_of(partition.directories,
                             [](const Uuid& id) { return id != kMigratingDirectory; });
}

void add_topic(const TopicImage& topic, int16_t level_version, RecordList& out) {
  TopicRecord record;
  record.name = topic.name;
  record.topic_id = topic.id;
  out.add(record);
  for (size_t i = 0; i < topic.partitions.size(); i++) {
    const PartitionImage& partition = topic.partitions[i];
    PartitionRecord told;
    told.partition_id = static_cast<int32_t>(i);
    told.topic_id = topic.id;
    told.replicas = partition.replicas;
    told.isr = partition.isr;
    told.removing_replicas = partition.removing_replicas;
    told.adding_replicas = partition.adding_replicas;
    if (!partition.eligible_leader_replicas.empty()) {
      told.eligible_leader_replicas = partition.eligible_leader_replicas;
    }
    if (!partition.last_known_elr.empty()) told.last_known_elr = partition.last_known_elr;
    told.leader = partition.leader;
    told.leader_epoch = partition.leader_epoch;
    told.partition_epoch = partition.partition_epoch;
    told.leader_recovery_state = partition.leader_recovery_state;
    int16_t version = level_version;
    if (knows_directories(partition)) version = std::max(version, kFirstWithDirectories);
    if (told.eligible_leader_replicas || told.last_known_elr) version = kFirstWithElr;
    if (version >= kFirstWithDirectories) told.directories = partition.directories;
    out.add(told, version);
  }
}

void add_configs(const Image& image, RecordList& out) {
  for (const auto& [resource, values] : *image.configs) {
    for (const auto& [name, value] : values) {
      ConfigRecord record;
      record.resource_type = static_cast<int8_t>(resource.first);
      record.resource_name = resource.second;
      record.name = name;
      record.value = value;
      out.add(record);
    }
  }
}

void add_raw(const Image& image, int16_t type, RecordList& out) {
  for (const auto& [key, value] : *image.raw) {
    if (key.first == type) out.values.push_back(value);
  }
}

template <class M>
void add_control(BatchBuilder& batch, int64_t now_ms, ControlType type, const M& message) {
  Buffer value;
  Writer out(value);
  Result<void> encoded = encode(message, 0, out);
  ENSURE(encoded.has_value());
  append_control(batch, now_ms, type, value);
}

}  // namespace

std::string file_name_of(const SnapshotId& id) {
  return text(padded(id.end.value, kOffsetDigits), "-", padded(id.epoch.value, kEpochDigits),
              kSuffix);
}

std::optional<SnapshotId> parse_snapshot_name(std::string_view name) {
  if (name.size() != kOffsetDigits + 1 + kEpochDigits + kSuffix.size()) return std::nullopt;
  if (!name.ends_with(kSuffix) || name[kOffsetDigits] != '-') return std::nullopt;
  auto end = parse_number<int64_t>(name.substr(0, kOffsetDigits));
  auto epoch = parse_number<int32_t>(name.substr(kOffsetDigits + 1, kEpochDigits));
  if (!end || !epoch || *end < 0 || *epoch < 0) return std::nullopt;
  return SnapshotId{Offset{*end}, LeaderEpoch{*epoch}};
}

std::vector<Buffer> records_of(const Image& image) {
  RecordList out;
  add_features(image, out);
  RecordVersions versions = record_versions(image);
  for (const auto& [id, broker] : image.brokers) add_broker(broker, versions.register_broker, out);
  add_raw(image, RegisterControllerRecord::type, out);
  for (const auto& [name, topic] : image.topics->by_name) {
    add_topic(*topic, versions.partition, out);
  }
  add_configs(image, out);
  add_raw(image, ClientQuotaRecord::type, out);
  if (image.next_producer_id > 0) {
    ProducerIdsRecord ids;
    ids.broker_id = -1;
    ids.broker_epoch = -1;
    ids.next_producer_id = image.next_producer_id;
    out.add(ids);
  }
  for (int16_t type : {AccessControlEntryRecord::type, UserScramCredentialRecord::type,
                       DelegationTokenRecord::type, ZkMigrationStateRecord::type}) {
    add_raw(image, type, out);
  }
  return std::move(out.values);
}

Buffer encode_snapshot(const Image& image, const SnapshotId& id, int64_t now_ms) {
  Buffer file;
  Offset next{0};
  BatchBuilder batch;
  auto finish = [&](bool control) {
    if (batch.empty()) return;
    auto count = batch.record_count();
    Result<Buffer> done =
        batch.finish({.base_offset = next, .leader_epoch = id.epoch, .control = control});
    ENSURE(done.has_value());
    append(file, *done);
    next = next + count;
  };
  SnapshotHeaderRecord header;
  header.last_contained_log_timestamp = image.last_timestamp;
  add_control(batch, now_ms, ControlType::snapshot_header, header);
  add_quorum_records(batch, image.quorum, now_ms);
  finish(true);
  for (const Buffer& value : records_of(image)) {
    batch.append(now_ms, std::nullopt, Bytes(value));
    if (batch.size_bytes() > kBatchSize) finish(false);
  }
  finish(false);
  add_control(batch, now_ms, ControlType::snapshot_footer, SnapshotFooterRecord{});
  finish(true);
  return file;
}

namespace {

// What the control records of a snapshot have told so far.
struct Frame {
  bool begun = false;
  bool ended = false;
  int64_t last_timestamp = -1;
};

Result<void> read_control(const BatchHeader& header, Bytes batch, Frame& frame) {
  RecordReader records(eventd::records_of(batch), header.record_count);
  Record record;
  while (records.next(record)) {
    Result<ControlType> type = control_type(record);
    if (!type) return pass(type);
    if (*type == ControlType::snapshot_footer) frame.ended = true;
    if (*type != ControlType::snapshot_header) continue;
    auto head = decode<SnapshotHeaderRecord>(record.value.value_or(Bytes{}), 0);
    if (!head) return pass(head);
    frame.begun = true;
    frame.last_timestamp = head->last_contained_log_timestamp;
  }
  return records.finished();
}

}  // namespace

Result<std::shared_ptr<const Image>> decode_snapshot(Bytes file, const SnapshotId& id) {
  auto damaged = [](std::string why) { return fail(Code::bad_data, std::move(why)); };
  ImageBuilder builder(std::make_shared<const Image>());
  Frame frame;
  for (Bytes left = file; !left.empty();) {
    Result<size_t> size = batch_size(left);
    if (!size || *size > left.size()) return damaged("a snapshot is cut short");
    Bytes batch = left.first(*size);
    left = left.subspan(*size);
    Result<BatchHeader> header = check_batch(batch);
    if (!header) return damaged(text("snapshot: ", header.error().message));
    if (frame.ended) return damaged("a snapshot goes on behind its footer");
    if (header->is_control()) {
      Result<void> read = read_control(*header, batch, frame);
      if (!read) return pass(read, "snapshot");
    }
    if (!frame.begun) return damaged("a snapshot has no header");
    Result<void> applied = builder.apply_batch(*header, batch);
    if (!applied) return pass(applied, "snapshot");
  }
  if (!frame.ended) return damaged("a snapshot has no footer");
  if (builder.in_transaction()) return damaged("a snapshot ends within a transaction");
  builder.set_position(id.end - 1, id.epoch, frame.last_timestamp);
  return builder.build();
}

}  // namespace eventd
