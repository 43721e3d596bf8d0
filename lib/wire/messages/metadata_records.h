// SPDX-License-Identifier: Apache-2.0
// The records of __cluster_metadata: all types of Kafka 4.3. The value of such a record is three
// varints, frame version (1), type and version, then the message.
#pragma once

#include "lib/wire/message.h"

namespace eventd {

struct RegisterBrokerRecord {
  static constexpr int16_t type = 0;
  static constexpr Format format{.versions = {0, 4}, .flexible = 0};

  struct BrokerEndpoint {
    std::string_view name;
    std::string_view host;
    uint16_t port = 0;
    int16_t security_protocol = 0;
    bool operator==(const BrokerEndpoint&) const = default;
    static void describe(auto& m, auto& f) {
      f("Name", m.name);
      f("Host", m.host);
      f("Port", m.port);
      f("SecurityProtocol", m.security_protocol);
    }
  };
  struct BrokerFeature {
    std::string_view name;
    int16_t min_supported_version = 0;
    int16_t max_supported_version = 0;
    bool operator==(const BrokerFeature&) const = default;
    static void describe(auto& m, auto& f) {
      f("Name", m.name);
      f("MinSupportedVersion", m.min_supported_version);
      f("MaxSupportedVersion", m.max_supported_version);
    }
  };

  int32_t broker_id = 0;
  bool is_migrating_zk_broker = false;
  Uuid incarnation_id;
  int64_t broker_epoch = 0;
  std::vector<BrokerEndpoint> end_points;
  std::vector<BrokerFeature> features;
  std::optional<std::string_view> rack;
  bool fenced = true;
  bool in_controlled_shutdown = false;
  std::vector<Uuid> log_dirs;
  std::optional<std::vector<Uuid>> cordoned_log_dirs;

  static void describe(auto& m, auto& f) {
    f("BrokerId", m.broker_id);
    f("IsMigratingZkBroker", m.is_migrating_zk_broker, since(2));
    f("IncarnationId", m.incarnation_id);
    f("BrokerEpoch", m.broker_epoch);
    f("EndPoints", m.end_points);
    f("Features", m.features);
    f("Rack", m.rack);
    f("Fenced", m.fenced);
    f("InControlledShutdown", m.in_controlled_shutdown, since(1));
    f("LogDirs", m.log_dirs, tagged(0, since(3)));
    f("CordonedLogDirs", m.cordoned_log_dirs, tagged(1, since(4)));
  }
};

struct UnregisterBrokerRecord {
  static constexpr int16_t type = 1;
  static constexpr Format format{.versions = {0, 0}, .flexible = 0};

  int32_t broker_id = 0;
  int64_t broker_epoch = 0;

  static void describe(auto& m, auto& f) {
    f("BrokerId", m.broker_id);
    f("BrokerEpoch", m.broker_epoch);
  }
};

struct TopicRecord {
  static constexpr int16_t type = 2;
  static constexpr Format format{.versions = {0, 0}, .flexible = 0};

  std::string_view name;
  Uuid topic_id;

  static void describe(auto& m, auto& f) {
    f("Name", m.name);
    f("TopicId", m.topic_id);
  }
};

struct PartitionRecord {
  static constexpr int16_t type = 3;
  static constexpr Format format{.versions = {0, 2}, .flexible = 0};

  int32_t partition_id = -1;
  Uuid topic_id;
  std::vector<int32_t> replicas;
  std::vector<int32_t> isr;
  std::vector<int32_t> removing_replicas;
  std::vector<int32_t> adding_replicas;
  int32_t leader = -1;
  int8_t leader_recovery_state = 0;
  int32_t leader_epoch = -1;
  int32_t partition_epoch = -1;
  std::vector<Uuid> directories;  // Log directory ids, one for each replica.
  std::optional<std::vector<int32_t>> eligible_leader_replicas;
  std::optional<std::vector<int32_t>> last_known_elr;

