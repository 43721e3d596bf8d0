// SPDX-License-Identifier: Apache-2.0
// DescribeLogDirs: how many bytes each partition has, and where.
#pragma once

#include "lib/wire/message.h"

namespace eventd {

struct DescribeLogDirsResponse {
  static constexpr Api api{.key = ApiKey::describe_log_dirs, .versions = {1, 5}, .flexible = 2};

  struct DescribeLogDirsPartition {
    int32_t partition_index = 0;
    int64_t partition_size = 0;
    int64_t offset_lag = 0;
    bool is_future_key = false;
    bool operator==(const DescribeLogDirsPartition&) const = default;
    static void describe(auto& m, auto& f) {
      f("PartitionIndex", m.partition_index);
      f("PartitionSize", m.partition_size);
      f("OffsetLag", m.offset_lag);
      f("IsFutureKey", m.is_future_key);
    }
  };
  struct DescribeLogDirsTopic {
    std::string_view name;
    std::vector<DescribeLogDirsPartition> partitions;
    static void describe(auto& m, auto& f) {
      f("Name", m.name);
      f("Partitions", m.partitions);
    }
  };
  struct DescribeLogDirsResult {
    int16_t error_code = 0;
    std::string_view log_dir;
    std::vector<DescribeLogDirsTopic> topics;
    int64_t total_bytes = -1;
    int64_t usable_bytes = -1;
    bool is_cordoned = false;
    static void describe(auto& m, auto& f) {
      f("ErrorCode", m.error_code);
      f("LogDir", m.log_dir);
      f("Topics", m.topics);
      f("TotalBytes", m.total_bytes, since(4), ignorable);
      f("UsableBytes", m.usable_bytes, since(4), ignorable);
      f("IsCordoned", m.is_cordoned, since(5), ignorable);
    }
  };

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  std::vector<DescribeLogDirsResult> results;

  static void describe(auto& m, auto& f) {
    f("ThrottleTimeMs", m.throttle_time_ms);
    f("ErrorCode", m.error_code, since(3), ignorable);
    f("Results", m.results);
  }
};

struct DescribeLogDirsRequest {
  static constexpr Api api{.key = ApiKey::describe_log_dirs, .versions = {1, 5}, .flexible = 2};
  using Response = DescribeLogDirsResponse;

  struct DescribableLogDirTopic {
    std::string_view topic;
    std::vector<int32_t> partitions;
    static void describe(auto& m, auto& f) {
      f("Topic", m.topic);
      f("Partitions", m.partitions);
    }
  };

  std::optional<std::vector<DescribableLogDirTopic>> topics;

  static void describe(auto& m, auto& f) { f("Topics", m.topics); }
};

}  // namespace eventd
