// SPDX-License-Identifier: Apache-2.0
// CreateTopics, DeleteTopics, CreatePartitions and DeleteRecords.
#pragma once

#include "lib/wire/message.h"

namespace eventd {

struct CreateTopicsResponse {
  static constexpr Api api{.key = ApiKey::create_topics, .versions = {2, 7}, .flexible = 5};

  struct CreatableTopicConfigs {
    std::string_view name;
    std::optional<std::string_view> value;
    bool read_only = false;
    int8_t config_source = -1;
    bool is_sensitive = false;
    bool operator==(const CreatableTopicConfigs&) const = default;
    static void describe(auto& m, auto& f) {
      f("Name", m.name, since(5));
      f("Value", m.value, since(5));
      f("ReadOnly", m.read_only, since(5));
      f("ConfigSource", m.config_source, since(5), ignorable);
      f("IsSensitive", m.is_sensitive, since(5));
    }
  };
  struct CreatableTopicResult {
    std::string_view name;
    Uuid topic_id;
    int16_t error_code = 0;
    std::optional<std::string_view> error_message;
    int16_t topic_config_error_code = 0;
    int32_t num_partitions = -1;
    int16_t replication_factor = -1;
    std::optional<std::vector<CreatableTopicConfigs>> configs;
    static void describe(auto& m, auto& f) {
      f("Name", m.name);
      f("TopicId", m.topic_id, since(7), ignorable);
      f("ErrorCode", m.error_code);
      f("ErrorMessage", m.error_message, ignorable);
      f("TopicConfigErrorCode", m.topic_config_error_code, tagged(0, since(5)), ignorable);
      f("NumPartitions", m.num_partitions, since(5), ignorable);
      f("ReplicationFactor", m.replication_factor, since(5), ignorable);
      f("Configs", m.configs, since(5), ignorable);
    }
  };

  int32_t throttle_time_ms = 0;
  std::vector<CreatableTopicResult> topics;

  static void describe(auto& m, auto& f) {
    f("ThrottleTimeMs", m.throttle_time_ms, ignorable);
    f("Topics", m.topics);
  }
};

// 4 lets -1 be the broker's default, 5 is flexible and answers configs, 7 answers topic ids.
struct CreateTopicsRequest {
  static constexpr Api api{.key = ApiKey::create_topics, .versions = {2, 7}, .flexible = 5};
  using Response = CreateTopicsResponse;

  struct CreatableReplicaAssignment {
    int32_t partition_index = 0;
    std::vector<int32_t> broker_ids;
    static void describe(auto& m, auto& f) {
      f("PartitionIndex", m.partition_index);
      f("BrokerIds", m.broker_ids);
    }
  };
  struct CreatableTopicConfig {
    std::string_view name;
    std::optional<std::string_view> value;
    bool operator==(const CreatableTopicConfig&) const = default;
    static void describe(auto& m, auto& f) {
      f("Name", m.name);
      f("Value", m.value);
    }
  };
  struct CreatableTopic {
    std::string_view name;
    int32_t num_partitions = 0;
    int16_t replication_factor = 0;
    std::vector<CreatableReplicaAssignment> assignments;
    std::vector<CreatableTopicConfig> configs;
    static void describe(auto& m, auto& f) {
      f("Name", m.name);
      f("NumPartitions", m.num_partitions);
      f("ReplicationFactor", m.replication_factor);
      f("Assignments", m.assignments);
      f("Configs", m.configs);
    }
  };

  std::vector<CreatableTopic> topics;
  int32_t timeout_ms = 60000;
  bool validate_only = false;

  static void describe(auto& m, auto& f) {
    f("Topics", m.topics);
    f("timeoutMs", m.timeout_ms);
    f("validateOnly", m.validate_only);
  }
};

struct DeleteTopicsResponse {
  static constexpr Api api{.key = ApiKey::delete_topics, .versions = {1, 6}, .flexible = 4};

  struct DeletableTopicResult {
    std::optional<std::string_view> name;
    Uuid topic_id;
    int16_t error_code = 0;
    std::optional<std::string_view> error_message;
    bool operator==(const DeletableTopicResult&) const = default;
    static void describe(auto& m, auto& f) {
      f("Name", m.name, nullable_since(6));
      f("TopicId", m.topic_id, since(6), ignorable);
      f("ErrorCode", m.error_code);
      f("ErrorMessage", m.error_message, since(5), ignorable);
    }
  };

  int32_t throttle_time_ms = 0;
  std::vector<DeletableTopicResult> responses;

  static void describe(auto& m, auto& f) {
    f("ThrottleTimeMs", m.throttle_time_ms, ignorable);
    f("Responses", m.responses);
  }
};

// Up to 5 names, from 6 on names or ids.
struct DeleteTopicsRequest {
  static constexpr Api api{.key = ApiKey::delete_topics, .versions = {1, 6}, .flexible = 4};
  using Response = DeleteTopicsResponse;

