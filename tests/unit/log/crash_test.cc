// SPDX-License-Identifier: Apache-2.0
// Power cuts at every moment: random work on a log over a disk that records it, and every prefix of
// that record turned into what the disk may then hold, which real recovery opens.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>

#include "lib/log/checkpoints.h"
#include "tests/support/log_fixture.h"
#include "tests/support/memory_disk.h"

using namespace eventd;

namespace {

constexpr const char* kRoot = "/d";
constexpr const char* kDirectory = "/d/t-0";
const std::string kRecovery = text(kRoot, "/", kRecoveryPointFile);
const std::string kStarts = text(kRoot, "/", kLogStartFile);

const std::string kMetadata = "version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAQ\n";

bool is_long() { return std::getenv("EVENTD_LONG") != nullptr; }

// A batch as it stands in the log, and who sent it.
struct Written {
  Offset base;
  Offset last;
  std::string bytes;
  TestProducer producer;
  LeaderEpoch epoch;
};

// What a client may rely on from an operation on.
struct Promise {
  size_t operations = 0;  // on the disk by then
  Offset synced;
  Offset start;  // at most this far were records deleted
};

// Work on a log that goes well, with all that is needed to judge what is left of it later.
struct Work {
  MemoryDisk disk;
  LogFixture log;
  std::mt19937_64 random;
  std::vector<Written> written;
  std::vector<Promise> promises;
  LeaderEpoch epoch{0};
  std::map<int64_t, int32_t> sequences;  // the next one of each producer
  int64_t clock = 1000;
  Offset stored_start{0};

  static LogConfig config() {
    LogConfig config;
    config.segment_bytes = 1500;
    config.index_interval_bytes = 150;
    config.producer_snapshot_bytes = 700;
    config.retention_ms = -1;
    return config;
  }

  explicit Work(uint64_t seed) : log(disk, kDirectory, config()), random(seed) {
    REQUIRE(disk.make_directory(kRoot).has_value());
    REQUIRE(disk.sync_directory("/").has_value());
    log.partition_metadata = kMetadata;
    log.open(true);
    promise();
  }

  size_t pick(size_t below) { return static_cast<size_t>(random() % below); }

  void promise() {
    promises.push_back({disk.operation_count(), log.log->synced(), log.log->log_start()});
  }

  void append() {
    Strings values;
    for (size_t n = 1 + pick(4); n > 0; n--) {
      values.emplace_back(1 + pick(120), static_cast<char>('a' + pick(26)));
    }
    TestProducer sender;
    bool idempotent = pick(4) != 0;
    if (idempotent) {
      auto id = static_cast<int64_t>(pick(3));
      sender = {id, 0, sequences[id]};
      sequences[id] += static_cast<int32_t>(values.size());
    }
    Codec codec = pick(5) == 0 ? Codec::zstd : Codec::none;
    clock += static_cast<int64_t>(pick(50));
    Buffer batch = batch_of(values, clock, codec, sender);
    Appended appended = log.append(batch, epoch);
    REQUIRE_FALSE(appended.duplicate);
    stamp(batch, appended.base_offset, epoch);
    written.push_back(
        {appended.base_offset, appended.last_offset, std::string(text_of(batch)), sender, epoch});
  }

  void checkpoint() {
    if (log.log->log_start() > Offset{0}) {
      Offset start = log.log->log_start();
      REQUIRE(store_offsets(disk, kStarts, {{{"t", 0}, start}}).has_value());
      stored_start = start;
    }
    OffsetCheckpoint points{{{"t", 0}, log.log->recovery_point()}};
    REQUIRE(store_offsets(disk, kRecovery, points).has_value());
  }

