// SPDX-License-Identifier: Apache-2.0
// Metadata, DescribeTopicPartitions and DescribeCluster: topics, leaders, brokers.
#pragma once

#include "lib/wire/message.h"

namespace eventd {

struct MetadataResponse {
  static constexpr Api api{.key = ApiKey::metadata, .versions = {0, 13}, .flexible = 9};

  struct MetadataResponseBroker {
    int32_t node_id = 0;
    std::string_view host;
    int32_t port = 0;
    std::optional<std::string_view> rack;
    bool operator==(const MetadataResponseBroker&) const = default;
    static void describe(auto& m, auto& f) {
      f("NodeId", m.node_id);
      f("Host", m.host);
      f("Port", m.port);
      f("Rack", m.rack, since(1), ignorable);
    }
  };
  struct MetadataResponsePartition {
    int16_t error_code = 0;
    int32_t partition_index = 0;
    int32_t leader_id = 0;
    int32_t leader_epoch = -1;
    std::vector<int32_t> replica_nodes;
    std::vector<int32_t> isr_nodes;
    std::vector<int32_t> offline_replicas;
    static void describe(auto& m, auto& f) {
      f("ErrorCode", m.error_code);
      f("PartitionIndex", m.partition_index);
      f("LeaderId", m.leader_id);
      f("LeaderEpoch", m.leader_epoch, since(7), ignorable);
      f("ReplicaNodes", m.replica_nodes);
      f("IsrNodes", m.isr_nodes);
      f("OfflineReplicas", m.offline_replicas, since(5), ignorable);
    }
  };
  struct MetadataResponseTopic {
    int16_t error_code = 0;
    std::optional<std::string_view> name;
    Uuid topic_id;
    bool is_internal = false;
    std::vector<MetadataResponsePartition> partitions;
    int32_t topic_authorized_operations = INT32_MIN;
    static void describe(auto& m, auto& f) {
      f("ErrorCode", m.error_code);
      f("Name", m.name, nullable_since(12));
      f("TopicId", m.topic_id, since(10), ignorable);
      f("IsInternal", m.is_internal, since(1), ignorable);
      f("Partitions", m.partitions);
      f("TopicAuthorizedOperations", m.topic_authorized_operations, since(8));
    }
  };

  int32_t throttle_time_ms = 0;
  std::vector<MetadataResponseBroker> brokers;
  std::optional<std::string_view> cluster_id;
  int32_t controller_id = -1;
  std::vector<MetadataResponseTopic> topics;
  int32_t cluster_authorized_operations = INT32_MIN;
  int16_t error_code = 0;

  static void describe(auto& m, auto& f) {
    f("ThrottleTimeMs", m.throttle_time_ms, since(3), ignorable);
    f("Brokers", m.brokers);
    f("ClusterId", m.cluster_id, since(2), ignorable);
    f("ControllerId", m.controller_id, since(1), ignorable);
    f("Topics", m.topics);
    f("ClusterAuthorizedOperations", m.cluster_authorized_operations, since(8), until(10));
    f("ErrorCode", m.error_code, since(13), ignorable);
  }
};

// 0 takes no topics for all of them, later versions null. 4 may forbid creation, 9 is flexible,
// 10 has topic ids, 13 an error for the whole.
struct MetadataRequest {
  static constexpr Api api{.key = ApiKey::metadata, .versions = {0, 13}, .flexible = 9};
  using Response = MetadataResponse;

  struct MetadataRequestTopic {
    Uuid topic_id;
    std::optional<std::string_view> name;
    bool operator==(const MetadataRequestTopic&) const = default;
    static void describe(auto& m, auto& f) {
      f("TopicId", m.topic_id, since(10), ignorable);
      f("Name", m.name, nullable_since(10));
    }
  };

  std::optional<std::vector<MetadataRequestTopic>> topics;
  bool allow_auto_topic_creation = true;
  bool include_cluster_authorized_operations = false;
  bool include_topic_authorized_operations = false;

  static void describe(auto& m, auto& f) {
    f("Topics", m.topics, nullable_since(1));
    f("AllowAutoTopicCreation", m.allow_auto_topic_creation, since(4));
    f("IncludeClusterAuthorizedOperations", m.include_cluster_authorized_operations, since(8),
      until(10));
    f("IncludeTopicAuthorizedOperations", m.include_topic_authorized_operations, since(8));
  }
};

// Not inside of the messages: clang cannot put a nested structure with defaults into an optional of
// the enclosing one.
struct DescribeTopicPartitionsCursor {
  std::string_view topic_name;
  int32_t partition_index = 0;
  bool operator==(const DescribeTopicPartitionsCursor&) const = default;
  static void describe(auto& m, auto& f) {
    f("TopicName", m.topic_name);
    f("PartitionIndex", m.partition_index);
  }
};

struct DescribeTopicPartitionsResponse {
  static constexpr Api api{
      .key = ApiKey::describe_topic_partitions, .versions = {0, 0}, .flexible = 0};

