// SPDX-License-Identifier: Apache-2.0
// What a config is: its name, type, default and the values it may have. Kafka 4.3's names, types
// and bounds; texts are our own.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace eventd {

// Kafka's numbers (DescribeConfigs).
enum class ConfigType : int8_t {
  boolean = 1,
  string = 2,
  int32 = 3,
  int16 = 4,
  int64 = 5,
  float64 = 6,
  list = 7,
  class_name = 8,
  password = 9,
};

// A broker's config that decides where the topic's own is not set, the strongest first. Its unit is
// `unit` of the topic's: 3600000 for hours where the topic has milliseconds.
struct BrokerSynonym {
  std::string_view name;
  int64_t unit = 1;
};

struct ConfigDefinition {
  std::string_view name;
  ConfigType type = ConfigType::string;
  std::string_view default_value;
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  std::vector<std::string_view> allowed;  // of strings, and of the elements of lists; empty: any
  std::vector<BrokerSynonym> synonyms;    // of topic configs
  std::string_view documentation;
};

// invalid_config with what is wrong.
Result<void> check_value(const ConfigDefinition& definition, std::string_view value);

// All topic configs, by name.
std::span<const ConfigDefinition> topic_configs();
const ConfigDefinition* find_topic_config(std::string_view name);

// Those of a broker that this one heeds or describes.
std::span<const ConfigDefinition> broker_configs();
const ConfigDefinition* find_broker_config(std::string_view name);

// Of a value that check_value() has passed.
int64_t number_of(std::string_view value);
bool truth_of(std::string_view value);
std::vector<std::string> list_of(std::string_view value);

}  // namespace eventd
