// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/position.h"

#include <doctest/doctest.h>

using namespace eventd;

namespace {

constexpr WallTime kNow{1'790'000'000'000};  // 2026-09-21T14:13:20Z

// -1 for what is refused.
int64_t duration(std::string_view text) { return parse_duration_ms(text).value_or(-1); }
int64_t time_of(std::string_view text) { return parse_time_ms(text, kNow).value_or(-1); }

std::optional<Position> position(std::string_view text) {
  Result<Position> parsed = parse_position(text, kNow);
  return parsed ? std::optional(*parsed) : std::nullopt;
}

}  // namespace

TEST_CASE("durations have units, and only 0 has none") {
  CHECK(duration("1h30m") == 5'400'000);
  CHECK(duration("1.5s") == 1500);
  CHECK(duration("200ms") == 200);
  CHECK(duration("2w1d") == 15 * 86'400'000LL);
  CHECK(duration("0") == 0);
  for (const char* bad : {"", "5", "h", "1x", "-1s", "1e3s", "infs", "1h-2m", "1 s", "0x1s",
                          "99999999999999w", "1s ", "."}) {
    CHECK_MESSAGE(duration(bad) == -1, bad);
  }
}

TEST_CASE("times are UTC: dates, seconds, milliseconds, and sums with durations") {
  CHECK(time_of("1790000000") == 1'790'000'000'000);
  CHECK(time_of("1790000000123") == 1'790'000'000'123);
  // Up to 11 digits are seconds, more milliseconds.
  CHECK(time_of("99999999999") == 99'999'999'999'000);
  CHECK(time_of("100000000000") == 100'000'000'000);
  CHECK(time_of("2026-09-21") == 1'789'948'800'000);
  CHECK(time_of("2026-09-21T13:33") == 1'789'997'580'000);
  CHECK(time_of("2026-09-21T14:13:20.5Z") == 1'790'000'000'500);
  CHECK(time_of("2026-09-21T14:13:20+01:30") == kNow.ms - 5'400'000);
  CHECK(time_of("2026-09-21T14:13:20-01:00") == kNow.ms + 3'600'000);
  CHECK(time_of("2026-09-21T14:13:20-1h") == kNow.ms - 3'600'000);
  CHECK(time_of("today") == 1'789'948'800'000);
  CHECK(time_of("today-1d+6h") == 1'789'948'800'000 - 86'400'000 + 21'600'000);
  CHECK(time_of("-1h") == kNow.ms - 3'600'000);
  CHECK(time_of("2024-02-29") == 1'709'164'800'000);
  for (const char* bad : {"", "yesterday", "2026-02-29", "2026-04-31", "2026-13-01", "2026-00-01",
                          "2026-09-21T25:00", "2026-09-21T10:61", "2026-09-21T10:00+25:00",
                          "2026-09-21T10:00+01:99", "2026-9-1", "12x", "-", "+", "today+", "todayx",
                          "9223372036854775807", "99999999999999999999", "2026-09-21T10:00:00Zx"}) {
    CHECK_MESSAGE(time_of(bad) == -1, bad);
  }
}

TEST_CASE("positions are start, end, an offset or a time, with their distances") {
  using Kind = Position::Kind;
  CHECK(position("start") == Position{Kind::start, 0});
  CHECK(position("start+7") == Position{Kind::start, 7});
  CHECK(position("end") == Position{Kind::end, 0});
  CHECK(position("end-10") == Position{Kind::end, 10});
  CHECK(position("42") == Position{Kind::offset, 42});
  CHECK(position("@-1h") == Position{Kind::time, kNow.ms - 3'600'000});
  CHECK(position("start+9223372036854775807") == Position{Kind::start, INT64_MAX});
  for (const char* bad : {"", "begin", "start-1", "start+", "start+-1", "startx", "end+1", "end-",
                          "ending", "-5", "1.5", "@", "0x10", "99999999999999999999"}) {
    CHECK_MESSAGE(!position(bad), bad);
  }
}

TEST_CASE("positions are one for all partitions, or one each") {
  Result<Positions> all = parse_positions("end-1", kNow);
  REQUIRE(all.has_value());
  CHECK(all->all == Position{Position::Kind::end, 1});
  Result<Positions> each = parse_positions("0:start,3:17,4:@2026-09-21T14:13:20Z", kNow);
  REQUIRE(each.has_value());
  CHECK(!each->all);
  CHECK(each->by_partition.size() == 3);
  CHECK(each->by_partition[3] == Position{Position::Kind::offset, 17});
  CHECK(each->by_partition[4] == Position{Position::Kind::time, kNow.ms});
  for (const char* bad : {"0:start,0:end", "0:start,end", "0:", "0:start,", "-1:start", ":start"}) {
    CHECK_MESSAGE(!parse_positions(bad, kNow).has_value(), bad);
  }
}

TEST_CASE("partitions are listed one by one and as ranges") {
  CHECK(*parse_partitions("0,2-4") == std::vector<int32_t>{0, 2, 3, 4});
  for (const char* bad : {"", ",", "1-", "-1", "4-2", "a", "0-99999999999", "0-2000000", "1 "}) {
    CHECK_MESSAGE(!parse_partitions(bad).has_value(), bad);
  }
}
