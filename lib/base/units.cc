// SPDX-License-Identifier: Apache-2.0
#include "lib/base/units.h"

#include <charconv>
#include <cmath>

#include "lib/base/text.h"

namespace eventd {

namespace {

constexpr int64_t kSecondMs = 1000;
constexpr int64_t kMinuteMs = 60 * kSecondMs;
constexpr int64_t kHourMs = 60 * kMinuteMs;
constexpr int64_t kDayMs = 24 * kHourMs;

std::unexpected<Error> bad(std::string_view what, std::string_view why) {
  return fail(Code::bad_usage, text("'", printable(what), "': ", why));
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

int64_t unit_ms(std::string_view unit) {
  if (unit == "ms") return 1;
  if (unit == "s") return kSecondMs;
  if (unit == "m") return kMinuteMs;
  if (unit == "h") return kHourMs;
  if (unit == "d") return kDayMs;
  if (unit == "w") return 7 * kDayMs;
  return 0;
}

}  // namespace

Result<int64_t> parse_duration_ms(std::string_view input) {
  if (input == "0") return int64_t{0};
  if (input.empty()) return bad(input, "a duration is empty");
  double total = 0;
  for (std::string_view left = input; !left.empty();) {
    double number = 0;
    auto [end, error] =
        std::from_chars(left.data(), left.data() + left.size(), number, std::chars_format::fixed);
    if (error != std::errc{} || !is_digit(left.front())) {
      return bad(input, "a duration is as 1h30m, 1.5s or 200ms");
    }
    left.remove_prefix(static_cast<size_t>(end - left.data()));
    size_t unit_size = 0;
    while (unit_size < left.size() && !is_digit(left[unit_size]) && left[unit_size] != '.') {
      unit_size++;
    }
    int64_t unit = unit_ms(left.substr(0, unit_size));
    if (unit == 0) return bad(input, "a duration needs a unit: ms s m h d w");
    total += number * static_cast<double>(unit);
    left.remove_prefix(unit_size);
  }
  if (total > static_cast<double>(kMsMost)) return bad(input, "the duration is too long");
  return static_cast<int64_t>(std::llround(total));
}

Result<uint64_t> parse_size_bytes(std::string_view given) {
  constexpr std::string_view kLetters = "KMGTPE";
  auto bad = [&](std::string_view why) {
    return fail(Code::bad_usage, text("'", printable(given), "': ", why));
  };
  std::string_view unit =
      given.substr(std::min(given.find_first_not_of("0123456789"), given.size()));
  auto number = parse_number<uint64_t>(given.substr(0, given.size() - unit.size()));
  if (!number) return bad("a size is as 10M, 4KB or 512");
  if (unit.empty()) return *number;
  size_t power = kLetters.find(unit.front() == 'k' ? 'K' : unit.front());
  std::string_view rest = unit.substr(1);
  if (power == std::string_view::npos || (!rest.empty() && rest != "B" && rest != "iB")) {
    return bad("the units of a size are K M G T P E (1024) and KB MB .. (1000)");
  }
  uint64_t factor = rest == "B" ? 1000 : 1024;
  uint64_t size = *number;
  for (size_t i = 0; i <= power; i++) {
    if (__builtin_mul_overflow(size, factor, &size)) return bad("the size is too large");
  }
  return size;
}

Result<std::string> in_kafka_units(std::string_view key, std::string_view value) {
  bool is_duration = key.ends_with(".ms");
  bool is_size = key.ends_with(".bytes");
  if ((!is_duration && !is_size) || parse_number<int64_t>(value)) return std::string(value);
  if (is_duration) {
    Result<int64_t> ms = parse_duration_ms(value);
    if (!ms) return pass(ms, key);
    return std::to_string(*ms);
  }
  Result<uint64_t> bytes = parse_size_bytes(value);
  if (!bytes) return pass(bytes, key);
  return std::to_string(*bytes);
}

}  // namespace eventd
