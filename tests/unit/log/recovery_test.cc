// SPDX-License-Identifier: Apache-2.0
// What recovery looks at, in which order, and what it does with what it finds.
#include "lib/log/recovery.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/log_fixture.h"
#include "tests/support/memory_disk.h"

using namespace eventd;

namespace {

constexpr const char* kFirst = "00000000000000000000.log";

struct Fixture {
  MemoryDisk disk;
  LogFixture log;
  explicit Fixture(LogConfig config = {}) : log(disk, "/d/t-0", config) { log.open(false); }

  void flip(const std::string& name, size_t position) {
    std::string bytes = *disk.contents(log.file(name));
    bytes[position] = static_cast<char>(bytes[position] ^ 0x55);
    disk.set_contents(log.file(name), bytes);
  }
  bool has(const std::string& name) const { return disk.contents(log.file(name)).has_value(); }
};

size_t size_of_batch() { return batch_of({"value-1"}).size(); }

}  // namespace

TEST_CASE("after an unclean stop a file is synced, then dropped from the cache, then read") {
  Fixture f;
  f.log.append_numbered(6);
  f.log.recovery_point = Offset{4};
  f.disk.clear_trace();
  f.log.open(false);
  std::vector<std::string> trace;
  for (const std::string& line : f.disk.trace()) {
    if (line.find(kFirst) != std::string::npos) trace.push_back(line);
  }
  auto at = [&](const std::string& what) {
    auto found = std::ranges::find(trace, text(what, " ", f.log.file(kFirst)));
    REQUIRE_MESSAGE(found != trace.end(), what);
    return found - trace.begin();
  };
  auto synced = at("sync");
  auto dropped = at(text("drop ", 4 * size_of_batch()));
  auto read = at("read");
  CHECK(synced < read);
  CHECK(read < dropped);  // headers up to the recovery point
  auto is_read = [](const std::string& line) { return line.starts_with("read"); };
  CHECK(std::any_of(trace.begin() + dropped, trace.end(), is_read));
}

TEST_CASE("below the recovery point nothing is checked, above it everything") {
  for (size_t bad : {size_t{2}, size_t{4}}) {
    Fixture f;
    f.log.append_numbered(6);
    f.flip(kFirst, bad * size_of_batch() + 63);
    f.log.recovery_point = Offset{3};
    f.log.open(false);
    CHECK(f.log.log->log_end() == Offset{bad < 3 ? 6 : 4});
    CHECK(f.log.found.damage.has_value() == (bad > 3));
  }
}

TEST_CASE("a clean start reads no batch and no index") {
  Fixture f({.segment_bytes = 300});
  f.log.append_numbered(20);
  REQUIRE(f.log.log->close(WallTime{5000}).has_value());
  f.log.recovery_point = f.log.log->recovery_point();
  CHECK(f.log.recovery_point == Offset{20});
  f.disk.clear_trace();
  f.log.open(true);
  CHECK(f.log.log->log_end() == Offset{20});
  for (const std::string& line : f.disk.trace()) {
    INFO(line);
    CHECK(line.find("leader-epoch-checkpoint") != std::string::npos);
  }
  // Nor is a log closed again that nobody has touched.
  size_t before = f.disk.operation_count();
  REQUIRE(f.log.log->close(WallTime{5000}).has_value());
  CHECK(f.disk.operation_count() == before);
  CHECK(f.log.values() == numbered(0, 20));
}

TEST_CASE("a checkpoint that lies about a clean end is found out before anything is appended") {
  for (int64_t lie : {10, 25}) {
    Fixture f;
    f.log.append_numbered(20);
    REQUIRE(f.log.log->close(WallTime{5000}).has_value());
    f.log.recovery_point = Offset{lie};
    f.log.open(true);
    Result<Appended> refused = f.log.try_append(batch_of({"x"}));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == Code::kafka_storage_error);
    f.log.recovery_point = Offset{0};
    f.log.open(true);
    CHECK(f.log.append(batch_of({"x"})).base_offset == Offset{20});
  }
}

