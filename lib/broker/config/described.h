// SPDX-License-Identifier: Apache-2.0
// What DescribeConfigs tells of a resource: each config with its value, where that comes from, and
// what would stand in its place. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/broker/config/broker_config.h"
#include "lib/broker/config/definition.h"
#include "lib/broker/config/topic_config.h"
#include "lib/cluster/image.h"

namespace eventd {

// All that decides over the configs of a broker. The parts outlive it.
struct ConfigWorld {
  const Image& image;
  const BrokerConfig& broker;  // its file and flags
  int32_t node_id = 0;
};

struct DescribedConfig {
  std::string name;
  std::optional<std::string> value;  // null, also where it is a secret
  ConfigSource source = ConfigSource::default_value;
  ConfigType type = ConfigType::unknown;
  bool read_only = false;
  bool sensitive = false;             // the values of its synonyms are secrets too
  std::vector<ConfigValue> synonyms;  // the strongest first; the first one is the config's own
  std::string_view documentation;
};

// All configs of a resource that is there (check_resource()).
std::vector<DescribedConfig> describe_configs(const ConfigWorld& world, ConfigResource type,
                                              std::string_view name);

// What this broker heeds under a broker config's name now, or "".
std::string broker_config_value(const Image& image, const BrokerConfig& broker, int32_t node_id,
                                std::string_view name);

}  // namespace eventd
