// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/produce/dead_letters.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <sstream>

#include "tests/support/temporary_directory.h"

using namespace eventd;
using Kind = InputRecord::Kind;

namespace {

std::string content_of(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

}  // namespace

TEST_CASE("of many on their way those that are lost are written as they were read") {
  TemporaryDirectory folder;
  RecordFormat format;
  std::mt19937 random(2);
  std::string expected;
  {
    DeadLetters letters(format);
    REQUIRE(letters.open(folder / "dead").has_value());
    std::vector<std::string> records;
    for (uint64_t line = 1; line <= 20'000; line++) {
      records.push_back("line " + std::to_string(line) + std::string(random() % 50, '.'));
      letters.keep(line, {Kind::record, records.back()});
    }
    std::vector<uint64_t> order;
    for (uint64_t line = 1; line <= records.size(); line++) order.push_back(line);
    std::ranges::shuffle(order, random);
    for (uint64_t line : order) {
      if (random() % 10 != 0) {
        letters.acknowledged(line);
        continue;
      }
      letters.lost(line);
      expected += records[line - 1] + "\n";
    }
    CHECK(letters.flush().has_value());
  }
  CHECK(content_of(folder / "dead") == expected);
}

TEST_CASE("frames get their length again, parts nothing, and what is there is added to") {
  TemporaryDirectory folder;
  RecordFormat format;
  format.frame = true;
  for (int i = 0; i < 2; i++) {
    DeadLetters letters(format);
    REQUIRE(letters.open(folder / "dead").has_value());
    letters.write({Kind::record, "ab"});
    letters.write({Kind::null, ""});
    letters.write({Kind::part, "xx"});
    letters.write({Kind::too_long, "y"});
    CHECK(letters.flush().has_value());
  }
  std::string once("\0\0\0\2ab\xff\xff\xff\xffxxy", 13);
  CHECK(content_of(folder / "dead") == once + once);
}

TEST_CASE("it is known when so much is kept that one should wait, and when no more") {
  TemporaryDirectory folder;
  RecordFormat format;
  DeadLetters letters(format);
  REQUIRE(letters.open(folder / "dead").has_value());
  std::string megabyte(1 << 20, 'x');
  uint64_t line = 0;
  while (!letters.is_full()) letters.keep(++line, {Kind::record, megabyte});
  CHECK(line < 100);
  while (line > 1) letters.acknowledged(line--);
  CHECK(!letters.is_full());
  letters.acknowledged(1);
}

TEST_CASE("a full disk is told, and a file that is read is known") {
  TemporaryDirectory folder;
  RecordFormat format;
  DeadLetters letters(format);
  REQUIRE(letters.open("/dev/full").has_value());
  letters.write({Kind::record, "ab"});
  CHECK(letters.flush().error().code == Code::disk_full);
  DeadLetters others(format);
  REQUIRE(others.open(folder / "dead").has_value());
  CHECK(others.is_file(folder / "dead"));
  CHECK(!others.is_file("/dev/null"));
  CHECK(!letters.is_file("/dev/full"));  // it does not grow
  DeadLetters nowhere(format);
  CHECK(!nowhere.open(folder / "absent/dead").has_value());
}
