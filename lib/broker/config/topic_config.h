// SPDX-License-Identifier: Apache-2.0
// The configs of one topic as its partitions use them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "lib/broker/append_check.h"
#include "lib/broker/config/broker_config.h"
#include "lib/broker/config/definition.h"
#include "lib/cluster/image.h"
#include "lib/log/log.h"

namespace eventd {

struct TopicConfig {
  LogConfig log;
  AppendRules append;
  int64_t flush_messages = 1;
  int64_t flush_ms = INT64_MAX;
  int64_t file_delete_delay_ms = 60'000;
  int32_t min_insync_replicas = 1;
};

// Where a value comes from; Kafka's numbers (DescribeConfigs).
enum class ConfigSource : int8_t {
  dynamic_topic = 1,
  dynamic_broker = 2,
  dynamic_default_broker = 3,
  static_broker = 4,
  default_value = 5,
  dynamic_logger = 6,
  client_metrics = 7,
  group = 8,
};

// A value, and the weaker ones behind it.
struct ConfigValue {
  std::string name;  // a topic config, or the broker's synonym
  std::string value;
  ConfigSource source = ConfigSource::default_value;
};

// All that speak for a topic config, the strongest first: topic, broker, all brokers, file,
// default.
std::vector<ConfigValue> resolve_topic_config(const ConfigDefinition& definition,
                                              const Image& image, const BrokerConfig& broker,
                                              int32_t node_id, std::string_view topic);

std::shared_ptr<const TopicConfig> effective_topic_config(const Image& image,
                                                          const BrokerConfig& broker,
                                                          int32_t node_id, std::string_view topic);

// invalid_config for an unknown name, a bad value, or what this broker lacks.
Result<void> check_topic_configs(const ConfigMap& configs);

}  // namespace eventd
