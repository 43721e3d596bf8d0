// SPDX-License-Identifier: Apache-2.0
// The APIs of Kafka 4.3 by key and name, and which header goes with which version.
//
// An API's versions here are those whose bodies lib/wire can code. What a broker advertises is the
// broker's to say, but for Api::advertised_min(), which the protocol's history forces on everyone.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace eventd {

// X(enumerator, key, Kafka's name, first flexible version)
#define EVENTD_API_KEYS(X) \
  X(produce, 0, "Produce", 9) \
  X(fetch, 1, "Fetch", 12) \
  X(list_offsets, 2, "ListOffsets", 6) \
  X(metadata, 3, "Metadata", 9) \
  X(offset_commit, 8, "OffsetCommit", 8) \
  X(offset_fetch, 9, "OffsetFetch", 6) \
  X(find_coordinator, 10, "FindCoordinator", 3) \
  X(join_group, 11, "JoinGroup", 6) \
  X(heartbeat, 12, "Heartbeat", 4) \
  X(leave_group, 13, "LeaveGroup", 4) \
  X(sync_group, 14, "SyncGroup", 4) \
  X(describe_groups, 15, "DescribeGroups", 5) \
  X(list_groups, 16, "ListGroups", 3) \
  X(sasl_handshake, 17, "SaslHandshake", kNeverFlexible) \
  X(api_versions, 18, "ApiVersions", 3) \
  X(create_topics, 19, "CreateTopics", 5) \
  X(delete_topics, 20, "DeleteTopics", 4) \
  X(delete_records, 21, "DeleteRecords", 2) \
  X(init_producer_id, 22, "InitProducerId", 2) \
  X(offset_for_leader_epoch, 23, "OffsetForLeaderEpoch", 4) \
  X(add_partitions_to_txn, 24, "AddPartitionsToTxn", 3) \
  X(add_offsets_to_txn, 25, "AddOffsetsToTxn", 3) \
  X(end_txn, 26, "EndTxn", 3) \
  X(write_txn_markers, 27, "WriteTxnMarkers", 1) \
  X(txn_offset_commit, 28, "TxnOffsetCommit", 3) \
  X(describe_acls, 29, "DescribeAcls", 2) \
  X(create_acls, 30, "CreateAcls", 2) \
  X(delete_acls, 31, "DeleteAcls", 2) \
  X(describe_configs, 32, "DescribeConfigs", 4) \
  X(alter_configs, 33, "AlterConfigs", 2) \
  X(alter_replica_log_dirs, 34, "AlterReplicaLogDirs", 2) \
  X(describe_log_dirs, 35, "DescribeLogDirs", 2) \
  X(sasl_authenticate, 36, "SaslAuthenticate", 2) \
  X(create_partitions, 37, "CreatePartitions", 2) \
  X(create_delegation_token, 38, "CreateDelegationToken", 2) \
  X(renew_delegation_token, 39, "RenewDelegationToken", 2) \
  X(expire_delegation_token, 40, "ExpireDelegationToken", 2) \
  X(describe_delegation_token, 41, "DescribeDelegationToken", 2) \
  X(delete_groups, 42, "DeleteGroups", 2) \
  X(elect_leaders, 43, "ElectLeaders", 2) \
  X(incremental_alter_configs, 44, "IncrementalAlterConfigs", 1) \
  X(alter_partition_reassignments, 45, "AlterPartitionReassignments", 0) \
  X(list_partition_reassignments, 46, "ListPartitionReassignments", 0) \
  X(offset_delete, 47, "OffsetDelete", kNeverFlexible) \
  X(describe_client_quotas, 48, "DescribeClientQuotas", 1) \
  X(alter_client_quotas, 49, "AlterClientQuotas", 1) \
  X(describe_user_scram_credentials, 50, "DescribeUserScramCredentials", 0) \
  X(alter_user_scram_credentials, 51, "AlterUserScramCredentials", 0) \
  X(vote, 52, "Vote", 0) \
  X(begin_quorum_epoch, 53, "BeginQuorumEpoch", 1) \
  X(end_quorum_epoch, 54, "EndQuorumEpoch", 1) \
  X(describe_quorum, 55, "DescribeQuorum", 0) \
  X(alter_partition, 56, "AlterPartition", 0) \
  X(update_features, 57, "UpdateFeatures", 0) \
  X(envelope, 58, "Envelope", 0) \
  X(fetch_snapshot, 59, "FetchSnapshot", 0) \
  X(describe_cluster, 60, "DescribeCluster", 0) \
  X(describe_producers, 61, "DescribeProducers", 0) \
  X(broker_registration, 62, "BrokerRegistration", 0) \
  X(broker_heartbeat, 63, "BrokerHeartbeat", 0) \
  X(unregister_broker, 64, "UnregisterBroker", 0) \
  X(describe_transactions, 65, "DescribeTransactions", 0) \
  X(list_transactions, 66, "ListTransactions", 0) \
  X(allocate_producer_ids, 67, "AllocateProducerIds", 0) \
  X(consumer_group_heartbeat, 68, "ConsumerGroupHeartbeat", 0) \
  X(consumer_group_describe, 69, "ConsumerGroupDescribe", 0) \
  X(controller_registration, 70, "ControllerRegistration", 0) \
  X(get_telemetry_subscriptions, 71, "GetTelemetrySubscriptions", 0) \
  X(push_telemetry, 72, "PushTelemetry", 0) \
  X(assign_replicas_to_dirs, 73, "AssignReplicasToDirs", 0) \
  X(list_config_resources, 74, "ListConfigResources", 0) \
  X(describe_topic_partitions, 75, "DescribeTopicPartitions", 0) \
  X(share_group_heartbeat, 76, "ShareGroupHeartbeat", 0) \
  X(share_group_describe, 77, "ShareGroupDescribe", 0) \
  X(share_fetch, 78, "ShareFetch", 0) \
  X(share_acknowledge, 79, "ShareAcknowledge", 0) \
  X(add_raft_voter, 80, "AddRaftVoter", 0) \
  X(remove_raft_voter, 81, "RemoveRaftVoter", 0) \
  X(update_raft_voter, 82, "UpdateRaftVoter", 0) \
  X(initialize_share_group_state, 83, "InitializeShareGroupState", 0) \
  X(read_share_group_state, 84, "ReadShareGroupState", 0) \
  X(write_share_group_state, 85, "WriteShareGroupState", 0) \
  X(delete_share_group_state, 86, "DeleteShareGroupState", 0) \
  X(read_share_group_state_summary, 87, "ReadShareGroupStateSummary", 0) \
  X(streams_group_heartbeat, 88, "StreamsGroupHeartbeat", 0) \
  X(streams_group_describe, 89, "StreamsGroupDescribe", 0) \
  X(describe_share_group_offsets, 90, "DescribeShareGroupOffsets", 0) \
  X(alter_share_group_offsets, 91, "AlterShareGroupOffsets", 0) \
  X(delete_share_group_offsets, 92, "DeleteShareGroupOffsets", 0)

