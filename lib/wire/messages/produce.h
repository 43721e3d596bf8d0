// SPDX-License-Identifier: Apache-2.0
// Produce: record batches from clients.
#pragma once

#include "lib/wire/message.h"
#include "lib/wire/messages/common.h"

namespace eventd {

// 8 tells which records were refused. 10 tells the current leader where it is another.
struct ProduceResponse {
  static constexpr Api api{.key = ApiKey::produce, .versions = {3, 13}, .flexible = 9};

  struct BatchIndexAndErrorMessage {
    int32_t batch_index = 0;
    std::optional<std::string_view> batch_index_error_message;
    bool operator==(const BatchIndexAndErrorMessage&) const = default;
    static void describe(auto& m, auto& f) {
      f("BatchIndex", m.batch_index, since(8));
      f("BatchIndexErrorMessage", m.batch_index_error_message, since(8));
    }
  };
  using LeaderIdAndEpoch = eventd::LeaderIdAndEpoch;
  struct PartitionProduceResponse {
    int32_t index = 0;
    int16_t error_code = 0;
    int64_t base_offset = 0;
    int64_t log_append_time_ms = -1;  // -1 unless the topic has LogAppendTime.
    int64_t log_start_offset = -1;
    std::vector<BatchIndexAndErrorMessage> record_errors;
    std::optional<std::string_view> error_message;
    LeaderIdAndEpoch current_leader;
    static void describe(auto& m, auto& f) {
      f("Index", m.index);
      f("ErrorCode", m.error_code);
      f("BaseOffset", m.base_offset);
      f("LogAppendTimeMs", m.log_append_time_ms, ignorable);
      f("LogStartOffset", m.log_start_offset, since(5), ignorable);
      f("RecordErrors", m.record_errors, since(8), ignorable);
      f("ErrorMessage", m.error_message, since(8), ignorable);
      f("CurrentLeader", m.current_leader, tagged(0, since(10)));
    }
  };
  struct TopicProduceResponse {
    std::string_view name;
    Uuid topic_id;
    std::vector<PartitionProduceResponse> partition_responses;
    static void describe(auto& m, auto& f) {
      f("Name", m.name, until(12), ignorable);
      f("TopicId", m.topic_id, since(13), ignorable);
      f("PartitionResponses", m.partition_responses);
    }
  };
  using NodeEndpoint = eventd::NodeEndpoint;

  std::vector<TopicProduceResponse> responses;
  int32_t throttle_time_ms = 0;
  std::vector<NodeEndpoint> node_endpoints;

  static void describe(auto& m, auto& f) {
    f("Responses", m.responses);
    f("ThrottleTimeMs", m.throttle_time_ms, ignorable);
    f("NodeEndpoints", m.node_endpoints, tagged(0, since(10)));
  }
};

// 0-2 are advertised but refused: they carry older message formats. 9 is flexible. 12 adds
// partitions to a transaction by itself. 13 names topics by id.
struct ProduceRequest {
  static constexpr Api api{.key = ApiKey::produce, .versions = {3, 13}, .flexible = 9};
  using Response = ProduceResponse;

  struct PartitionProduceData {
    int32_t index = 0;
    Records records;
    static void describe(auto& m, auto& f) {
      f("Index", m.index);
      f("Records", m.records);
    }
  };
  struct TopicProduceData {
    std::string_view name;
    Uuid topic_id;
    std::vector<PartitionProduceData> partition_data;
    static void describe(auto& m, auto& f) {
      f("Name", m.name, until(12), ignorable);
      f("TopicId", m.topic_id, since(13), ignorable);
      f("PartitionData", m.partition_data);
    }
  };

  std::optional<std::string_view> transactional_id;
  int16_t acks = 0;  // 0: do not answer. 1: the leader has it. -1: all in-sync replicas have it.
  int32_t timeout_ms = 0;
  std::vector<TopicProduceData> topic_data;

  static void describe(auto& m, auto& f) {
    f("TransactionalId", m.transactional_id);
    f("Acks", m.acks);
    f("TimeoutMs", m.timeout_ms);
    f("TopicData", m.topic_data);
  }
};

}  // namespace eventd
