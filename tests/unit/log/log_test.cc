// SPDX-License-Identifier: Apache-2.0
#include "lib/log/log.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "lib/base/text.h"
#include "tests/support/log_fixture.h"
#include "tests/support/temporary_directory.h"

using namespace eventd;

namespace {

// A log in a directory of its own.
struct OnDisk {
  TemporaryDirectory place;
  PosixDisk posix;
};
struct TestLog : OnDisk, LogFixture {
  explicit TestLog(LogConfig with = {}) : LogFixture(posix, place / "t-0", with) { open(false); }
};

void cut_file(const std::string& path, int64_t bytes) {
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - static_cast<size_t>(bytes));
}

void flip_byte(const std::string& path, int64_t position) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(position);
  char byte = static_cast<char>(file.get());
  file.seekp(position);
  file.put(static_cast<char>(byte ^ 0x55));
}

}  // namespace

TEST_CASE("what was appended is read, from any offset and in slices of any size") {
  TestLog log({.segment_bytes = 2000, .index_interval_bytes = 100});
  log.append_numbered(100);
  CHECK(log.log->segment_count() > 3);
  CHECK(log.log->log_end() == Offset{100});
  for (uint32_t size_max : {0U, 1U, 150U, 1U << 20})
    CHECK(log.values(Offset{0}, size_max) == numbered(0, 100));
  CHECK(log.values(Offset{57}) == numbered(57, 100));
  CHECK(log.log->read(Offset{100}, 100, Offset{100}, true)->empty());
  CHECK(log.log->read(Offset{101}, 100, Offset{100}, true).error().code ==
        Code::offset_out_of_range);
}

TEST_CASE("nothing at or beyond the limit is read, nor half a batch") {
  TestLog log;
  log.append(batch_of({"a", "b", "c"}));
  log.append(batch_of({"d"}));
  CHECK(log.log->read(Offset{0}, 1000, Offset{2}, true)->empty());
  auto first = log.log->read(Offset{1}, 1000, Offset{3}, true);
  CHECK(first->position == 0);
  CHECK(first->size_bytes == batch_of({"a", "b", "c"}).size());
  CHECK(log.log->read(Offset{3}, 10, Offset{4}, false)->empty());
}

TEST_CASE("after a clean stop the log is as it was, without a scan") {
  TestLog log({.segment_bytes = 2000, .index_interval_bytes = 100});
  log.append_numbered(100);
  REQUIRE(log.log->close(WallTime{5000}).has_value());
  log.open(true);
  CHECK(log.found.scanned_bytes == 0);
  CHECK(log.log->log_end() == Offset{100});
  CHECK(log.log->synced() == Offset{100});
  CHECK(log.values() == numbered(0, 100));
  log.append(batch_of({"value-100"}));
  CHECK(log.values(Offset{99}) == numbered(99, 101));
}

TEST_CASE("after a kill everything above the recovery point is scanned, and nothing is lost") {
  TestLog log({.segment_bytes = 2000, .index_interval_bytes = 100});
  log.append_numbered(100);
  log.recovery_point = Offset{60};
  log.open(false);
  CHECK(log.found.scanned_bytes > 0);
  CHECK(log.found.scanned_bytes < log.log->size_bytes());
  CHECK(log.found.scanned_from == Offset{60});
  CHECK(log.found.cut_bytes == 0);
  CHECK(log.values() == numbered(0, 100));
  uint64_t forty = log.found.scanned_bytes;
  log.recovery_point = Offset{80};
  log.open(false);
  CHECK(log.found.scanned_bytes > 0);
  CHECK(log.found.scanned_bytes < forty);
  log.recovery_point = Offset{100};
  log.open(false);
  CHECK(log.found.scanned_bytes == 0);
}

TEST_CASE("a torn tail is cut at the last whole batch") {
  for (int lost : {1, 30, 60, 66}) {
    TestLog log;
    log.append_numbered(10);
    cut_file(log.file("00000000000000000000.log"), lost);
    log.open(false);
    CHECK(log.log->log_end() == Offset{9});
    CHECK(log.found.cut_bytes > 0);
    CHECK_FALSE(log.found.damage.has_value());
    log.append(batch_of({"value-9"}));
    CHECK(log.values() == numbered(0, 10));
  }
}

TEST_CASE("garbage behind the last batch is a torn tail, and zeros are too") {
  for (char byte : {'\0', '\x7f'}) {
    TestLog log;
    log.append_numbered(3);
    std::ofstream(log.file("00000000000000000000.log"), std::ios::app | std::ios::binary)
        << std::string(5000, byte);
    log.open(false);
    CHECK(log.found.cut_bytes == 5000);
    CHECK_FALSE(log.found.damage.has_value());
    CHECK(log.values() == numbered(0, 3));
  }
}