TEST_CASE("a clean marker over a torn log is not believed") {
  Fixture f;
  f.log.append_numbered(5);
  std::string bytes = *f.disk.contents(f.log.file(kFirst));
  f.disk.set_contents(f.log.file(kFirst), bytes.substr(0, bytes.size() - 3));
  f.log.open(true);
  CHECK_FALSE(f.log.found.was_clean);
  CHECK(f.log.values() == numbered(0, 4));
}

TEST_CASE("damage is kept beside the log, and what was kept before stays") {
  Fixture f({.segment_bytes = 300});
  for (int round = 1; round <= 3; round++) {
    while (f.log.log->log_end() < Offset{12}) f.log.append(batch_of({"value-1"}));
    std::string before = *f.disk.contents(f.log.file(kFirst));
    f.flip(kFirst, size_of_batch() + 63);
    f.log.open(false);
    REQUIRE(f.log.found.damage.has_value());
    CHECK(f.log.log->log_end() == Offset{1});
    std::string suffix = round == 1 ? ".corrupt" : text(".corrupt-", round);
    std::string kept = *f.disk.contents(f.log.file(kFirst + suffix));
    CHECK(kept.size() == before.size() - size_of_batch());
    CHECK(kept.substr(70) == before.substr(size_of_batch() + 70));
    CHECK(f.has("00000000000000000004.log" + suffix));
    f.log.open(false);
    CHECK_FALSE(f.log.found.damage.has_value());
    CHECK(f.log.log->log_end() == Offset{1});
  }
}

TEST_CASE("a segment behind a gap is not served, unless compaction makes gaps") {
  for (bool compacts : {false, true}) {
    LogConfig config{.segment_bytes = 300, .compacts = compacts};
    Fixture f(config);
    f.log.append_numbered(12);
    // The first segment has lost its last batch, to the byte.
    std::string bytes = *f.disk.contents(f.log.file(kFirst));
    f.disk.set_contents(f.log.file(kFirst), bytes.substr(0, bytes.size() - size_of_batch()));
    f.log.open(false);
    CHECK(f.log.log->log_end() == Offset{compacts ? 12 : 3});
    CHECK(f.log.found.damage.has_value() != compacts);
    CHECK(f.has("00000000000000000004.log.corrupt") != compacts);
  }
}

TEST_CASE("a swap that was interrupted is finished, and its old indexes are not used") {
  Fixture f({.segment_bytes = 300, .index_interval_bytes = 50, .compacts = true});
  f.log.append_numbered(12);
  REQUIRE(f.log.log->close(WallTime{5000}).has_value());
  // Compaction has left one batch of the first two segments.
  std::string first = *f.disk.contents(f.log.file(kFirst));
  std::string last_of_second = f.disk.contents(f.log.file("00000000000000000004.log"))
                                   ->substr(3 * size_of_batch());
  f.disk.set_contents(f.log.file(std::string(kFirst) + ".swap"),
                      first.substr(0, size_of_batch()) + last_of_second);
  f.disk.set_contents(f.log.file("00000000000000000008.log.cleaned"), "unfinished");
  f.log.open(true);
  CHECK_FALSE(f.has("00000000000000000004.log"));
  CHECK_FALSE(f.has("00000000000000000004.index"));
  CHECK_FALSE(f.has("00000000000000000008.log.cleaned"));
  CHECK_FALSE(f.has(std::string(kFirst) + ".swap"));
  Strings left{"value-0", "value-7", "value-8", "value-9", "value-10", "value-11"};
  CHECK(f.log.values() == left);
  CHECK(f.log.values(Offset{5}) == Strings(left.begin() + 1, left.end()));
}

TEST_CASE("a log that ends before its start begins anew there") {
  Fixture f;
  f.log.append_numbered(5);
  f.log.start = Offset{9};
  f.log.open(false);
  CHECK(f.log.log->log_start() == Offset{9});
  CHECK(f.log.log->log_end() == Offset{9});
  CHECK(f.log.append(batch_of({"next"})).base_offset == Offset{9});
  f.log.open(false);
  CHECK(f.log.values(Offset{9}) == Strings{"next"});
}