  static void describe(auto& m, auto& f) {
    f("PartitionId", m.partition_id);
    f("TopicId", m.topic_id);
    f("Replicas", m.replicas);
    f("Isr", m.isr);
    f("RemovingReplicas", m.removing_replicas);
    f("AddingReplicas", m.adding_replicas);
    f("Leader", m.leader);
    f("LeaderRecoveryState", m.leader_recovery_state, tagged(0, since(0)));
    f("LeaderEpoch", m.leader_epoch);
    f("PartitionEpoch", m.partition_epoch);
    f("Directories", m.directories, since(1));
    f("EligibleLeaderReplicas", m.eligible_leader_replicas, tagged(1, since(2)));
    f("LastKnownElr", m.last_known_elr, tagged(2, since(2)));
  }
};

struct ConfigRecord {
  static constexpr int16_t type = 4;
  static constexpr Format format{.versions = {0, 0}, .flexible = 0};

  int8_t resource_type = 0;
  std::string_view resource_name;
  std::string_view name;
  std::optional<std::string_view> value;  // Null: the default again.

  static void describe(auto& m, auto& f) {
    f("ResourceType", m.resource_type);
    f("ResourceName", m.resource_name);
    f("Name", m.name);
    f("Value", m.value);
  }
};

// What is absent stays as it was.
struct PartitionChangeRecord {
  static constexpr int16_t type = 5;
  static constexpr Format format{.versions = {0, 2}, .flexible = 0};

  int32_t partition_id = -1;
  Uuid topic_id;
  std::optional<std::vector<int32_t>> isr;
  int32_t leader = -2;  // -2: unchanged, -1: none.
  std::optional<std::vector<int32_t>> replicas;
  std::optional<std::vector<int32_t>> removing_replicas;
  std::optional<std::vector<int32_t>> adding_replicas;
  int8_t leader_recovery_state = -1;
  std::optional<std::vector<Uuid>> directories;
  std::optional<std::vector<int32_t>> eligible_leader_replicas;
  std::optional<std::vector<int32_t>> last_known_elr;

  static void describe(auto& m, auto& f) {
    f("PartitionId", m.partition_id);
    f("TopicId", m.topic_id);
    f("Isr", m.isr, tagged(0, since(0)));
    f("Leader", m.leader, tagged(1, since(0)));
    f("Replicas", m.replicas, tagged(2, since(0)));
    f("RemovingReplicas", m.removing_replicas, tagged(3, since(0)));
    f("AddingReplicas", m.adding_replicas, tagged(4, since(0)));
    f("LeaderRecoveryState", m.leader_recovery_state, tagged(5, since(0)));
    f("Directories", m.directories, tagged(8, since(1)));
    f("EligibleLeaderReplicas", m.eligible_leader_replicas, tagged(6, since(2)));
    f("LastKnownElr", m.last_known_elr, tagged(7, since(2)));
  }
};

struct FenceBrokerRecord {
  static constexpr int16_t type = 7;
  static constexpr Format format{.versions = {0, 0}, .flexible = 0};

  int32_t id = 0;
  int64_t epoch = 0;

  static void describe(auto& m, auto& f) {
    f("Id", m.id);
    f("Epoch", m.epoch);
  }
};

struct UnfenceBrokerRecord {
  static constexpr int16_t type = 8;
  static constexpr Format format{.versions = {0, 0}, .flexible = 0};

  int32_t id = 0;
  int64_t epoch = 0;

  static void describe(auto& m, auto& f) {
    f("Id", m.id);
    f("Epoch", m.epoch);
  }
};

struct RemoveTopicRecord {
  static constexpr int16_t type = 9;
  static constexpr Format format{.versions = {0, 0}, .flexible = 0};

  Uuid topic_id;

  static void describe(auto& m, auto& f) { f("TopicId", m.topic_id); }
};

struct DelegationTokenRecord {
  static constexpr int16_t type = 10;
  static constexpr Format format{.versions = {0, 0}, .flexible = 0};

  std::string_view owner;
  std::string_view requester;
  std::vector<std::string_view> renewers;
  int64_t issue_timestamp = 0;
  int64_t max_timestamp = 0;
  int64_t expiration_timestamp = 0;
  std::string_view token_id;

