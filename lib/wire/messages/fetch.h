// SPDX-License-Identifier: Apache-2.0
// Fetch: record batches to consumers and followers.
#pragma once

#include "lib/wire/message.h"
#include "lib/wire/messages/common.h"

namespace eventd {

struct FetchResponse {
  static constexpr Api api{.key = ApiKey::fetch, .versions = {4, 17}, .flexible = 12};

  struct EpochEndOffset {
    int32_t epoch = -1;
    int64_t end_offset = -1;
    bool operator==(const EpochEndOffset&) const = default;
    static void describe(auto& m, auto& f) {
      f("Epoch", m.epoch, since(12));
      f("EndOffset", m.end_offset, since(12));
    }
  };
  using LeaderIdAndEpoch = eventd::LeaderIdAndEpoch;
  struct SnapshotId {
    int64_t end_offset = -1;
    int32_t epoch = -1;
    bool operator==(const SnapshotId&) const = default;
    static void describe(auto& m, auto& f) {
      f("EndOffset", m.end_offset);
      f("Epoch", m.epoch);
    }
  };
  struct AbortedTransaction {
    int64_t producer_id = 0;
    int64_t first_offset = 0;
    bool operator==(const AbortedTransaction&) const = default;
    static void describe(auto& m, auto& f) {
      f("ProducerId", m.producer_id);
      f("FirstOffset", m.first_offset);
    }
  };
  struct PartitionData {
    int32_t partition_index = 0;
    int16_t error_code = 0;
    int64_t high_watermark = 0;
    int64_t last_stable_offset = -1;
    int64_t log_start_offset = -1;
    EpochEndOffset diverging_epoch;
    LeaderIdAndEpoch current_leader;
    SnapshotId snapshot_id;
    // Null unless the reader asked for read_committed.
    std::optional<std::vector<AbortedTransaction>> aborted_transactions;
    int32_t preferred_read_replica = -1;
    Records records;
    static void describe(auto& m, auto& f) {
      f("PartitionIndex", m.partition_index);
      f("ErrorCode", m.error_code);
      f("HighWatermark", m.high_watermark);
      f("LastStableOffset", m.last_stable_offset, ignorable);
      f("LogStartOffset", m.log_start_offset, since(5), ignorable);
      f("DivergingEpoch", m.diverging_epoch, tagged(0, since(12)));
      f("CurrentLeader", m.current_leader, tagged(1, since(12)));
      f("SnapshotId", m.snapshot_id, tagged(2, since(12)));
      f("AbortedTransactions", m.aborted_transactions, ignorable);
      f("PreferredReadReplica", m.preferred_read_replica, since(11));
      f("Records", m.records);
    }
  };
  struct FetchableTopicResponse {
    std::string_view topic;
    Uuid topic_id;
    std::vector<PartitionData> partitions;
    static void describe(auto& m, auto& f) {
      f("Topic", m.topic, until(12), ignorable);
      f("TopicId", m.topic_id, since(13), ignorable);
      f("Partitions", m.partitions);
    }
  };
  using NodeEndpoint = eventd::NodeEndpoint;

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  int32_t session_id = 0;
  std::vector<FetchableTopicResponse> responses;
  std::vector<NodeEndpoint> node_endpoints;

  static void describe(auto& m, auto& f) {
    f("ThrottleTimeMs", m.throttle_time_ms, ignorable);
    f("ErrorCode", m.error_code, since(7), ignorable);
    f("SessionId", m.session_id, since(7));
    f("Responses", m.responses);
    f("NodeEndpoints", m.node_endpoints, tagged(0, since(16)));
  }
};

// 4 is the first with message format 2. 7 has sessions, 9 leader epochs, 12 is flexible and
// tells diverging epochs, 13 names topics by id, 15 moves the replica into a structure.
struct FetchRequest {
  static constexpr Api api{.key = ApiKey::fetch, .versions = {4, 17}, .flexible = 12};
  using Response = FetchResponse;

  struct ReplicaState {
    int32_t replica_id = -1;
    int64_t replica_epoch = -1;
    bool operator==(const ReplicaState&) const = default;
    static void describe(auto& m, auto& f) {
      f("ReplicaId", m.replica_id, since(15));
      f("ReplicaEpoch", m.replica_epoch, since(15));
    }
  };
  struct FetchPartition {
    int32_t partition = 0;
    int32_t current_leader_epoch = -1;
    int64_t fetch_offset = 0;
    int32_t last_fetched_epoch = -1;
    int64_t log_start_offset = -1;
    int32_t partition_max_bytes = 0;
    Uuid replica_directory_id;
    bool operator==(const FetchPartition&) const = default;
    static void describe(auto& m, auto& f) {
      f("Partition", m.partition);
      f("CurrentLeaderEpoch", m.current_leader_epoch, since(9), ignorable);
      f("FetchOffset", m.fetch_offset);
      f("LastFetchedEpoch", m.last_fetched_epoch, since(12));
      f("LogStartOffset", m.log_start_offset, since(5), ignorable);
      f("PartitionMaxBytes", m.partition_max_bytes);
      f("ReplicaDirectoryId", m.replica_directory_id, tagged(0, since(17)), ignorable);
    }
  };
  struct FetchTopic {
    std::string_view topic;
    Uuid topic_id;
    std::vector<FetchPartition> partitions;
    static void describe(auto& m, auto& f) {
      f("Topic", m.topic, until(12), ignorable);
      f("TopicId", m.topic_id, since(13), ignorable);
      f("Partitions", m.partitions);
    }
  };
  struct ForgottenTopic {
    std::string_view topic;
    Uuid topic_id;
    std::vector<int32_t> partitions;
    static void describe(auto& m, auto& f) {
      f("Topic", m.topic, since(7), until(12), ignorable);
      f("TopicId", m.topic_id, since(13), ignorable);
      f("Partitions", m.partitions, since(7));
    }
  };

  std::optional<std::string_view> cluster_id;
  int32_t replica_id = -1;  // -1: a consumer.
  ReplicaState replica_state;
  int32_t max_wait_ms = 0;
  int32_t min_bytes = 0;
  int32_t max_bytes = INT32_MAX;
  int8_t isolation_level = 0;  // 0: read_uncommitted, 1: read_committed.
  int32_t session_id = 0;
  int32_t session_epoch = -1;
  std::vector<FetchTopic> topics;
  std::vector<ForgottenTopic> forgotten_topics_data;
  std::string_view rack_id;

  static void describe(auto& m, auto& f) {
    f("ClusterId", m.cluster_id, tagged(0, since(12)), ignorable);
    f("ReplicaId", m.replica_id, until(14));
    f("ReplicaState", m.replica_state, tagged(1, since(15)));
    f("MaxWaitMs", m.max_wait_ms);
    f("MinBytes", m.min_bytes);
    f("MaxBytes", m.max_bytes, ignorable);
    f("IsolationLevel", m.isolation_level, ignorable);
    f("SessionId", m.session_id, since(7), ignorable);
    f("SessionEpoch", m.session_epoch, since(7), ignorable);
    f("Topics", m.topics);
    f("ForgottenTopicsData", m.forgotten_topics_data, since(7));
    f("RackId", m.rack_id, since(11), ignorable);
  }
};

}  // namespace eventd
