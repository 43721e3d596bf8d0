// SPDX-License-Identifier: Apache-2.0
// Values of configs as people type them: where the name ends in .ms a duration, in .bytes a size.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace eventd {

// The value in Kafka's units: "7d" of retention.ms is "604800000". Kafka's own numbers, and values
// of other configs, stay what they are. bad_usage for what is neither.
Result<std::string> in_kafka_units(std::string_view key, std::string_view value);

}  // namespace eventd
