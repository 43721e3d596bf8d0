// SPDX-License-Identifier: Apache-2.0
// Places in a topic, durations and times as people type them.
//
//   position = "start" ["+" N] | "end" ["-" N] | N | "@" time
//   time     = [base] { ("+"|"-") duration }, not empty; without base from now
//   base     = "today" | digits (up to 11: seconds, more: ms)
//            | YYYY-MM-DD [ "T" HH:MM [":SS" [".fff"]] [ "Z" | ("+"|"-") HH:MM ] ]
//   duration = as 1h30m or 1.5s, of ms s m h d w
//
// Times are UTC. Pure: now is an argument.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "lib/base/units.h"

namespace eventd {

struct Position {
  enum class Kind { start, end, offset, time };
  Kind kind = Kind::start;
  int64_t number = 0;  // added to the start, taken from the end, the offset, or ms since 1970

  bool operator==(const Position&) const = default;
};

// One for all partitions, or one each for some: P ":" position {"," ..}.
struct Positions {
  std::optional<Position> all;
  std::map<int32_t, Position> by_partition;
};

// bad_usage with what is wrong.
Result<int64_t> parse_time_ms(std::string_view text, WallTime now);
Result<Position> parse_position(std::string_view text, WallTime now);
Result<Positions> parse_positions(std::string_view text, WallTime now);

// "0,2-4"
Result<std::vector<int32_t>> parse_partitions(std::string_view text);

}  // namespace eventd
