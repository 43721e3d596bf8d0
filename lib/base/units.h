// SPDX-License-Identifier: Apache-2.0
// Durations and sizes as people type them. All fail with bad_usage and what is wrong.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace eventd {

// The end of the year 9999 and more: what no sum of times may pass.
inline constexpr int64_t kMsMost = 1'000'000'000'000'000;

// 1h30m, 1.5s, 200ms, 2w; 0 alone needs no unit.
Result<int64_t> parse_duration_ms(std::string_view input);

// As coreutils take them: 10M, 4K (1024), 4KB (1000), 4KiB, a bare number of bytes.
Result<uint64_t> parse_size_bytes(std::string_view given);

// The value of a config in Kafka's units: where the name ends in .ms a duration, in .bytes a size.
// "7d" of retention.ms is "604800000". Kafka's own numbers, and values of other configs, stay what
// they are.
Result<std::string> in_kafka_units(std::string_view key, std::string_view value);

}  // namespace eventd