  struct DeleteTopicState {
    std::optional<std::string_view> name;
    Uuid topic_id;
    bool operator==(const DeleteTopicState&) const = default;
    static void describe(auto& m, auto& f) {
      f("Name", m.name, since(6));
      f("TopicId", m.topic_id, since(6));
    }
  };

  std::vector<DeleteTopicState> topics;
  std::vector<std::string_view> topic_names;
  int32_t timeout_ms = 0;

  static void describe(auto& m, auto& f) {
    f("Topics", m.topics, since(6));
    f("TopicNames", m.topic_names, until(5), ignorable);
    f("TimeoutMs", m.timeout_ms);
  }
};

struct CreatePartitionsResponse {
  static constexpr Api api{.key = ApiKey::create_partitions, .versions = {0, 3}, .flexible = 2};

  struct CreatePartitionsTopicResult {
    std::string_view name;
    int16_t error_code = 0;
    std::optional<std::string_view> error_message;
    bool operator==(const CreatePartitionsTopicResult&) const = default;
    static void describe(auto& m, auto& f) {
      f("Name", m.name);
      f("ErrorCode", m.error_code);
      f("ErrorMessage", m.error_message);
    }
  };

  int32_t throttle_time_ms = 0;
  std::vector<CreatePartitionsTopicResult> results;

  static void describe(auto& m, auto& f) {
    f("ThrottleTimeMs", m.throttle_time_ms);
    f("Results", m.results);
  }
};

struct CreatePartitionsRequest {
  static constexpr Api api{.key = ApiKey::create_partitions, .versions = {0, 3}, .flexible = 2};
  using Response = CreatePartitionsResponse;

  struct CreatePartitionsAssignment {
    std::vector<int32_t> broker_ids;
    static void describe(auto& m, auto& f) { f("BrokerIds", m.broker_ids); }
  };
  struct CreatePartitionsTopic {
    std::string_view name;
    int32_t count = 0;  // The new total.
    std::optional<std::vector<CreatePartitionsAssignment>> assignments;
    static void describe(auto& m, auto& f) {
      f("Name", m.name);
      f("Count", m.count);
      f("Assignments", m.assignments);
    }
  };

  std::vector<CreatePartitionsTopic> topics;
  int32_t timeout_ms = 0;
  bool validate_only = false;

  static void describe(auto& m, auto& f) {
    f("Topics", m.topics);
    f("TimeoutMs", m.timeout_ms);
    f("ValidateOnly", m.validate_only);
  }
};

struct DeleteRecordsResponse {
  static constexpr Api api{.key = ApiKey::delete_records, .versions = {0, 2}, .flexible = 2};

  struct DeleteRecordsPartitionResult {
    int32_t partition_index = 0;
    int64_t low_watermark = 0;
    int16_t error_code = 0;
    bool operator==(const DeleteRecordsPartitionResult&) const = default;
    static void describe(auto& m, auto& f) {
      f("PartitionIndex", m.partition_index);
      f("LowWatermark", m.low_watermark);
      f("ErrorCode", m.error_code);
    }
  };
  struct DeleteRecordsTopicResult {
    std::string_view name;
    std::vector<DeleteRecordsPartitionResult> partitions;
    static void describe(auto& m, auto& f) {
      f("Name", m.name);
      f("Partitions", m.partitions);
    }
  };

  int32_t throttle_time_ms = 0;
  std::vector<DeleteRecordsTopicResult> topics;

  static void describe(auto& m, auto& f) {
    f("ThrottleTimeMs", m.throttle_time_ms);
    f("Topics", m.topics);
  }
};

struct DeleteRecordsRequest {
  static constexpr Api api{.key = ApiKey::delete_records, .versions = {0, 2}, .flexible = 2};
  using Response = DeleteRecordsResponse;

  struct DeleteRecordsPartition {
    int32_t partition_index = 0;
    int64_t offset = 0;  // -1: the high watermark.
    bool operator==(const DeleteRecordsPartition&) const = default;
    static void describe(auto& m, auto& f) {
      f("PartitionIndex", m.partition_index);
      f("Offset", m.offset);
    }
  };
  struct DeleteRecordsTopic {
    std::string_view name;
    std::vector<DeleteRecordsPartition> partitions;
    static void describe(auto& m, auto& f) {
      f("Name", m.name);
      f("Partitions", m.partitions);
    }
  };

  std::vector<DeleteRecordsTopic> topics;
  int32_t timeout_ms = 0;

  static void describe(auto& m, auto& f) {
    f("Topics", m.topics);
    f("TimeoutMs", m.timeout_ms);
  }
};

}  // namespace eventd
