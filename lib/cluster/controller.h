// SPDX-License-Identifier: Apache-2.0
// What changes the cluster's metadata, decided: a request and an image in, records and an answer
// for each item out. Pure; random ids come from the caller. The caller appends the records and
// tells the answers once they are durable and applied.
//
// Error codes, and the order in which faults are looked for, are Apache Kafka's.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/result.h"
#include "lib/base/uuid.h"
#include "lib/cluster/image.h"
#include "lib/cluster/record_versions.h"

namespace eventd {

inline constexpr int64_t kProducerIdBlock = 1000;

// Encoded values, each for one record of the metadata log.
using MetadataRecords = std::vector<Buffer>;

struct ControllerSettings {
  int32_t node_id = 1;
  Uuid directory_id;
  int32_t default_partitions = 1;
  int16_t default_replication_factor = 1;
  bool delete_topics = true;
  int32_t partitions_per_request_max = 10000;
  int32_t records_per_request_max = 10000;
  // invalid_config with what is wrong about the configs of a topic.
  std::function<Result<void>(const ConfigMap&)> check_topic_configs;
  std::function<Uuid()> new_id = Uuid::random;
};

struct ItemError {
  Code code = Code::none;
  std::string message;
  bool failed() const { return code != Code::none; }
};

struct NewTopic {
  std::string name;
  int32_t partitions = -1;
  int16_t replication_factor = -1;
  // Partition number and replicas, where they are given by hand.
  std::vector<std::pair<int32_t, std::vector<int32_t>>> assignments;
  std::vector<std::pair<std::string, std::optional<std::string>>> configs;
};
struct CreatedTopic {
  std::string name;
  ItemError error;
  Uuid id;
  int32_t partitions = -1;
  int16_t replication_factor = -1;
  ConfigMap configs;
};

// By name or by id.
struct TopicChoice {
  std::optional<std::string> name;
  Uuid id;
};
struct DeletedTopic {
  std::optional<std::string> name;
  Uuid id;
  ItemError error;
};

struct MorePartitions {
  std::string topic;
  int32_t total = 0;
  std::optional<std::vector<std::vector<int32_t>>> assignments;
};

struct MoreResult {
  std::string topic;
  ItemError error;
};

// What a broker says of itself when it starts.
struct Registration {
  int32_t node_id = 1;
  Uuid incarnation_id;
  Uuid directory_id;
  std::vector<EndpointImage> endpoints;
  std::vector<FeatureRange> features;
  std::optional<std::string> rack;
};

class Controller {
 public:
  // Borrows the image for its life.
  Controller(const Image& image, const ControllerSettings& settings)
      : image_(image), settings_(settings) {}

  std::vector<CreatedTopic> create_topics(const std::vector<NewTopic>& topics);
  std::vector<DeletedTopic> delete_topics(const std::vector<TopicChoice>& topics);
  // One for each topic, also if it is named twice.
  std::vector<MoreResult> create_partitions(const std::vector<MorePartitions>& topics);
  // Null values delete. They have been validated.
  void set_configs(ConfigResource type, std::string_view name,
                   const std::vector<std::pair<std::string, std::optional<std::string>>>& changes);

  // The first records of a new cluster: features, and what they ask for.
  void bootstrap();
  // What Kafka adds to the features that its storage tool has prepared.
  void bootstrap_configs();
  // `offset` is where the first of these records will stand: it becomes the broker's epoch.
  void register_broker(const Registration& registration, Offset offset);
  // Of this node, that it may lead.
  void unfence(int64_t broker_epoch);
  void fence_for_shutdown();
  // Gives a leader to each partition that has none: in sync, else eligible, else the last known.
  void elect_leaders();
  // This node leads with what it has: its partitions are no longer recovering.
  void end_recovery();
  // A new epoch for a partition that this node leads in the epoch told; nothing if it is over.
  void raise_leader_epoch(const Uuid& topic, int32_t partition, LeaderEpoch epoch);
  // For the first term after somebody stopped within a transaction: nothing of it counts.
  void abort_transaction();
  // The first id of a block of kProducerIdBlock.
  int64_t allocate_producer_ids(int64_t broker_epoch);

  const Image& image() const { return image_; }
  const MetadataRecords& records() const { return records_; }
  // What no record can hold, a text of more than 32767 bytes, say: then nothing may be appended.
  const std::optional<Error>& error() const { return error_; }
  MetadataRecords take_records() { return std::move(records_); }

 private:
  template <class M>
  void add(const M& record, int16_t version);
  ItemError check_name(const std::string& name) const;
  ItemError take_configs(const NewTopic& topic, ConfigMap& configs) const;
  // `taken`: the names of this request, as they could collide.
  void create_topic(const NewTopic& topic, std::set<std::string>& taken, CreatedTopic& told);
  ItemError place(const NewTopic& topic, std::vector<std::vector<int32_t>>& replicas) const;
  ItemError check_replicas(const std::vector<int32_t>& replicas) const;
  ItemError check_more(const MorePartitions& more, const TopicImage& topic) const;
  void add_partition(const Uuid& topic, int32_t index, const std::vector<int32_t>& replicas);

  const Image& image_;
  const ControllerSettings& settings_;
  MetadataRecords records_;
  std::optional<Error> error_;
};

// Whether a topic may have this name: 1 to 249 of [a-zA-Z0-9._-], not "." or "..".
Result<void> check_topic_name(std::string_view name);
// "a.b" and "a_b" are one name to metrics.
std::string collision_name(std::string_view name);

}  // namespace eventd
