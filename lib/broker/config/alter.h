// SPDX-License-Identifier: Apache-2.0
// What a request to alter configs makes of a resource: the changed keys, or why not. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/result.h"
#include "lib/cluster/image.h"

namespace eventd {

// Kafka's numbers (IncrementalAlterConfigs).
enum class AlterOperation : int8_t { set = 0, remove = 1, append = 2, subtract = 3 };

struct ConfigChange {
  std::string name;
  AlterOperation operation = AlterOperation::set;
  std::optional<std::string> value;
};

// Null deletes.
using ConfigChanges = std::vector<std::pair<std::string, std::optional<std::string>>>;

// Whether the resource is there and can be configured: unknown_topic_or_partition, invalid_request.
Result<void> check_resource(const Image& image, int32_t node_id, ConfigResource type,
                            std::string_view name);

// One change after the other. `defaults` gives the value that a list has where none is set.
Result<ConfigChanges> alter_configs(const Image& image, ConfigResource type, std::string_view name,
                                    const std::vector<ConfigChange>& changes);

// All configs of the resource replaced: what is not named is deleted.
Result<ConfigChanges> replace_configs(const Image& image, ConfigResource type,
                                      std::string_view name,
                                      const std::vector<ConfigChange>& configs);

}  // namespace eventd