  static void describe(auto& m, auto& f) {
    f("Owner", m.owner);
    f("Requester", m.requester);
    f("Renewers", m.renewers);
    f("IssueTimestamp", m.issue_timestamp);
    f("MaxTimestamp", m.max_timestamp);
    f("ExpirationTimestamp", m.expiration_timestamp);
    f("TokenId", m.token_id);
  }
};

struct UserScramCredentialRecord {
  static constexpr int16_t type = 11;
  static constexpr Format format{.versions = {0, 0}, .flexible = 0};

  std::string_view name;
  int8_t mechanism = 0;
  Bytes salt;
  Bytes stored_key;
  Bytes server_key;
  int32_t iterations = 0;

  static void describe(auto& m, auto& f) {
    f("Name", m.name);
    f("Mechanism", m.mechanism);
    f("Salt", m.salt);
    f("StoredKey", m.stored_key);
    f("ServerKey", m.server_key);
    f("Iterations", m.iterations);
  }
};

struct FeatureLevelRecord {
  static constexpr int16_t type = 12;
  static constexpr Format format{.versions = {0, 0}, .flexible = 0};

  std::string_view name;
  int16_t feature_level = 0;

  static void describe(auto& m, auto& f) {
    f("Name", m.name);
    f("FeatureLevel", m.feature_level);
  }
};

struct ClientQuotaRecord {
  static constexpr int16_t type = 14;
  static constexpr Format format{.versions = {0, 0}, .flexible = 0};

  struct EntityData {
    std::string_view entity_type;
    std::optional<std::string_view> entity_name;
    bool operator==(const EntityData&) const = default;
    static void describe(auto& m, auto& f) {
      f("EntityType", m.entity_type);
      f("EntityName", m.entity_name);
    }
  };

  std::vector<EntityData> entity;
  std::string_view key;
  double value = 0;
  bool remove = false;

  static void describe(auto& m, auto& f) {
    f("Entity", m.entity);
    f("Key", m.key);
    f("Value", m.value);
    f("Remove", m.remove);
  }
};

struct ProducerIdsRecord {
  static constexpr int16_t type = 15;
  static constexpr Format format{.versions = {0, 0}, .flexible = 0};

  int32_t broker_id = 0;
  int64_t broker_epoch = -1;
  int64_t next_producer_id = 0;

  static void describe(auto& m, auto& f) {
    f("BrokerId", m.broker_id);
    f("BrokerEpoch", m.broker_epoch);
    f("NextProducerId", m.next_producer_id);
  }
};

struct BrokerRegistrationChangeRecord {
  static constexpr int16_t type = 17;
  static constexpr Format format{.versions = {0, 3}, .flexible = 0};

  int32_t broker_id = 0;
  int64_t broker_epoch = 0;
  int8_t fenced = 0;                  // -1 unfenced, 0 unchanged, 1 fenced.
  int8_t in_controlled_shutdown = 0;  // 0 unchanged, 1 in controlled shutdown.
  std::vector<Uuid> log_dirs;
  std::optional<std::vector<Uuid>> cordoned_log_dirs;

  static void describe(auto& m, auto& f) {
    f("BrokerId", m.broker_id);
    f("BrokerEpoch", m.broker_epoch);
    f("Fenced", m.fenced, tagged(0, since(0)));
    f("InControlledShutdown", m.in_controlled_shutdown, tagged(1, since(1)));
    f("LogDirs", m.log_dirs, tagged(2, since(2)));
    f("CordonedLogDirs", m.cordoned_log_dirs, tagged(3, since(3)));
  }
};

struct AccessControlEntryRecord {
  static constexpr int16_t type = 18;
  static constexpr Format format{.versions = {0, 0}, .flexible = 0};

  Uuid id;
  int8_t resource_type = 0;
  std::string_view resource_name;
  int8_t pattern_type = 0;
  std::string_view principal;
  std::string_view host;
  int8_t operation = 0;
  int8_t permission_type = 0;

