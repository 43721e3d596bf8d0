// SPDX-License-Identifier: Apache-2.0
// Many partitions in the order of time.
#include "lib/cli/consume/merge.h"

#include <algorithm>
#include <random>

#include "lib/base/text.h"
#include "tests/unit/cli/test_record.h"

using namespace eventd;
using std::chrono::milliseconds;

namespace {

const TopicPartition kA{"a", 0};
const TopicPartition kB{"b", 0};
constexpr Instant kStart{std::chrono::seconds(100)};

void push(Merge& merge, const TopicPartition& partition, int64_t timestamp, Instant now = kStart,
          int64_t offset = 0) {
  TestRecord record({.offset = offset, .timestamp = timestamp, .value = "v"});
  merge.push(record.of(partition), now);
}

// The timestamps of all that can go out.
std::string drain(Merge& merge, Instant now = kStart, bool impatient = false) {
  std::string out;
  while (const HeldRecord* record = merge.next(now, impatient)) {
    out += text(record->partition().topic, record->timestamp(), " ");
    merge.pop();
  }
  return out;
}

}  // namespace

TEST_CASE("nothing goes out before each partition that reads shows its next") {
  Merge merge(SIZE_MAX);
  merge.add(kA);
  merge.add(kB);
  push(merge, kA, 1);
  push(merge, kA, 3);
  CHECK(drain(merge).empty());
  push(merge, kB, 2);
  CHECK(drain(merge) == "a1 b2 ");
  merge.finish(kB);
  CHECK(drain(merge) == "a3 ");
  CHECK(merge.empty());
}

TEST_CASE("equal timestamps go by the name of the partition, the order within one is kept") {
  Merge merge(SIZE_MAX);
  merge.add(kB);
  merge.add(kA);
  push(merge, kB, 5);
  push(merge, kB, 1);
  push(merge, kA, 5);
  merge.finish(kA);
  merge.finish(kB);
  CHECK(drain(merge) == "a5 b5 b1 ");
}

TEST_CASE("a silent partition is waited for until the head is a second old") {
  Merge merge(SIZE_MAX);
  merge.add(kA);
  merge.add(kB);
  merge.set_silent(kA, true);
  merge.set_silent(kB, true);
  CHECK_FALSE(merge.due().has_value());
  push(merge, kA, 1, kStart);
  push(merge, kA, 2, kStart + milliseconds(600));
  CHECK(drain(merge, kStart + milliseconds(999)).empty());
  CHECK(merge.due() == kStart + milliseconds(1000));
  CHECK(drain(merge, kStart + milliseconds(1000)) == "a1 ");
  CHECK(merge.due() == kStart + milliseconds(1600));
  push(merge, kB, 2, kStart + milliseconds(1100));
  CHECK(drain(merge, kStart + milliseconds(1100)) == "a2 ");
  CHECK(drain(merge, kStart + milliseconds(2100)) == "b2 ");
}

TEST_CASE("a partition that is behind is waited for, unless patience is at its end") {
  Merge merge(SIZE_MAX);
  merge.add(kA);
  merge.add(kB);
  push(merge, kA, 1);
  CHECK(drain(merge, kStart + milliseconds(5000)).empty());
  CHECK(drain(merge, kStart + milliseconds(999), true).empty());
  CHECK(drain(merge, kStart + milliseconds(1000), true) == "a1 ");
}

TEST_CASE("a partition that holds its share is full until half of it is gone") {
  Merge merge(0);  // the least share
  merge.add(kA);
  merge.add(kB);
  int64_t offset = 0;
  while (!merge.is_full(kA, offset)) push(merge, kA, offset, kStart, offset), offset++;
  CHECK(merge.room().empty());
  CHECK(merge.first_held(kA) == 0);
  push(merge, kB, 0);
  CHECK(drain(merge) == "a0 b0 ");
  CHECK(merge.room().empty());
  push(merge, kB, offset);
  drain(merge);
  auto room = merge.room();
  REQUIRE(room.size() == 1);
  CHECK(room[0].first == &kA);
  CHECK(room[0].second == offset);
  CHECK(merge.room().empty());
  CHECK_FALSE(merge.first_held(kA).has_value());
}

TEST_CASE("sorted partitions come out sorted, and a held record is as it was") {
  std::mt19937 random(3);
  for (int round = 0; round < 50; round++) {
    std::vector<TopicPartition> names;
    for (int i = 0; i < 5; i++) names.push_back({"t", i});
    Merge merge(SIZE_MAX);
    std::vector<int64_t> wanted;
    for (const TopicPartition& name : names) merge.add(name);
    for (const TopicPartition& name : names) {
      int64_t timestamp = 0;
      for (unsigned n = random() % 20; n-- > 0;) {
        timestamp += random() % 5;
        wanted.push_back(timestamp);
        TestRecord record({.timestamp = timestamp,
                           .key = n % 3 == 0 ? std::nullopt : std::optional<std::string>("k"),
                           .value = text("value ", timestamp),
                           .headers = {{"h", std::nullopt}, {"i", text(n)}}});
        merge.push(record.of(name), kStart);
      }
      merge.finish(name);
    }
    std::ranges::sort(wanted);
    std::vector<int64_t> got;
    while (const HeldRecord* record = merge.next(kStart)) {
      record->use([&](const FetchedRecord& held) {
        got.push_back(held.timestamp);
        CHECK(text_of(*held.value) == text("value ", held.timestamp));
        CHECK(held.record->headers().size() == 2);
        CHECK_FALSE(held.record->headers()[0].value.has_value());
      });
      merge.pop();
    }
    CHECK(got == wanted);
  }
}
