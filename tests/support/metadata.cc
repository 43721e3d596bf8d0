// SPDX-License-Identifier: Apache-2.0
#include "tests/support/metadata.h"

#include <set>

#include "lib/base/text.h"

namespace eventd {

namespace {

std::string hex(Bytes bytes) {
  std::string digits;
  for (uint8_t byte : bytes) {
    digits += "0123456789abcdef"[byte >> 4];
    digits += "0123456789abcdef"[byte & 15];
  }
  return digits;
}

std::string list(const auto& values) {
  std::string out = "[";
  for (const auto& value : values) out += text(out.size() > 1 ? " " : "", value);
  return out + "]";
}

std::string describe(const BrokerImage& broker) {
  std::string out = text("broker ", broker.id, " ", broker.incarnation_id, " epoch ", broker.epoch,
                         broker.fenced ? " fenced" : "",
                         broker.in_controlled_shutdown ? " leaving" : "", " rack ",
                         broker.rack ? text("'", *broker.rack, "'") : "none", " dirs ",
                         list(broker.log_dirs), " cordoned ",
                         broker.cordoned_log_dirs ? list(*broker.cordoned_log_dirs) : "unknown");
  for (const EndpointImage& at : broker.endpoints) {
    out += text(" ", at.name, "://", at.host, ":", at.port, "/", at.security_protocol);
  }
  std::set<std::string> features;  // Kafka has them in no order
  for (const FeatureRange& feature : broker.features) {
    features.insert(text(" ", feature.name, "=", feature.min, "..", feature.max));
  }
  for (const std::string& feature : features) out += feature;
  return out + "\n";
}

std::string describe(const TopicImage& topic) {
  std::string out = text("topic ", topic.name, " ", topic.id, "\n");
  for (size_t i = 0; i < topic.partitions.size(); i++) {
    const PartitionImage& partition = topic.partitions[i];
    out += text(topic.name, "-", i, " replicas ", list(partition.replicas), " isr ",
                list(partition.isr), " removing ", list(partition.removing_replicas), " adding ",
                list(partition.adding_replicas), " elr ", list(partition.eligible_leader_replicas),
                " last ", list(partition.last_known_elr), " dirs ", list(partition.directories),
                " leader ", partition.leader, " epoch ", partition.leader_epoch, "/",
                partition.partition_epoch, " recovery ", int{partition.leader_recovery_state},
                "\n");
  }
  return out;
}

}  // namespace

std::string describe(const Image& image) {
  std::string out = text("quorum ", image.quorum.kraft_version, " ",
                         hex(image.quorum.voters_record), "\n");
  for (const auto& [name, level] : image.features) out += text("feature ", name, "=", level, "\n");
  for (const auto& [id, broker] : image.brokers) out += describe(broker);
  for (const auto& [name, topic] : image.topics->by_name) {
    CHECK(topic->name == name);
    CHECK(image.topic(topic->id) == topic);
    out += describe(*topic);
  }
  CHECK(image.topics->by_name.size() == image.topics->by_id.size());
  for (const auto& [resource, values] : *image.configs) {
    CHECK(!values.empty());
    for (const auto& [key, value] : values) {
      out += text("config ", static_cast<int>(resource.first), " '", resource.second, "' ", key,
                  "=", value, "\n");
    }
  }
  for (const auto& [key, value] : *image.raw) {
    out += text("raw ", key.first, " ", hex(bytes_of(key.second)), " ", hex(value), "\n");
  }
  return out + text("next producer id ", image.next_producer_id, "\n");
}

std::shared_ptr<const Image> image_of(const std::vector<Buffer>& records,
                                      std::shared_ptr<const Image> base) {
  ImageBuilder builder(base ? std::move(base) : std::make_shared<const Image>());
  for (const Buffer& record : records) {
    Result<void> applied = builder.apply(record);
    REQUIRE_MESSAGE(applied.has_value(), (applied ? "" : applied.error().message));
  }
  return builder.build();
}

namespace {

Error refused(const std::vector<Buffer>& records) {
  ImageBuilder builder(std::make_shared<const Image>());
  for (const Buffer& record : records) {
    Result<void> applied = builder.apply(record);
    if (!applied) return applied.error();
  }
  return {Code::none, "", 0};
}

}  // namespace

std::string refusal_of(const std::vector<Buffer>& records) { return refused(records).message; }
Code refusal_code(const std::vector<Buffer>& records) { return refused(records).code; }

std::vector<Buffer> small_cluster() {
  std::vector<Buffer> records;
  FeatureLevelRecord feature;
  feature.name = "metadata.version";
  feature.feature_level = 30;
  records.push_back(metadata_record(feature));
  RegisterBrokerRecord broker;
  broker.broker_id = 1;
  broker.incarnation_id = id_of(50);
  broker.broker_epoch = 5;
  auto& endpoint = broker.end_points.emplace_back();
  endpoint.name = "PLAINTEXT";
  endpoint.host = "127.0.0.1";
  endpoint.port = 9092;
  broker.log_dirs = {id_of(99)};
  records.push_back(metadata_record(broker));
  int number = 1;
  for (const char* name : {"orders", "users"}) {
    TopicRecord topic;
    topic.name = name;
    topic.topic_id = id_of(static_cast<uint8_t>(number));
    records.push_back(metadata_record(topic));
    for (int32_t i = 0; i < 3 - number; i++) {
      PartitionRecord partition;
      partition.partition_id = i;
      partition.topic_id = topic.topic_id;
      partition.replicas = partition.isr = {1};
      partition.leader = 1;
      partition.leader_epoch = partition.partition_epoch = 0;
      partition.directories = {id_of(99)};
      records.push_back(metadata_record(partition));
    }
    number++;
  }
  ConfigRecord config;
  config.resource_type = static_cast<int8_t>(ConfigResource::topic);
  config.resource_name = "orders";
  config.name = "retention.ms";
  config.value = "1000";
  records.push_back(metadata_record(config));
  return records;
}

}  // namespace eventd
