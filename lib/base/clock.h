// SPDX-License-Identifier: Apache-2.0
// The two clocks. Pure code takes their values as arguments; only edges read them.
#pragma once

#include <chrono>
#include <cstdint>

namespace eventd {

// Monotonic time, for deadlines and durations.
using Instant = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;
using Duration = std::chrono::nanoseconds;

// Milliseconds since 1970-01-01 UTC, as records carry them.
struct WallTime {
  int64_t ms = 0;
  auto operator<=>(const WallTime&) const = default;
};

Instant monotonic_now();
WallTime wall_now();

}  // namespace eventd
