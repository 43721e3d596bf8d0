// SPDX-License-Identifier: Apache-2.0
// What a request to alter configs makes of a resource: the changed keys, or why not. Pure, but for
// set_log_levels().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/result.h"
#include "lib/broker/config/described.h"
#include "lib/cluster/image.h"

namespace eventd {

// Kafka's numbers (IncrementalAlterConfigs).
enum class AlterOperation : int8_t { set = 0, remove = 1, append = 2, subtract = 3 };

struct ConfigChange {
  std::string name;
  AlterOperation operation = AlterOperation::set;  // may be none of them, as the peer sent it
  std::optional<std::string> value;
};

// Null deletes.
using ConfigChanges = std::vector<std::pair<std::string, std::optional<std::string>>>;

// Whether the resource is there and has configs: unknown_topic_or_partition, invalid_request.
Result<void> check_resource(const Image& image, int32_t node_id, ConfigResource type,
                            std::string_view name);

// One change after the other. Not for loggers.
Result<ConfigChanges> alter_configs(const ConfigWorld& world, ConfigResource type,
                                    std::string_view name,
                                    const std::vector<ConfigChange>& changes);

// All configs of the resource replaced: what is not named is deleted.
Result<ConfigChanges> replace_configs(const ConfigWorld& world, ConfigResource type,
                                      std::string_view name,
                                      const std::vector<ConfigChange>& configs);

// Levels of loggers are the process's, not the cluster's: nothing is stored.
Result<void> set_log_levels(const std::vector<ConfigChange>& changes, bool validate_only);

}  // namespace eventd