enum class ApiKey : int16_t {
#define EVENTD_API_KEY(name, key, text, flexible) name = key,
  EVENTD_API_KEYS(EVENTD_API_KEY)
#undef EVENTD_API_KEY
};

inline constexpr int16_t kNeverFlexible = std::numeric_limits<int16_t>::max();

struct VersionRange {
  int16_t min = 0;
  int16_t max = 0;
  constexpr bool contains(int16_t version) const { return min <= version && version <= max; }
  bool operator==(const VersionRange&) const = default;
};

struct Api {
  ApiKey key;
  VersionRange versions;
  int16_t flexible = kNeverFlexible;  // the first flexible version

  // librdkafka up to 2.0 (kcat of Debian 12) stops compressing, without an error, unless Produce is
  // advertised from 0, although nobody can be served below 3.
  constexpr int16_t advertised_min() const { return key == ApiKey::produce ? 0 : versions.min; }
};

// "Produce"; "?" for a number that has no API.
std::string_view name_of(ApiKey key);

// The API with this number, if Kafka 4.3 has one.
std::optional<ApiKey> api_key_of(int16_t number);

bool is_flexible(ApiKey key, int16_t version);

// 1 or 2. Both keep the two-byte length of the client id; 2 has tagged fields after it.
int16_t request_header_version(ApiKey key, int16_t version);

// 0 or 1, which has tagged fields. Always 0 for ApiVersions: its reader does not yet know whether
// the sender has heard of its version.
int16_t response_header_version(ApiKey key, int16_t version);

}  // namespace eventd
