// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/position.h"

#include "lib/base/text.h"

namespace eventd {

namespace {

constexpr int64_t kSecondMs = 1000;
constexpr int64_t kMinuteMs = 60 * kSecondMs;
constexpr int64_t kHourMs = 60 * kMinuteMs;
constexpr int64_t kDayMs = 24 * kHourMs;
constexpr size_t kSecondDigits = 11;

std::unexpected<Error> bad(std::string_view what, std::string_view why) {
  return fail(Code::bad_usage, text("'", printable(what), "': ", why));
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Days since 1970-01-01 of a date of the Gregorian calendar.
int64_t days_of(int64_t year, int64_t month, int64_t day) {
  year -= month <= 2 ? 1 : 0;
  int64_t era = (year >= 0 ? year : year - 399) / 400;
  int64_t year_of_era = year - era * 400;
  int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

int64_t days_in(int64_t year, int64_t month) {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

// Reads digits of a fixed width.
class DateReader {
 public:
  explicit DateReader(std::string_view in) : in_(in) {}
  std::optional<int64_t> digits(size_t count) {
    if (in_.size() < count) return std::nullopt;
    for (size_t i = 0; i < count; i++) {
      if (!is_digit(in_[i])) return std::nullopt;
    }
    auto number = parse_number<int64_t>(in_.substr(0, count));
    in_.remove_prefix(count);
    return number;
  }
  bool take(char c) {
    if (in_.empty() || in_.front() != c) return false;
    in_.remove_prefix(1);
    return true;
  }
  std::string_view rest() const { return in_; }

 private:
  std::string_view in_;
};

// ".5" and longer fractions; digits beyond the millisecond are cut.
int64_t fraction_ms(DateReader& in) {
  int64_t ms = 0;
  int64_t weight = 100;
  while (auto digit = in.digits(1)) {
    ms += *digit * weight;
    weight /= 10;
  }
  return ms;
}

// A date with an optional time and zone; what follows stays in `rest`.
std::optional<int64_t> parse_date(std::string_view input, std::string_view& rest) {
  DateReader in(input);
  auto year = in.digits(4);
  if (!year || !in.take('-')) return std::nullopt;
  auto month = in.digits(2);
  if (!month || !in.take('-')) return std::nullopt;
  auto day = in.digits(2);
  if (!day || *month < 1 || *month > 12 || *day < 1) return std::nullopt;
  if (*day > days_in(*year, *month)) return std::nullopt;
  int64_t ms = days_of(*year, *month, *day) * kDayMs;
  if (in.take('T')) {
    auto hour = in.digits(2);
    if (!hour || !in.take(':')) return std::nullopt;
    auto minute = in.digits(2);
    if (!minute || *hour > 23 || *minute > 59) return std::nullopt;
    ms += *hour * kHourMs + *minute * kMinuteMs;
    if (in.take(':')) {
      auto second = in.digits(2);
      if (!second || *second > 59) return std::nullopt;
      ms += *second * kSecondMs;
      if (in.take('.')) ms += fraction_ms(in);
    }
    if (in.take('Z')) {
      rest = in.rest();
      return ms;
    }
    // "+01:30" is a zone, "+1h" an offset.
    std::string_view zone = in.rest();
    bool is_zone = zone.size() >= 6 && (zone[0] == '+' || zone[0] == '-') && is_digit(zone[1]) &&
                   is_digit(zone[2]) && zone[3] == ':' && is_digit(zone[4]) && is_digit(zone[5]);
    if (is_zone) {
      int64_t hours = *parse_number<int64_t>(zone.substr(1, 2));
      int64_t minutes = *parse_number<int64_t>(zone.substr(4, 2));
      if (hours > 23 || minutes > 59) return std::nullopt;
      minutes += hours * 60;
      ms += (zone[0] == '+' ? -minutes : minutes) * kMinuteMs;
      rest = zone.substr(6);
      return ms;
    }
  }
  rest = in.rest();
  return ms;
}

// "2026-02-": a number that a duration follows has no two digits and another sign there.
bool looks_like_date(std::string_view input) {
  DateReader in(input);
  return in.digits(4) && in.take('-') && in.digits(2) && in.take('-');
}

}  // namespace

Result<int64_t> parse_time_ms(std::string_view input, WallTime now) {
  if (input.empty()) return bad(input, "a time is empty");
  int64_t ms = now.ms;
  std::string_view rest = input;
  if (input.starts_with("today")) {
    ms = now.ms - now.ms % kDayMs;
    rest = input.substr(5);
  } else if (auto date = parse_date(input, rest)) {
    ms = *date;
  } else if (looks_like_date(input)) {
    return bad(input, "there is no such day or time of day");
  } else if (is_digit(input.front())) {
    size_t count = 0;
    while (count < input.size() && is_digit(input[count])) count++;
    auto number = parse_number<int64_t>(input.substr(0, count));
    if (!number) return bad(input, "the number is too large");
    ms = count <= kSecondDigits ? *number * kSecondMs : *number;
    if (ms > kMsMost) return bad(input, "the number is too large");
    rest = input.substr(count);
  }
  while (!rest.empty()) {
    bool plus = rest.front() == '+';
    if (!plus && rest.front() != '-')
      return bad(input, "a time is as today-1d, -1h, 2026-11-25T10:00 or 1790000000");
    rest.remove_prefix(1);
    size_t size = std::min(rest.find('+'), rest.find('-'));
    std::string_view piece = rest.substr(0, size);
    Result<int64_t> duration = parse_duration_ms(piece);
    if (!duration) return bad(input, duration.error().message);
    ms += plus ? *duration : -*duration;
    if (ms > kMsMost || ms < -kMsMost) return bad(input, "no time is so far away");
    rest.remove_prefix(piece.size());
  }
  return ms;
}

Result<Position> parse_position(std::string_view input, WallTime now) {
  auto number_after = [&](std::string_view word, char sign) -> Result<int64_t> {
    if (input.size() == word.size()) return int64_t{0};
    auto number = parse_number<int64_t>(input.substr(word.size() + 1));
    if (input[word.size()] != sign || !number || *number < 0) {
      return bad(input, text("after ", word, " comes ", sign, "N"));
    }
    return *number;
  };
  if (input.starts_with("start")) {
    Result<int64_t> number = number_after("start", '+');
    if (!number) return pass(number);
    return Position{Position::Kind::start, *number};
  }
  if (input.starts_with("end")) {
    Result<int64_t> number = number_after("end", '-');
    if (!number) return pass(number);
    return Position{Position::Kind::end, *number};
  }
  if (input.starts_with("@")) {
    Result<int64_t> time = parse_time_ms(input.substr(1), now);
    if (!time) return pass(time);
    return Position{Position::Kind::time, *time};
  }
  auto offset = parse_number<int64_t>(input);
  if (!offset || *offset < 0) {
    return bad(input, "a position is start, start+N, end, end-N, an offset, or @TIME");
  }
  return Position{Position::Kind::offset, *offset};
}

Result<Positions> parse_positions(std::string_view input, WallTime now) {
  Positions positions;
  size_t colon = input.find(':');
  bool by_partition = colon != std::string_view::npos && colon > 0 &&
                      parse_number<int32_t>(input.substr(0, colon)).has_value();
  if (!by_partition) {
    Result<Position> position = parse_position(input, now);
    if (!position) return pass(position);
    positions.all = *position;
    return positions;
  }
  for (std::string_view item : split(input, ',')) {
    size_t at = item.find(':');
    auto partition = parse_number<int32_t>(item.substr(0, at));
    if (at == std::string_view::npos || !partition || *partition < 0) {
      return bad(item, "this is not PARTITION:POSITION");
    }
    Result<Position> position = parse_position(item.substr(at + 1), now);
    if (!position) return pass(position);
    if (!positions.by_partition.emplace(*partition, *position).second) {
      return bad(input, text("partition ", *partition, " stands there twice"));
    }
  }
  return positions;
}

Result<std::vector<int32_t>> parse_partitions(std::string_view input) {
  std::vector<int32_t> partitions;
  constexpr int32_t kMost = 1'000'000;
  for (std::string_view item : split(input, ',')) {
    size_t dash = item.find('-');
    auto first = parse_number<int32_t>(item.substr(0, dash));
    auto last =
        dash == std::string_view::npos ? first : parse_number<int32_t>(item.substr(dash + 1));
    if (!first || !last || *first < 0 || *last < *first || *last > kMost) {
      return bad(input, "partitions are as 0,2-4");
    }
    for (int32_t i = *first; i <= *last; i++) partitions.push_back(i);
  }
  return partitions;
}

}  // namespace eventd