  static void describe(auto& m, auto& f) {
    f("Id", m.id);
    f("ResourceType", m.resource_type);
    f("ResourceName", m.resource_name);
    f("PatternType", m.pattern_type);
    f("Principal", m.principal);
    f("Host", m.host);
    f("Operation", m.operation);
    f("PermissionType", m.permission_type);
  }
};

struct RemoveAccessControlEntryRecord {
  static constexpr int16_t type = 19;
  static constexpr Format format{.versions = {0, 0}, .flexible = 0};

  Uuid id;

  static void describe(auto& m, auto& f) { f("Id", m.id); }
};

struct NoOpRecord {
  static constexpr int16_t type = 20;
  static constexpr Format format{.versions = {0, 0}, .flexible = 0};

  static void describe(auto&, auto&) {}
};

struct ZkMigrationStateRecord {
  static constexpr int16_t type = 21;
  static constexpr Format format{.versions = {0, 0}, .flexible = 0};

  int8_t zk_migration_state = 0;

  static void describe(auto& m, auto& f) { f("ZkMigrationState", m.zk_migration_state); }
};

struct RemoveUserScramCredentialRecord {
  static constexpr int16_t type = 22;
  static constexpr Format format{.versions = {0, 0}, .flexible = 0};

  std::string_view name;
  int8_t mechanism = 0;

  static void describe(auto& m, auto& f) {
    f("Name", m.name);
    f("Mechanism", m.mechanism);
  }
};

struct BeginTransactionRecord {
  static constexpr int16_t type = 23;
  static constexpr Format format{.versions = {0, 0}, .flexible = 0};

  std::optional<std::string_view> name;

  static void describe(auto& m, auto& f) { f("Name", m.name, tagged(0, since(0))); }
};

struct EndTransactionRecord {
  static constexpr int16_t type = 24;
  static constexpr Format format{.versions = {0, 0}, .flexible = 0};

  static void describe(auto&, auto&) {}
};

struct AbortTransactionRecord {
  static constexpr int16_t type = 25;
  static constexpr Format format{.versions = {0, 0}, .flexible = 0};

  std::optional<std::string_view> reason;

  static void describe(auto& m, auto& f) { f("Reason", m.reason, tagged(0, since(0))); }
};

struct RemoveDelegationTokenRecord {
  static constexpr int16_t type = 26;
  static constexpr Format format{.versions = {0, 0}, .flexible = 0};

  std::string_view token_id;

  static void describe(auto& m, auto& f) { f("TokenId", m.token_id); }
};

struct RegisterControllerRecord {
  static constexpr int16_t type = 27;
  static constexpr Format format{.versions = {0, 0}, .flexible = 0};

  using ControllerEndpoint = RegisterBrokerRecord::BrokerEndpoint;
  using ControllerFeature = RegisterBrokerRecord::BrokerFeature;

  int32_t controller_id = 0;
  Uuid incarnation_id;
  bool zk_migration_ready = false;
  std::vector<ControllerEndpoint> end_points;
  std::vector<ControllerFeature> features;

  static void describe(auto& m, auto& f) {
    f("ControllerId", m.controller_id);
    f("IncarnationId", m.incarnation_id);
    f("ZkMigrationReady", m.zk_migration_ready);
    f("EndPoints", m.end_points);
    f("Features", m.features);
  }
};

struct ClearElrRecord {
  static constexpr int16_t type = 28;
  static constexpr Format format{.versions = {0, 0}, .flexible = 0};

  std::string_view topic_name;

  static void describe(auto& m, auto& f) { f("TopicName", m.topic_name); }
};

inline constexpr uint32_t kMetadataFrameVersion = 1;

// What stands before the message in the value of a metadata record.
struct MetadataRecordHead {
  int16_t type = 0;
  int16_t version = 0;
  size_t size_bytes = 0;  // of the head itself
};

// unsupported_version for another frame version, bad_data for what cannot be a head.
Result<MetadataRecordHead> parse_metadata_record_head(Bytes value);
void write_metadata_record_head(int16_t type, int16_t version, Writer& out);

// The whole value of a metadata record.
template <class M>
Result<void> encode_metadata_record(const M& message, int16_t version, Writer& out) {
  write_metadata_record_head(M::type, version, out);
  return encode(message, version, out);
}

}  // namespace eventd