TEST_CASE("a bad batch with a whole one behind it is damage: kept aside, reported, then cut") {
  TestLog log({.segment_bytes = 600});
  log.append_numbered(30);
  size_t size = batch_of({"value-1"}).size();
  auto path = log.file("00000000000000000000.log");
  flip_byte(path, static_cast<int64_t>(size) + 63);
  auto size_before = std::filesystem::file_size(path);
  log.open(false);
  REQUIRE(log.found.damage.has_value());
  CHECK(log.log->log_end() == Offset{1});
  CHECK(log.values() == numbered(0, 1));
  CHECK(std::filesystem::file_size(path + ".corrupt") == size_before - size);
  CHECK(log.log->segment_count() == 1);
  log.append(batch_of({"again"}));
  CHECK(log.values(Offset{1}) == Strings{"again"});
}

TEST_CASE("indexes that are missing or wrong are built again") {
  TestLog log({.segment_bytes = 4000, .index_interval_bytes = 100});
  log.append_numbered(100);
  REQUIRE(log.log->close(WallTime{5000}).has_value());
  std::filesystem::remove(log.file("00000000000000000000.index"));
  std::ofstream(log.file("00000000000000000000.timeindex")) << "nonsense";
  log.open(true);
  CHECK(log.values() == numbered(0, 100));
  CHECK(log.log->find_time(1005, Offset{100})->value().offset == Offset{5});
}

TEST_CASE("a retry of one of the last five batches is recognised, also after a kill and a roll") {
  TestLog log({.segment_bytes = 500});  // seven of these batches: the last segment holds one
  for (int32_t i = 0; i < 22; i++) {
    log.append(batch_of({text("v", i)}, 1000, Codec::none, {.id = 7, .sequence = i}));
  }
  log.sync();  // snapshots are written
  for (bool again : {false, true}) {
    if (again) log.open(false);
    for (int32_t i = 17; i < 22; i++) {
      Appended retry =
          log.append(batch_of({text("v", i)}, 1000, Codec::none, {.id = 7, .sequence = i}));
      CHECK(retry.duplicate);
      CHECK(retry.base_offset == Offset{i});
    }
    CHECK(log.log->log_end() == Offset{22});
  }
  auto gap = log.try_append(batch_of({"x"}, 1000, Codec::none, {.id = 7, .sequence = 23}));
  CHECK(gap.error().code == Code::out_of_order_sequence_number);
  log.append(batch_of({"x"}, 1000, Codec::none, {.id = 7, .epoch = 1, .sequence = 0}));
  auto old = log.try_append(batch_of({"x"}, 1000, Codec::none, {.id = 7, .sequence = 22}));
  CHECK(old.error().code == Code::invalid_producer_epoch);
}

TEST_CASE("the producers are known after a clean stop") {
  TestLog log;
  log.append(batch_of({"a", "b"}, 1000, Codec::none, {.id = 3, .sequence = 0}));
  REQUIRE(log.log->close(WallTime{5000}).has_value());
  log.open(true);
  CHECK(log.append(batch_of({"a", "b"}, 1000, Codec::none, {.id = 3, .sequence = 0})).duplicate);
  CHECK_FALSE(log.append(batch_of({"c"}, 1000, Codec::none, {.id = 3, .sequence = 2})).duplicate);
}

TEST_CASE("a sync covers what was appended before it began") {
  TestLog log;
  log.append_numbered(2);
  CHECK(log.log->synced() == Offset{0});
  CHECK(log.log->unsynced_bytes() > 0);
  SyncPlan plan = log.log->begin_sync();
  log.append(batch_of({"later"}));
  REQUIRE(run_sync(log.disk, plan).has_value());
  log.log->finish_sync(std::move(plan));
  CHECK(log.log->synced() == Offset{2});
  CHECK(log.log->unsynced_bytes() == batch_of({"later"}).size());
  log.sync();
  CHECK(log.log->synced() == Offset{3});
  CHECK(log.log->begin_sync().empty());
}

TEST_CASE("a time is found, in compressed batches too") {
  for (Codec codec : {Codec::none, Codec::zstd}) {
    TestLog log({.segment_bytes = 1500, .index_interval_bytes = 100});
    for (int i = 0; i < 50; i++) log.append(batch_of({"a", "b", "c"}, 1000 + 10 * i, codec));
    auto found = log.log->find_time(1000 + 10 * 20 + 1, Offset{150});
    REQUIRE(found.has_value());
    CHECK((*found)->offset == Offset{61});
    CHECK((*found)->timestamp == 1201);
    CHECK(log.log->find_time(0, Offset{150})->value().offset == Offset{0});
    CHECK_FALSE(log.log->find_time(9999, Offset{150})->has_value());
    CHECK(log.log->find_max_timestamp()->value().offset == Offset{149});
  }
}