TEST_CASE("offsets at the very end neither wrap nor are appended to") {
  constexpr int64_t kLast = INT64_MAX - 2;
  MemoryDisk disk;
  LogFixture log(disk, "/d/t-0", {});
  Buffer batch = batch_of({"a"});
  stamp(batch, Offset{kLast - 1}, LeaderEpoch{0});
  disk.set_contents(log.file(text(kLast - 1, ".log")).insert(7, "0"), std::string(text_of(batch)));
  disk.set_contents(log.file(segment_name(Offset{kLast - 1}) + ".log"),
                    std::string(text_of(batch)));
  log.start = Offset{kLast - 1};
  log.open(false);
  CHECK(log.log->log_end() == Offset{kLast});
  CHECK(log.values(Offset{kLast - 1}) == Strings{"a"});
  Result<Appended> refused = log.try_append(batch_of({"b", "c", "d", "e"}));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Code::kafka_storage_error);
}

TEST_CASE("producers are known after a clean start to whoever asks first") {
  Fixture f;
  f.log.append(batch_of({"a"}, 1000, Codec::none, {.id = 3, .epoch = 1}));
  REQUIRE(f.log.log->close(WallTime{5000}).has_value());
  f.log.open(true);
  REQUIRE(f.log.log->producers().size() == 1);
  CHECK(f.log.log->producers()[0].id == ProducerId{3});
  CHECK(f.log.log->first_unstable() == Offset{1});
}

TEST_CASE("indexes of full segments are synced with them, and survive a power cut") {
  Fixture f({.segment_bytes = 600, .index_interval_bytes = 100});
  f.log.append_numbered(20);
  f.log.sync();
  std::mt19937_64 random(1);
  auto cut = f.disk.after_cut(f.disk.operation_count(), Survival::nothing, random);
  for (const char* kind : {".index", ".timeindex"}) {
    std::string path = f.log.file(segment_name(Offset{0}) + kind);
    REQUIRE(cut->contents(path).has_value());
    CHECK(cut->contents(path) == f.disk.contents(path));
    CHECK(cut->contents(path)->size() > 0);
  }
}

TEST_CASE("an index that leads astray is built again") {
  Fixture f({.segment_bytes = 600, .index_interval_bytes = 100});
  f.log.append_numbered(20);
  REQUIRE(f.log.log->close(WallTime{5000}).has_value());
  std::string index = f.log.file(segment_name(Offset{0}) + ".index");
  std::string bytes = *f.disk.contents(index);
  REQUIRE(bytes.size() >= 16);
  bytes[7] = static_cast<char>(bytes[7] + 1);  // the position of the first entry
  f.disk.set_contents(index, bytes);
  f.log.open(true);
  CHECK(f.log.values(Offset{3}) == numbered(3, 20));
}

TEST_CASE("snapshots within a segment do not pile up, and go with their segments") {
  Fixture f({.segment_bytes = 3000, .producer_snapshot_bytes = 300});
  for (int32_t i = 0; i < 200; i++) {
    f.log.append(batch_of({"value"}, 1000, Codec::none, {.id = 7, .sequence = i}));
    if (i % 10 == 9) {
      f.log.sync();
      for (const std::string& path : f.log.log->take_deleted()) (void)f.disk.remove_file(path);
    }
  }
  auto snapshots = [&] {
    auto paths = f.disk.paths();
    auto is_snapshot = [](const std::string& path) { return path.ends_with(".snapshot"); };
    return std::ranges::count_if(paths, is_snapshot);
  };
  CHECK(snapshots() <= int64_t(f.log.log->segment_count()) + 3);
  REQUIRE(f.log.log->delete_records(Offset{200}).has_value());
  REQUIRE(f.log.log->delete_segments(Offset{200}).has_value());
  for (const std::string& path : f.log.log->take_deleted()) (void)f.disk.remove_file(path);
  CHECK(snapshots() <= 4);
  f.log.start = Offset{200};
  f.log.open(false);
  CHECK(f.log.append(batch_of({"value"}, 1000, Codec::none, {.id = 7, .sequence = 199})).duplicate);
}
