// SPDX-License-Identifier: Apache-2.0
// InitProducerId and DescribeProducers.
#pragma once

#include "lib/wire/message.h"

namespace eventd {

struct InitProducerIdResponse {
  static constexpr Api api{.key = ApiKey::init_producer_id, .versions = {0, 5}, .flexible = 2};

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  int64_t producer_id = -1;
  int16_t producer_epoch = 0;

  static void describe(auto& m, auto& f) {
    f("ThrottleTimeMs", m.throttle_time_ms, ignorable);
    f("ErrorCode", m.error_code);
    f("ProducerId", m.producer_id);
    f("ProducerEpoch", m.producer_epoch);
  }
};

struct InitProducerIdRequest {
  static constexpr Api api{.key = ApiKey::init_producer_id, .versions = {0, 5}, .flexible = 2};
  using Response = InitProducerIdResponse;

  std::optional<std::string_view> transactional_id;
  int32_t transaction_timeout_ms = 0;  // Of no meaning without a transactional id.
  int64_t producer_id = -1;
  int16_t producer_epoch = -1;

  static void describe(auto& m, auto& f) {
    f("TransactionalId", m.transactional_id);
    f("TransactionTimeoutMs", m.transaction_timeout_ms);
    f("ProducerId", m.producer_id, since(3));
    f("ProducerEpoch", m.producer_epoch, since(3));
  }
};

struct DescribeProducersResponse {
  static constexpr Api api{.key = ApiKey::describe_producers, .versions = {0, 0}, .flexible = 0};

  struct ProducerState {
    int64_t producer_id = 0;
    int32_t producer_epoch = 0;
    int32_t last_sequence = -1;
    int64_t last_timestamp = -1;
    int32_t coordinator_epoch = 0;
    int64_t current_txn_start_offset = -1;
    bool operator==(const ProducerState&) const = default;
    static void describe(auto& m, auto& f) {
      f("ProducerId", m.producer_id);
      f("ProducerEpoch", m.producer_epoch);
      f("LastSequence", m.last_sequence);
      f("LastTimestamp", m.last_timestamp);
      f("CoordinatorEpoch", m.coordinator_epoch);
      f("CurrentTxnStartOffset", m.current_txn_start_offset);
    }
  };
  struct PartitionResponse {
    int32_t partition_index = 0;
    int16_t error_code = 0;
    std::optional<std::string_view> error_message;
    std::vector<ProducerState> active_producers;
    static void describe(auto& m, auto& f) {
      f("PartitionIndex", m.partition_index);
      f("ErrorCode", m.error_code);
      f("ErrorMessage", m.error_message);
      f("ActiveProducers", m.active_producers);
    }
  };
  struct TopicResponse {
    std::string_view name;
    std::vector<PartitionResponse> partitions;
    static void describe(auto& m, auto& f) {
      f("Name", m.name);
      f("Partitions", m.partitions);
    }
  };

  int32_t throttle_time_ms = 0;
  std::vector<TopicResponse> topics;

  static void describe(auto& m, auto& f) {
    f("ThrottleTimeMs", m.throttle_time_ms);
    f("Topics", m.topics);
  }
};

struct DescribeProducersRequest {
  static constexpr Api api{.key = ApiKey::describe_producers, .versions = {0, 0}, .flexible = 0};
  using Response = DescribeProducersResponse;

  struct TopicRequest {
    std::string_view name;
    std::vector<int32_t> partition_indexes;
    static void describe(auto& m, auto& f) {
      f("Name", m.name);
      f("PartitionIndexes", m.partition_indexes);
    }
  };

  std::vector<TopicRequest> topics;

  static void describe(auto& m, auto& f) { f("Topics", m.topics); }
};

}  // namespace eventd