TEST_CASE("leader epochs are noted, and found again after a kill") {
  TestLog log;
  log.append(batch_of({"a"}), LeaderEpoch{1});
  log.append(batch_of({"b"}), LeaderEpoch{1});
  log.append(batch_of({"c"}), LeaderEpoch{4});
  for (bool again : {false, true}) {
    if (again) log.open(false);
    CHECK(log.log->latest_epoch() == LeaderEpoch{4});
    CHECK(log.log->end_of_epoch(LeaderEpoch{1}) == EpochEnd{LeaderEpoch{1}, Offset{2}});
    CHECK(log.log->end_of_epoch(LeaderEpoch{3}) == EpochEnd{LeaderEpoch{1}, Offset{2}});
    CHECK(log.log->end_of_epoch(LeaderEpoch{4}) == EpochEnd{LeaderEpoch{4}, Offset{3}});
    CHECK(log.log->end_of_epoch(LeaderEpoch{5}) == EpochEnd{});
  }
}

TEST_CASE("truncation cuts whole batches, segments, epochs and producers") {
  TestLog log({.segment_bytes = 500});
  for (int32_t i = 0; i < 20; i++) {
    log.append(batch_of({text("v", i)}, 1000, Codec::none, {.id = 7, .sequence = i}),
               LeaderEpoch{i / 10});
  }
  REQUIRE(log.log->truncate(Offset{8}).has_value());
  CHECK(log.log->log_end() == Offset{8});
  CHECK(log.log->latest_epoch() == LeaderEpoch{0});
  auto next = log.append(batch_of({"v8"}, 1000, Codec::none, {.id = 7, .sequence = 8}));
  CHECK(next.base_offset == Offset{8});
  CHECK_FALSE(next.duplicate);
  log.open(false);
  CHECK(log.log->log_end() == Offset{9});
}

TEST_CASE(
    "retention deletes whole segments from the oldest, by size, by time and below the start") {
  TestLog log({.segment_bytes = 700, .retention_bytes = 1500});
  log.append_numbered(60);
  size_t gone = log.retain(WallTime{2000}, Offset{60});
  CHECK(gone > 0);
  CHECK(log.log->size_bytes() >= 1500);
  CHECK(log.log->size_bytes() < 1500 + 700);
  Offset start = log.log->log_start();
  CHECK(start > Offset{0});
  CHECK(log.values(start) == numbered(static_cast<int>(start.value), 60));
  std::vector<std::string> files = log.log->take_deleted();
  CHECK(files.size() >= gone * 3);
  for (const std::string& file : files) {
    bool never_written = file.ends_with(".snapshot");  // nothing has been synced
    CHECK((never_written || std::filesystem::exists(file)));
  }
  CHECK(log.log->read(Offset{0}, 100, Offset{60}, true).error().code == Code::offset_out_of_range);

  log.config.retention_bytes = -1;
  log.config.retention_ms = 100;
  log.log->set_config(log.config);
  log.retain(WallTime{1'000'000}, Offset{60});
  CHECK(log.log->log_start() == Offset{60});
  CHECK(log.log->size_bytes() == 0);
  log.append(batch_of({"next"}));
  CHECK(log.values(Offset{60}) == Strings{"next"});
}

TEST_CASE("retention stops at the watermark") {
  TestLog log({.segment_bytes = 500, .retention_bytes = 0});
  log.append_numbered(30);
  log.retain(WallTime{0}, Offset{10});
  CHECK(log.log->log_start() <= Offset{10});
}

TEST_CASE("deleted records stay deleted, and their segments go") {
  TestLog log({.segment_bytes = 500});
  log.append_numbered(30);
  REQUIRE(log.log->delete_records(Offset{17}).has_value());
  CHECK(log.log->log_start() == Offset{17});
  CHECK(log.log->delete_records(Offset{31}).error().code == Code::offset_out_of_range);
  log.retain(WallTime{0}, Offset{30});
  CHECK(log.values(Offset{17}) == numbered(17, 30));
  log.start = Offset{17};
  log.open(false);
  CHECK(log.log->log_start() == Offset{17});
}

TEST_CASE("more segments than files may be open are served") {
  TestLog log({.segment_bytes = 200});
  log.append_numbered(60);
  CHECK(log.values() == numbered(0, 60));
  CHECK(log.files->open_count() <= 4);
}