  struct DescribeTopicPartitionsResponsePartition {
    int16_t error_code = 0;
    int32_t partition_index = 0;
    int32_t leader_id = 0;
    int32_t leader_epoch = -1;
    std::vector<int32_t> replica_nodes;
    std::vector<int32_t> isr_nodes;
    std::optional<std::vector<int32_t>> eligible_leader_replicas;
    std::optional<std::vector<int32_t>> last_known_elr;
    std::vector<int32_t> offline_replicas;
    static void describe(auto& m, auto& f) {
      f("ErrorCode", m.error_code);
      f("PartitionIndex", m.partition_index);
      f("LeaderId", m.leader_id);
      f("LeaderEpoch", m.leader_epoch, ignorable);
      f("ReplicaNodes", m.replica_nodes);
      f("IsrNodes", m.isr_nodes);
      f("EligibleLeaderReplicas", m.eligible_leader_replicas);
      f("LastKnownElr", m.last_known_elr);
      f("OfflineReplicas", m.offline_replicas, ignorable);
    }
  };
  struct DescribeTopicPartitionsResponseTopic {
    int16_t error_code = 0;
    std::optional<std::string_view> name;
    Uuid topic_id;
    bool is_internal = false;
    std::vector<DescribeTopicPartitionsResponsePartition> partitions;
    int32_t topic_authorized_operations = INT32_MIN;
    static void describe(auto& m, auto& f) {
      f("ErrorCode", m.error_code);
      f("Name", m.name);
      f("TopicId", m.topic_id, ignorable);
      f("IsInternal", m.is_internal, ignorable);
      f("Partitions", m.partitions);
      f("TopicAuthorizedOperations", m.topic_authorized_operations);
    }
  };
  using Cursor = DescribeTopicPartitionsCursor;

  int32_t throttle_time_ms = 0;
  std::vector<DescribeTopicPartitionsResponseTopic> topics;
  std::optional<Cursor> next_cursor;

  static void describe(auto& m, auto& f) {
    f("ThrottleTimeMs", m.throttle_time_ms, ignorable);
    f("Topics", m.topics);
    f("NextCursor", m.next_cursor);
  }
};

struct DescribeTopicPartitionsRequest {
  static constexpr Api api{
      .key = ApiKey::describe_topic_partitions, .versions = {0, 0}, .flexible = 0};
  using Response = DescribeTopicPartitionsResponse;

  struct TopicRequest {
    std::string_view name;
    bool operator==(const TopicRequest&) const = default;
    static void describe(auto& m, auto& f) { f("Name", m.name); }
  };
  using Cursor = DescribeTopicPartitionsCursor;

  std::vector<TopicRequest> topics;
  int32_t response_partition_limit = 2000;
  std::optional<Cursor> cursor;

  static void describe(auto& m, auto& f) {
    f("Topics", m.topics);
    f("ResponsePartitionLimit", m.response_partition_limit);
    f("Cursor", m.cursor);
  }
};

struct DescribeClusterResponse {
  static constexpr Api api{.key = ApiKey::describe_cluster, .versions = {0, 2}, .flexible = 0};

  struct DescribeClusterBroker {
    int32_t broker_id = 0;
    std::string_view host;
    int32_t port = 0;
    std::optional<std::string_view> rack;
    bool is_fenced = false;
    bool operator==(const DescribeClusterBroker&) const = default;
    static void describe(auto& m, auto& f) {
      f("BrokerId", m.broker_id);
      f("Host", m.host);
      f("Port", m.port);
      f("Rack", m.rack);
      f("IsFenced", m.is_fenced, since(2));
    }
  };

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  std::optional<std::string_view> error_message;
  int8_t endpoint_type = 1;
  std::string_view cluster_id;
  int32_t controller_id = -1;
  std::vector<DescribeClusterBroker> brokers;
  int32_t cluster_authorized_operations = INT32_MIN;

  static void describe(auto& m, auto& f) {
    f("ThrottleTimeMs", m.throttle_time_ms);
    f("ErrorCode", m.error_code);
    f("ErrorMessage", m.error_message);
    f("EndpointType", m.endpoint_type, since(1));
    f("ClusterId", m.cluster_id);
    f("ControllerId", m.controller_id);
    f("Brokers", m.brokers);
    f("ClusterAuthorizedOperations", m.cluster_authorized_operations);
  }
};

// 1 has the type of endpoint, 2 shows fenced brokers.
struct DescribeClusterRequest {
  static constexpr Api api{.key = ApiKey::describe_cluster, .versions = {0, 2}, .flexible = 0};
  using Response = DescribeClusterResponse;

  bool include_cluster_authorized_operations = false;
  int8_t endpoint_type = 1;
  bool include_fenced_brokers = false;

  static void describe(auto& m, auto& f) {
    f("IncludeClusterAuthorizedOperations", m.include_cluster_authorized_operations);
    f("EndpointType", m.endpoint_type, since(1));
    f("IncludeFencedBrokers", m.include_fenced_brokers, since(2));
  }
};

}  // namespace eventd
