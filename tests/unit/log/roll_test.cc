// SPDX-License-Identifier: Apache-2.0
// When a log rolls, and what truncation leaves: as Kafka has it.
#include <doctest/doctest.h>

#include "tests/support/log_fixture.h"
#include "tests/support/memory_disk.h"

using namespace eventd;

namespace {

struct Fixture {
  MemoryDisk disk;
  LogFixture log;
  explicit Fixture(LogConfig config = {}) : log(disk, "/d/t-0", config) { log.open(false); }
  size_t segments() const { return log.log->segment_count(); }
};

}  // namespace

TEST_CASE("a log rolls by the time of its batches, not by the clock") {
  Fixture f({.segment_ms = 1000});
  f.log.append(batch_of({"a"}, 5000), LeaderEpoch{0}, WallTime{5000});
  f.log.append(batch_of({"b"}, 6000), LeaderEpoch{0}, WallTime{99'000});
  CHECK(f.segments() == 1);
  f.log.append(batch_of({"c"}, 6001), LeaderEpoch{0}, WallTime{5000});
  CHECK(f.segments() == 2);
  f.log.append(batch_of({"older"}, 10), LeaderEpoch{0}, WallTime{99'000});
  CHECK(f.segments() == 2);
}

TEST_CASE("batches without a time roll by the clock") {
  Fixture f({.segment_ms = 1000});
  f.log.append(batch_of({"a"}, -1), LeaderEpoch{0}, WallTime{5000});
  f.log.append(batch_of({"b"}, -1), LeaderEpoch{0}, WallTime{6000});
  CHECK(f.segments() == 1);
  f.log.append(batch_of({"c"}, -1), LeaderEpoch{0}, WallTime{6001});
  CHECK(f.segments() == 2);
}

TEST_CASE("jitter shortens the time of a segment, by less than all of it") {
  Fixture f({.segment_ms = 1000, .segment_jitter_ms = 5000});
  int64_t time = 10'000;
  f.log.append(batch_of({"a"}, time), LeaderEpoch{0}, WallTime{0});
  f.log.append(batch_of({"b"}, time), LeaderEpoch{0}, WallTime{0});
  CHECK(f.segments() == 1);
  f.log.append(batch_of({"c"}, time + 1001), LeaderEpoch{0}, WallTime{0});
  CHECK(f.segments() == 2);
}

TEST_CASE("a log rolls when an index is full; the time index keeps a place for its last entry") {
  // Room for 6 entries of offsets, and for 4 of time of which one is kept.
  Fixture f({.index_interval_bytes = 1, .segment_index_bytes = 48});
  for (int i = 0; f.segments() == 1; i++) f.log.append(batch_of({"value"}, 1000 + i));
  f.log.sync();
  CHECK(f.disk.contents(f.log.file("00000000000000000000.timeindex"))->size() == 36);
  CHECK(f.disk.contents(f.log.file("00000000000000000000.index"))->size() == 24);

  // Equal times make no entries of time.
  Fixture g({.index_interval_bytes = 1, .segment_index_bytes = 48});
  while (g.segments() == 1) g.log.append(batch_of({"value"}, 1000));
  g.log.sync();
  CHECK(g.disk.contents(g.log.file("00000000000000000000.index"))->size() == 48);
}

TEST_CASE("a batch that fills a segment to its last byte does not roll") {
  int64_t size = static_cast<int64_t>(batch_of({"value"}).size());
  Fixture f({.segment_bytes = 3 * size});
  for (int i = 0; i < 3; i++) f.log.append(batch_of({"value"}));
  CHECK(f.segments() == 1);
  f.log.append(batch_of({"value"}));
  CHECK(f.segments() == 2);
}

TEST_CASE("a replica's batch far beyond gets a segment of its own") {
  Fixture f;
  f.log.append(batch_of({"a"}));
  for (int64_t base : {int64_t{3'000'000'000}, int64_t{9'000'000'000}}) {
    Buffer batch = batch_of({"b"});
    stamp(batch, Offset{base}, LeaderEpoch{0});
    BatchHeader header = *check_batch(batch);
    REQUIRE(f.log.log->append(batch, header, AppendOrigin::replica, LeaderEpoch{0}, WallTime{1}));
    CHECK(f.log.log->log_end() == Offset{base + 1});
    CHECK(f.log.log->read(Offset{base}, 100, Offset{base + 1}, true)->position == 0);
  }
  CHECK(f.segments() == 3);
  Buffer hostile = batch_of({"c"});
  BatchHeader header = *check_batch(hostile);
  header.base_offset = Offset{INT64_MAX - 1};
  header.last_offset_delta = INT32_MAX;
  CHECK_FALSE(
      f.log.log->append(hostile, header, AppendOrigin::replica, LeaderEpoch{0}, WallTime{1}));
}

TEST_CASE("truncation below the first segment leaves an empty log that begins there") {
  Fixture f({.segment_bytes = 300});
  f.log.append_numbered(20);
  REQUIRE(f.log.log->delete_records(Offset{12}).has_value());
  REQUIRE(f.log.log->delete_segments(Offset{12}).has_value());
  REQUIRE(f.log.log->truncate(Offset{5}).has_value());
  CHECK(f.log.log->log_start() == Offset{5});
  CHECK(f.log.log->log_end() == Offset{5});
  CHECK(f.log.append(batch_of({"next"})).base_offset == Offset{5});
  f.log.sync();
  f.log.open(false);
  CHECK(f.log.values(Offset{5}) == Strings{"next"});
}

TEST_CASE("a sync that began before a truncation covers nothing of what came after it") {
  Fixture f;
  f.log.append_numbered(10);
  SyncPlan plan = f.log.log->begin_sync();
  REQUIRE(f.log.log->truncate(Offset{5}).has_value());
  for (int i = 0; i < 3; i++) f.log.append(batch_of({"new"}));
  REQUIRE(run_sync(f.disk, plan).has_value());
  f.log.log->finish_sync(std::move(plan));
  CHECK(f.log.log->synced() == Offset{0});
  f.log.sync();
  CHECK(f.log.log->synced() == Offset{8});
}

TEST_CASE("truncation before the first sync does not forget partition.metadata") {
  MemoryDisk disk;
  LogFixture log(disk, "/d/t-0", {});
  log.partition_metadata = "version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAQ\n";
  log.open(true);
  log.append_numbered(3);
  REQUIRE(log.log->truncate(Offset{1}).has_value());
  log.sync();
  std::mt19937_64 random(1);
  auto cut = disk.after_cut(disk.operation_count(), Survival::nothing, random);
  CHECK(cut->contents(log.file("partition.metadata")) == log.partition_metadata);
}

TEST_CASE("an active segment that has expired goes too, and the log goes on at its end") {
  Fixture f({.retention_ms = 1000});
  f.log.append_numbered(5);
  CHECK(f.log.retain(WallTime{1000 + 4 + 1000}, Offset{5}) == 0);
  CHECK(f.log.retain(WallTime{1000 + 4 + 1001}, Offset{4}) == 0);  // not below the watermark
  CHECK(f.log.retain(WallTime{1000 + 4 + 1001}, Offset{5}) == 1);
  CHECK(f.log.log->log_start() == Offset{5});
  CHECK(f.log.append(batch_of({"next"})).base_offset == Offset{5});
}
