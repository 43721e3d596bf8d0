// SPDX-License-Identifier: Apache-2.0
// The newest records, found backwards.
#include "lib/cli/consume/last_records.h"

#include <algorithm>
#include <random>

#include "lib/base/text.h"
#include "tests/unit/cli/test_record.h"

using namespace eventd;

namespace {

struct Stored {
  int64_t offset;
  int64_t timestamp;
  bool passes = true;
};
using Log = std::vector<Stored>;  // by offset; offsets that are not there are markers, or compacted

// Reads what is asked for, until nothing is. Counts the records that were read.
std::vector<HeldRecord> find(LastRecords& last, std::map<const TopicPartition*, Log>& logs,
                             size_t* read = nullptr) {
  for (auto ranges = last.next_ranges(); !ranges.empty(); ranges = last.next_ranges()) {
    for (const auto& range : ranges) {
      for (const Stored& one : logs.at(range.partition)) {
        if (one.offset < range.from || one.offset >= range.until) continue;
        if (read != nullptr) ++*read;
        TestRecord record({.offset = one.offset, .timestamp = one.timestamp, .value = "v"});
        last.take(record.of(*range.partition), one.passes);
      }
    }
  }
  return std::move(last).found();
}

std::string shown(const std::vector<HeldRecord>& records) {
  std::string out;
  for (const HeldRecord& record : records) {
    out += text(record.partition().partition, ":", record.offset(), " ");
  }
  return out;
}

}  // namespace

TEST_CASE("the newest of all partitions are found, in the order of each") {
  std::vector<TopicPartition> names = {{"t", 0}, {"t", 1}, {"t", 2}};
  std::map<const TopicPartition*, Log> logs;
  logs[&names[0]] = {{0, 10}, {1, 20}, {2, 30}};
  logs[&names[1]] = {{0, 11}, {1, 25}};
  LastRecords last(3);
  last.add(names[0], 0, 3);
  last.add(names[1], 0, 2);
  last.add(names[2], 5, 5);
  CHECK(shown(find(last, logs)) == "0:1 0:2 1:1 ");
}

TEST_CASE("ends that are full of markers, and logs that have fewer, are read further back") {
  std::vector<TopicPartition> names = {{"t", 0}};
  std::map<const TopicPartition*, Log> logs;
  logs[&names[0]] = {{3, 1}, {4, 2}, {5000, 3}};
  LastRecords few(2);
  few.add(names[0], 0, 1'000'000);
  CHECK(shown(find(few, logs)) == "0:4 0:5000 ");
  LastRecords many(10);
  many.add(names[0], 0, 1'000'000);
  CHECK(shown(find(many, logs)) == "0:3 0:4 0:5000 ");
  LastRecords of_end(10);
  of_end.add(names[0], 0, INT64_MAX);
  CHECK(shown(find(of_end, logs)) == "0:3 0:4 0:5000 ");
}

TEST_CASE("a partition that is older than what was found is not read to its start") {
  std::vector<TopicPartition> names = {{"old", 0}, {"new", 1}};
  std::map<const TopicPartition*, Log> logs;
  for (int64_t i = 0; i < 100'000; i++) {
    logs[&names[0]].push_back({i, i, false});
    logs[&names[1]].push_back({i, 1'000'000 + i});
  }
  LastRecords last(5);
  for (const TopicPartition& name : names) last.add(name, 0, 100'000);
  size_t read = 0;
  CHECK(shown(find(last, logs, &read)) == "1:99995 1:99996 1:99997 1:99998 1:99999 ");
  CHECK(read < 100);
}

TEST_CASE("a partition that may still have newer ones is read on, though enough were found") {
  std::vector<TopicPartition> names = {{"burst", 0}, {"older", 1}};
  std::map<const TopicPartition*, Log> logs;
  for (int64_t i = 0; i < 100; i++) {
    logs[&names[0]].push_back({i, 50, i % 2 == 0});
    logs[&names[1]].push_back({i, 49});
  }
  LastRecords last(30);
  for (const TopicPartition& name : names) last.add(name, 0, 100);
  std::vector<HeldRecord> found = find(last, logs);
  REQUIRE(found.size() == 30);
  for (const HeldRecord& record : found) CHECK(record.partition() == names[0]);
}

TEST_CASE("no range is asked for twice, and none has a gap before the next") {
  TopicPartition name{"t", 0};
  LastRecords last(1);
  last.add(name, 7, 123'456);
  int64_t next = 123'456;
  for (auto ranges = last.next_ranges(); !ranges.empty(); ranges = last.next_ranges()) {
    REQUIRE(ranges.size() == 1);
    CHECK(ranges[0].until == next);
    CHECK(ranges[0].from < next);
    next = ranges[0].from;
  }
  CHECK(next == 7);
}

TEST_CASE("none are asked for: nothing is read") {
  TopicPartition name{"t", 0};
  LastRecords last(0);
  last.add(name, 0, 10);
  CHECK(last.next_ranges().empty());
}

TEST_CASE("it finds what sorting all that passes would find") {
  std::mt19937 random(11);
  for (int round = 0; round < 200; round++) {
    std::vector<TopicPartition> names;
    for (int i = 0; i < 4; i++) names.push_back({"t", i});
    std::map<const TopicPartition*, Log> logs;
    std::vector<std::tuple<int64_t, int, int64_t>> all;  // timestamp, partition, offset
    unsigned count = random() % 30;
    LastRecords last(count);
    for (const TopicPartition& name : names) {
      logs[&name];
      int64_t offset = random() % 100;
      int64_t start = offset;
      int64_t timestamp = 0;
      for (unsigned n = random() % 300; n-- > 0;) {
        offset += 1 + (random() % 10 == 0 ? random() % 50 : 0);
        timestamp += random() % 3;
        bool passes = random() % 3 == 0;
        logs[&name].push_back({offset, timestamp, passes});
        if (passes) all.emplace_back(timestamp, name.partition, offset);
      }
      last.add(name, start, offset + 1 + random() % 200);
    }
    std::ranges::sort(all);
    if (all.size() > count) all.erase(all.begin(), all.end() - count);
    std::vector<std::pair<int, int64_t>> wanted;
    for (auto [timestamp, partition, offset] : all) wanted.emplace_back(partition, offset);
    std::ranges::sort(wanted);
    std::vector<std::pair<int, int64_t>> got;
    for (const HeldRecord& record : find(last, logs)) {
      got.emplace_back(record.partition().partition, record.offset());
    }
    CHECK(got == wanted);
  }
}
