// SPDX-License-Identifier: Apache-2.0
// The cluster's metadata at one offset of its log: immutable, shared by all who read it.
//
// Each part is shared with the image before it unless a record changed it, and each topic is. What
// this broker does not use yet (ACLs, SCRAM users, quotas, tokens, controllers) is kept as the
// records came, by what identifies them, so that it survives our snapshots.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/ids.h"
#include "lib/base/uuid.h"
#include "lib/raft/quorum_of_one.h"

namespace eventd {

inline constexpr int32_t kNoLeader = -1;

// What stands for the log directory of a replica that nobody has told of (Kafka's DirectoryId).
inline constexpr Uuid kUnassignedDirectory{};
inline constexpr Uuid kMigratingDirectory{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}};

struct PartitionImage {
  std::vector<int32_t> replicas;
  std::vector<int32_t> isr;
  std::vector<int32_t> removing_replicas;
  std::vector<int32_t> adding_replicas;
  std::vector<int32_t> eligible_leader_replicas;
  std::vector<int32_t> last_known_elr;
  std::vector<Uuid> directories;  // one for each replica
  int32_t leader = kNoLeader;
  int32_t leader_epoch = 0;
  int32_t partition_epoch = 0;
  int8_t leader_recovery_state = 0;
  bool operator==(const PartitionImage&) const = default;
};

struct TopicImage {
  std::string name;
  Uuid id;
  std::vector<PartitionImage> partitions;
  bool operator==(const TopicImage&) const = default;
};

struct EndpointImage {
  std::string name;
  std::string host;
  uint16_t port = 0;
  int16_t security_protocol = 0;
  bool operator==(const EndpointImage&) const = default;
};
struct FeatureRange {
  std::string name;
  int16_t min = 0;
  int16_t max = 0;
  bool operator==(const FeatureRange&) const = default;
};
struct BrokerImage {
  int32_t id = 0;
  Uuid incarnation_id;
  int64_t epoch = -1;
  std::vector<EndpointImage> endpoints;
  std::vector<FeatureRange> features;
  std::optional<std::string> rack;
  bool fenced = true;
  bool in_controlled_shutdown = false;
  std::vector<Uuid> log_dirs;
  std::optional<std::vector<Uuid>> cordoned_log_dirs;
  bool operator==(const BrokerImage&) const = default;
};

// Kafka's numbers (ConfigResource.Type).
enum class ConfigResource : int8_t {
  unknown = 0,
  topic = 2,
  broker = 4,
  broker_logger = 8,
  client_metrics = 16,
  group = 32,
};

using ConfigMap = std::map<std::string, std::string, std::less<>>;
using TopicPointer = std::shared_ptr<const TopicImage>;  // shared between images

struct TopicsImage {
  std::map<std::string, TopicPointer, std::less<>> by_name;
  std::unordered_map<Uuid, TopicPointer> by_id;
};

// What decides over a record kept as it came: its type and its key.
using RawKey = std::pair<int16_t, std::string>;

struct Image {
  // Never null; each shared with other images.
  std::shared_ptr<const TopicsImage> topics = std::make_shared<const TopicsImage>();
  std::shared_ptr<const std::map<std::pair<ConfigResource, std::string>, ConfigMap>> configs =
      std::make_shared<const std::map<std::pair<ConfigResource, std::string>, ConfigMap>>();
  std::shared_ptr<const std::map<RawKey, Buffer>> raw =
      std::make_shared<const std::map<RawKey, Buffer>>();
  std::map<int32_t, BrokerImage> brokers;
  std::map<std::string, int16_t, std::less<>> features;
  int64_t next_producer_id = 0;
  Quorum quorum;

  Offset last_offset = kNoOffset;  // of the last record that is in it
  LeaderEpoch last_epoch = kNoLeaderEpoch;
  int64_t last_timestamp = -1;

  // Null if there is no such topic.
  TopicPointer topic(std::string_view name) const;
  TopicPointer topic(const Uuid& id) const;
  // What was set for a resource; empty if nothing was.
  const ConfigMap& config(ConfigResource type, std::string_view name) const;
  int16_t feature(std::string_view name) const;  // 0: not finalised
};

}  // namespace eventd