  void step() {
    switch (pick(12)) {
      case 0:
        checkpoint();
        break;
      case 1:
        epoch = LeaderEpoch{epoch.value + 1};
        break;
      case 2:
      case 3:
      case 4:
        log.sync();
        break;
      case 5:
        if (pick(3) == 0) {
          int64_t room = log.log->synced() - log.log->log_start();
          Offset to = log.log->log_start() + static_cast<int64_t>(pick(size_t(room) + 1));
          REQUIRE(log.log->delete_records(to).has_value());
        }
        break;
      case 6:
        if (pick(2) == 0) checkpoint();
        REQUIRE(log.log->delete_segments(stored_start).has_value());
        for (const std::string& path : log.log->take_deleted()) {
          Result<void> gone = disk.remove_file(path);
          bool expected = gone || gone.error().code == Code::not_found;
          REQUIRE(expected);
        }
        break;
      default:
        append();
    }
    promise();
  }
};

Offset stored(MemoryDisk& disk, const std::string& file) {
  Result<OffsetCheckpoint> offsets = load_offsets(disk, file);
  REQUIRE_MESSAGE(offsets.has_value(), (offsets ? "" : offsets.error().message));
  auto found = offsets->find({"t", 0});
  return found == offsets->end() ? Offset{0} : found->second;
}

LogFixture recovered(MemoryDisk& disk) {
  LogFixture log(disk, kDirectory, Work::config());
  log.recovery_point = stored(disk, kRecovery);
  log.start = stored(disk, kStarts);
  if (disk.contents(log.file(kPartitionMetadata)) != kMetadata) log.partition_metadata = kMetadata;
  log.open(false);
  return log;
}

// From `from` on the log holds the batches that were written, one behind the other, none changed.
void check_batches(const Work& work, const LogFixture& log, Offset from) {
  std::string expected;
  for (const Written& batch : work.written) {
    if (batch.last >= from && batch.last < log.log->log_end()) expected += batch.bytes;
  }
  CHECK(log.bytes(from) == expected);
}

// A retry of a producer's last batch is recognised.
void check_producers(const Work& work, LogFixture& log, Offset from) {
  Offset end = log.log->log_end();
  std::map<int64_t, const Written*> last;
  for (const Written& batch : work.written) {
    if (batch.producer.id < 0 || batch.last >= end || batch.base < from) continue;
    last[batch.producer.id] = &batch;
  }
  for (const auto& [id, batch] : last) {
    Buffer retry(batch->bytes.begin(), batch->bytes.end());
    Result<Appended> again = log.try_append(std::move(retry), work.epoch);
    REQUIRE_MESSAGE(again.has_value(), (again ? "" : again.error().message));
    CHECK(again->duplicate);
    CHECK(again->base_offset == batch->base);
  }
  CHECK(log.log->log_end() == end);
}

void check_image(const Work& work, const Promise& promise, MemoryDisk& disk) {
  bool has_metadata = disk.contents(text(kDirectory, "/", kPartitionMetadata)) == kMetadata;
  if (promise.synced > Offset{0}) CHECK(has_metadata);
  LogFixture log = recovered(disk);
  Offset start = log.log->log_start();
  Offset end = log.log->log_end();
  CHECK(end >= promise.synced);
  // Before the first sync also the entry of the first segment may be lost, and a later one be
  // there.
  bool lost_beginning = promise.synced <= promise.start && start > promise.start;
  if (!lost_beginning) CHECK(start <= std::max(promise.start, Offset{0}));
  check_batches(work, log, start);
  Offset epoch_end = log.log->end_of_epoch(log.log->latest_epoch()).end;
  if (log.log->latest_epoch() != kNoLeaderEpoch) CHECK(epoch_end == end);
  // A deletion may be taken back by the cut, but not what it did to the epochs.
  for (const Written& batch : work.written) {
    if (batch.base < promise.start || batch.last >= end) continue;
    if (lost_beginning && batch.base < start) continue;
    CHECK(log.log->epoch_at(batch.base).value == batch.epoch.value);
  }

  // A second recovery, also one after another cut, changes nothing.
  std::string bytes = log.bytes(start);
  std::mt19937_64 random(1);
  auto cut = disk.after_cut(disk.operation_count(), Survival::nothing, random);
  LogFixture again = recovered(*cut);
  CHECK(again.log->log_end() == end);
  CHECK(again.log->log_start() == start);
  CHECK(again.bytes(start) == bytes);
  CHECK_FALSE(again.found.damage.has_value());
  check_producers(work, again, start);
}

void check_all_cuts(uint64_t seed, size_t steps, size_t images) {
  Work work(seed);
  for (size_t i = 0; i < steps; i++) work.step();
  std::mt19937_64 random(seed);
  size_t promise = 0;
  for (size_t count = work.promises[0].operations; count <= work.disk.operation_count(); count++) {
    while (promise + 1 < work.promises.size() && work.promises[promise + 1].operations <= count) {
      promise++;
    }
    // Records may have been deleted by an operation that had not come back yet.
    Promise given = work.promises[promise];
    given.start = work.promises[std::min(promise + 1, work.promises.size() - 1)].start;
    for (size_t image = 0; image < images; image++) {
      auto survival = static_cast<Survival>((count + image) % 4);
      INFO("seed ", seed, ", cut after ", count, " operations, survival ", int(survival));
      auto disk = work.disk.after_cut(count, survival, random);
      if (!*disk->exists(kRoot)) continue;
      check_image(work, given, *disk);
    }
  }
}

}  // namespace

TEST_CASE("whatever a power cut leaves, what was synced is there, and nothing else is changed") {
  uint64_t seeds = is_long() ? 300 : 6;
  for (uint64_t seed = 1; seed <= seeds; seed++) check_all_cuts(seed, 70, is_long() ? 4 : 1);
}

TEST_CASE("what recovery found after a kill survives a power cut soon after") {
  uint64_t seeds = is_long() ? 1000 : 40;
  for (uint64_t seed = 2000; seed < 2000 + seeds; seed++) {
    INFO("seed ", seed);
    Work work(seed);
    for (size_t i = 0; i < 40; i++) work.step();
    work.log.log.reset();  // killed: all that was written is there, but much was never synced
    LogFixture log = recovered(work.disk);
    Offset end = log.log->log_end();
    if (!work.written.empty()) CHECK(end == work.written.back().last + 1);
    std::mt19937_64 random(seed);
    size_t count = work.disk.operation_count();
    auto cut = work.disk.after_cut(count, Survival::nothing, random);
    Promise promise{count, end, work.promises.back().start};
    check_image(work, promise, *cut);
  }
}

TEST_CASE("a cut during recovery is recovered from") {
  uint64_t seeds = is_long() ? 100 : 8;
  for (uint64_t seed = 1000; seed < 1000 + seeds; seed++) {
    Work work(seed);
    for (size_t i = 0; i < 50; i++) work.step();
    std::mt19937_64 random(seed);
    Promise last = work.promises.back();
    auto first = work.disk.after_cut(work.disk.operation_count(), Survival::any, random);
    recovered(*first);
    for (size_t count = 0; count <= first->operation_count(); count++) {
      INFO("seed ", seed, ", second cut after ", count);
      auto second = first->after_cut(count, static_cast<Survival>(count % 4), random);
      check_image(work, last, *second);
    }
  }
}
