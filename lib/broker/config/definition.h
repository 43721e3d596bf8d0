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
  unknown = 0,
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

// Whether a broker's config can be changed while brokers run, and for whom (Kafka's update modes).
enum class ConfigUpdate { read_only, per_broker, cluster_wide };

struct ConfigDefinition {
  std::string_view name;
  ConfigType type = ConfigType::string;
  std::optional<std::string_view> default_value;  // nothing: null
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  std::vector<std::string_view> allowed;  // of strings, and of the elements of lists; empty: any
  // Beyond type and bounds: what is wrong with a value (of a list: with its elements), or nothing.
  std::string_view (*fault)(std::string_view value) = nullptr;
  std::vector<BrokerSynonym> synonyms;  // of topic and group configs
  ConfigUpdate update = ConfigUpdate::read_only;  // of broker configs
  bool internal = false;    // of Kafka's tests: told only where it is set
  bool has_effect = true;   // false: known, checked and told, for those who come from Kafka
  std::string_view documentation;
  bool is_sensitive() const { return type == ConfigType::password; }
};

// invalid_config with what is wrong.
Result<void> check_value(const ConfigDefinition& definition, std::string_view value);

// A value that check_value() has passed, as Kafka tells it whatever its spelling: " +5 " is "5", a
// ratio of "1" is "1.0", "a , b,a" is "a,b".
std::string canonical_value(ConfigType type, std::string_view value);

// All topic configs, by name.
std::span<const ConfigDefinition> topic_configs();
const ConfigDefinition* find_topic_config(std::string_view name);

// All of a broker in Kafka 4.3, by name.
std::span<const ConfigDefinition> broker_configs();
const ConfigDefinition* find_broker_config(std::string_view name);
// The part of them that has no effect here, in no order.
std::vector<ConfigDefinition> broker_configs_without_effect();
// The broker's configs that speak for this one, the strongest first: itself, then larger units.
std::vector<std::string_view> broker_fallbacks(std::string_view name);

// Of groups and of subscriptions to client metrics, by name.
std::span<const ConfigDefinition> group_configs();
std::span<const ConfigDefinition> client_metrics_configs();

const ConfigDefinition* find_config(std::span<const ConfigDefinition> table, std::string_view name);

// Of a value that check_value() has passed.
int64_t number_of(std::string_view value);
bool truth_of(std::string_view value);
std::vector<std::string> list_of(std::string_view value);

}  // namespace eventd
