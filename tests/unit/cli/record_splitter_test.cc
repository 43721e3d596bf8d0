// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/produce/record_splitter.h"

#include <doctest/doctest.h>

#include <random>
#include <vector>

#include "lib/base/big_endian.h"
#include "lib/base/bytes.h"

using namespace eventd;
using Kind = InputRecord::Kind;

namespace {

struct Cut {
  std::vector<std::string> records;  // "<null>", "<too long>", "<broken>" for those
  std::string raw;                   // all that was handed out, with nothing put back
};

Cut cut(std::unique_ptr<RecordSplitter> splitter, const std::string& input, size_t step) {
  Cut all;
  InputRecord record;
  auto take = [&] {
    while (splitter->next(record)) {
      all.raw += record.bytes;
      if (record.kind == Kind::record) all.records.emplace_back(record.bytes);
      if (record.kind == Kind::null) all.records.emplace_back("<null>");
      if (record.kind == Kind::too_long) all.records.emplace_back("<too long>");
      if (record.kind == Kind::broken) all.records.emplace_back("<broken>");
    }
  };
  std::string chunk;  // gone after each step, as a chunk is
  for (size_t at = 0; at < input.size(); at += step) {
    chunk = input.substr(at, step);
    splitter->feed(chunk);
    take();
  }
  splitter->feed({});
  splitter->finish();
  take();
  take();
  return all;
}

std::vector<std::string> lines(const std::string& input, const std::string& delimiter,
                               size_t record_max, size_t step) {
  return cut(split_at(delimiter, record_max), input, step).records;
}

// The same, without any cleverness.
std::vector<std::string> plainly(std::string input, const std::string& delimiter,
                                 size_t record_max) {
  std::vector<std::string> records;
  while (!input.empty()) {
    size_t found = input.find(delimiter);
    std::string record = input.substr(0, found);
    records.push_back(record.size() > record_max ? "<too long>" : record);
    if (found == std::string::npos) break;
    input.erase(0, found + delimiter.size());
  }
  return records;
}

std::string frame(int32_t size, const std::string& bytes = "") {
  uint8_t prefix[4];
  store_big_endian(prefix, size);
  return std::string(text_of(prefix)) + bytes;
}

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("the last record needs no delimiter, and an empty line is an empty record") {
  CHECK(lines("a\n\nb", "\n", 100, 100) == Strings{"a", "", "b"});
  CHECK(lines("a\n", "\n", 100, 100) == Strings{"a"});
  CHECK(lines("\n", "\n", 100, 100) == Strings{""});
  CHECK(lines("", "\n", 100, 100).empty());
  CHECK(lines(std::string("a\r\0b\n", 5), "\n", 100, 1) == Strings{std::string("a\r\0b", 4)});
}

TEST_CASE("records are the same however the input is cut into chunks") {
  std::mt19937 random(3);
  for (int round = 0; round < 3000; round++) {
    std::string input;
    for (size_t n = random() % 60; n > 0; n--) input += "ab-="[random() % 4];
    for (const std::string delimiter : {"-", "--", "-=-"}) {
      size_t record_max = 1 + random() % 8;
      Strings expected = plainly(input, delimiter, record_max);
      for (size_t step : {1, 2, 3, 7, 100}) {
        REQUIRE(lines(input, delimiter, record_max, step) == expected);
      }
    }
  }
}

TEST_CASE("what is too long comes in parts, every byte of it") {
  std::string input(1000, 'x');
  for (size_t step : {1, 7, 100, 5000}) {
    Cut all = cut(split_at("--", 10), "ab--" + input + "-" + input + "--c", step);
    CHECK(all.records == Strings{"ab", "<too long>", "c"});
    CHECK(all.raw == "ab" + input + "-" + input + "c");
    all = cut(split_frames(10), frame(2, "ab") + frame(1000, input) + frame(1, "c"), step);
    CHECK(all.records == Strings{"ab", "<too long>", "c"});
    CHECK(all.raw == "ab" + frame(1000, input) + "c");
    all = cut(split_nowhere(10), input, step);
    CHECK(all.records == Strings{"<too long>"});
    CHECK(all.raw == input);
  }
}

TEST_CASE("a record of gigabytes takes no more memory than the limit allows") {
  std::string chunk(100'000, 'x');
  for (auto make : {+[] { return split_at("\n", 1000); }, +[] { return split_nowhere(1000); }}) {
    std::unique_ptr<RecordSplitter> splitter = make();
    InputRecord record;
    for (int i = 0; i < 20'000; i++) {
      splitter->feed(chunk);
      while (splitter->next(record)) {
        REQUIRE(record.kind == Kind::part);
        REQUIRE(record.bytes.size() <= chunk.size());
      }
    }
    splitter->feed("\nnext\n");
    splitter->finish();
    while (splitter->next(record) && record.kind == Kind::part) {
    }
    CHECK(record.kind == Kind::too_long);
  }
}

TEST_CASE("frames are null, empty or any bytes, however they are cut into chunks") {
  std::mt19937 random(5);
  for (int round = 0; round < 500; round++) {
    std::string input;
    Strings expected;
    for (size_t n = random() % 12; n > 0; n--) {
      if (random() % 4 == 0) {
        input += frame(-1);
        expected.push_back("<null>");
        continue;
      }
      std::string bytes(random() % 9, '\0');
      for (char& c : bytes) c = static_cast<char>(random() % 3 - 1);
      input += frame(static_cast<int32_t>(bytes.size()), bytes);
      expected.push_back(bytes);
    }
    for (size_t step : {1, 3, 5, 1000}) {
      REQUIRE(cut(split_frames(100), input, step).records == expected);
    }
  }
}

TEST_CASE("a frame that is cut short or has no size is broken, and handed out as it was read") {
  for (const std::string& bad :
       {frame(5, "abc"), std::string("\0\0", 2), frame(-2, ""), frame(200, "abc")}) {
    for (size_t step : {1, 1000}) {
      Cut all = cut(split_frames(100), frame(1, "x") + bad, step);
      CHECK(all.records == Strings{"x", "<broken>"});
      CHECK(all.raw == "x" + bad);
    }
  }
}

TEST_CASE("a whole input is one record, be it empty, with all its newlines") {
  CHECK(cut(split_nowhere(100), "a\nb\n", 1).records == Strings{"a\nb\n"});
  CHECK(cut(split_nowhere(100), "", 1).records == Strings{""});
}
