// SPDX-License-Identifier: Apache-2.0
// ListOffsets and OffsetForLeaderEpoch: offsets by time, by end, by leader epoch.
#pragma once

#include "lib/wire/message.h"

namespace eventd {

struct ListOffsetsResponse {
  static constexpr Api api{.key = ApiKey::list_offsets, .versions = {1, 11}, .flexible = 6};

  struct ListOffsetsPartitionResponse {
    int32_t partition_index = 0;
    int16_t error_code = 0;
    int64_t timestamp = -1;
    int64_t offset = -1;
    int32_t leader_epoch = -1;
    bool operator==(const ListOffsetsPartitionResponse&) const = default;
    static void describe(auto& m, auto& f) {
      f("PartitionIndex", m.partition_index);
      f("ErrorCode", m.error_code);
      f("Timestamp", m.timestamp);
      f("Offset", m.offset);
      f("LeaderEpoch", m.leader_epoch, since(4));
    }
  };
  struct ListOffsetsTopicResponse {
    std::string_view name;
    std::vector<ListOffsetsPartitionResponse> partitions;
    static void describe(auto& m, auto& f) {
      f("Name", m.name);
      f("Partitions", m.partitions);
    }
  };

  int32_t throttle_time_ms = 0;
  std::vector<ListOffsetsTopicResponse> topics;

  static void describe(auto& m, auto& f) {
    f("ThrottleTimeMs", m.throttle_time_ms, since(2), ignorable);
    f("Topics", m.topics);
  }
};

// 1 answers one offset, 2 has an isolation level, 4 leader epochs, 6 is flexible. 7 adds the
// timestamp -3 (the largest), 8 -4, 9 -5, 11 -6.
struct ListOffsetsRequest {
  static constexpr Api api{.key = ApiKey::list_offsets, .versions = {1, 11}, .flexible = 6};
  using Response = ListOffsetsResponse;

  struct ListOffsetsPartition {
    int32_t partition_index = 0;
    int32_t current_leader_epoch = -1;
    int64_t timestamp = 0;
    bool operator==(const ListOffsetsPartition&) const = default;
    static void describe(auto& m, auto& f) {
      f("PartitionIndex", m.partition_index);
      f("CurrentLeaderEpoch", m.current_leader_epoch, since(4), ignorable);
      f("Timestamp", m.timestamp);
    }
  };
  struct ListOffsetsTopic {
    std::string_view name;
    std::vector<ListOffsetsPartition> partitions;
    static void describe(auto& m, auto& f) {
      f("Name", m.name);
      f("Partitions", m.partitions);
    }
  };

  int32_t replica_id = 0;
  int8_t isolation_level = 0;
  std::vector<ListOffsetsTopic> topics;
  int32_t timeout_ms = 0;

  static void describe(auto& m, auto& f) {
    f("ReplicaId", m.replica_id);
    f("IsolationLevel", m.isolation_level, since(2));
    f("Topics", m.topics);
    f("TimeoutMs", m.timeout_ms, since(10), ignorable);
  }
};

struct OffsetForLeaderEpochResponse {
  static constexpr Api api{
      .key = ApiKey::offset_for_leader_epoch, .versions = {2, 4}, .flexible = 4};

  struct EpochEndOffset {
    int16_t error_code = 0;
    int32_t partition = 0;
    int32_t leader_epoch = -1;
    int64_t end_offset = -1;
    bool operator==(const EpochEndOffset&) const = default;
    static void describe(auto& m, auto& f) {
      f("ErrorCode", m.error_code);
      f("Partition", m.partition);
      f("LeaderEpoch", m.leader_epoch, ignorable);
      f("EndOffset", m.end_offset);
    }
  };
  struct OffsetForLeaderTopicResult {
    std::string_view topic;
    std::vector<EpochEndOffset> partitions;
    static void describe(auto& m, auto& f) {
      f("Topic", m.topic);
      f("Partitions", m.partitions);
    }
  };

  int32_t throttle_time_ms = 0;
  std::vector<OffsetForLeaderTopicResult> topics;

  static void describe(auto& m, auto& f) {
    f("ThrottleTimeMs", m.throttle_time_ms, ignorable);
    f("Topics", m.topics);
  }
};

struct OffsetForLeaderEpochRequest {
  static constexpr Api api{
      .key = ApiKey::offset_for_leader_epoch, .versions = {2, 4}, .flexible = 4};
  using Response = OffsetForLeaderEpochResponse;

  struct OffsetForLeaderPartition {
    int32_t partition = 0;
    int32_t current_leader_epoch = -1;
    int32_t leader_epoch = 0;  // The epoch whose end is wanted.
    bool operator==(const OffsetForLeaderPartition&) const = default;
    static void describe(auto& m, auto& f) {
      f("Partition", m.partition);
      f("CurrentLeaderEpoch", m.current_leader_epoch, ignorable);
      f("LeaderEpoch", m.leader_epoch);
    }
  };
  struct OffsetForLeaderTopic {
    std::string_view topic;
    std::vector<OffsetForLeaderPartition> partitions;
    static void describe(auto& m, auto& f) {
      f("Topic", m.topic);
      f("Partitions", m.partitions);
    }
  };

  int32_t replica_id = -2;
  std::vector<OffsetForLeaderTopic> topics;

  static void describe(auto& m, auto& f) {
    f("ReplicaId", m.replica_id, since(3), ignorable);
    f("Topics", m.topics);
  }
};

}  // namespace eventd
