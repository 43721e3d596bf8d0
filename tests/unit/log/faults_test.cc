// SPDX-License-Identifier: Apache-2.0
// A log on a disk that fails: each operation in turn, with each kind of error.
#include <doctest/doctest.h>

#include <cerrno>

#include "tests/support/log_fixture.h"
#include "tests/support/memory_disk.h"

using namespace eventd;

namespace {

constexpr const char* kDirectory = "/d/t-0";

LogConfig small() {
  LogConfig config;
  config.segment_bytes = 700;
  config.index_interval_bytes = 100;
  config.producer_snapshot_bytes = 400;
  config.retention_bytes = 1500;
  return config;
}

// Appends, rolls, syncs and deletes; notes what was acknowledged. Stops at a sync that fails.
struct Script {
  Strings appended;
  int64_t start = 0;
  int64_t synced = 0;
  bool sync_failed = false;

  void run(LogFixture& log) {
    for (int i = 0; i < 40 && !sync_failed; i++) {
      std::string value = text("value-", i);
      Result<Appended> done = log.try_append(batch_of({value}, 1000 + i));
      if (done) {
        CHECK(done->base_offset == Offset{int64_t(appended.size())});
        appended.push_back(value);
      }
      CHECK(log.log->log_end() == Offset{int64_t(appended.size())});
      if (i % 5 == 4) sync(log);
      if (i % 11 == 10 && !sync_failed) delete_oldest(log);
    }
  }
  void sync(LogFixture& log) {
    int64_t covers = log.log->log_end().value;
    if (log.try_sync()) {
      synced = covers;
    } else {
      sync_failed = true;
    }
  }
  void delete_oldest(LogFixture& log) {
    (void)log.log->apply_retention(WallTime{2000}, log.log->synced());
    (void)log.log->delete_segments(log.log->log_start());  // either may fail; neither loses records
    start = log.log->log_start().value;
  }
  Strings from_start() const { return Strings(appended.begin() + start, appended.end()); }
};

size_t operations_of_script() {
  MemoryDisk disk;
  LogFixture log(disk, kDirectory, small());
  log.open(false);
  Script().run(log);
  return disk.operation_count();
}

}  // namespace

TEST_CASE("whichever operation fails, what was appended is read, and what was synced survives") {
  size_t operations = operations_of_script();
  CHECK(operations > 100);
  for (int error : {EIO, ENOSPC}) {
    for (size_t n = 0; n < operations; n++) {
      INFO("operation ", n, " fails with ", error);
      MemoryDisk disk;
      disk.fail_operation(n, error);
      LogFixture log(disk, kDirectory, small());
      if (!log.try_open(false)) continue;
      Script script;
      script.run(log);
      CHECK(log.values(log.log->log_start()) == script.from_start());

      // A process that starts again sees all of it, after a power cut at least what was synced.
      std::mt19937_64 random(n);
      for (bool power_cut : {false, true}) {
        auto left = power_cut ? disk.after_cut(disk.operation_count(), Survival::nothing, random)
                              : disk.after_kill();
        LogFixture again(*left, kDirectory, small());
        again.open(false);
        int64_t end = again.log->log_end().value;
        CHECK(end <= int64_t(script.appended.size()));
        CHECK(end >= (power_cut ? script.synced : int64_t(script.appended.size())));
        int64_t from = again.log->log_start().value;
        CHECK(again.values(Offset{from}) ==
              Strings(script.appended.begin() + from, script.appended.begin() + end));
      }
    }
  }
}

TEST_CASE("a full disk refuses appends, nothing of them remains, and service returns with space") {
  MemoryDisk disk;
  LogFixture log(disk, kDirectory, LogConfig{});
  log.open(false);
  log.append(batch_of({"first"}));
  std::string file = log.file("00000000000000000000.log");
  std::string before = *disk.contents(file);
  disk.fail_if([](const DiskOperation& operation) {
    return operation.kind == DiskOperation::write ? ENOSPC : 0;
  });
  for (int i = 0; i < 3; i++) {
    Result<Appended> refused = log.try_append(batch_of({"second", "third"}));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == Code::disk_full);
    CHECK(disk.contents(file) == before);
    CHECK(log.log->log_end() == Offset{1});
    CHECK(log.values() == Strings{"first"});
  }
  disk.fail_if(nullptr);
  log.append(batch_of({"second"}));
  CHECK(log.values() == Strings{"first", "second"});
}

TEST_CASE("small files that find no room wait for the next sync, and the recovery point for them") {
  MemoryDisk disk;
  LogFixture log(disk, kDirectory, LogConfig{});
  log.open(false);
  log.append(batch_of({"a"}), LeaderEpoch{3});
  auto is_epochs = [](const DiskOperation& operation) {
    bool writes = operation.kind == DiskOperation::write;
    return writes && operation.path.ends_with("leader-epoch-checkpoint.tmp") ? ENOSPC : 0;
  };
  disk.fail_if(is_epochs);
  log.sync();
  CHECK(log.log->synced() == Offset{1});
  CHECK(log.log->recovery_point() == Offset{0});
  disk.fail_if(nullptr);
  log.append(batch_of({"b"}), LeaderEpoch{3});
  log.sync();
  CHECK(log.log->recovery_point() == Offset{2});
  CHECK(disk.contents(log.file("leader-epoch-checkpoint")) == "0\n1\n3 0\n");
}

TEST_CASE("a failed sync is an error whatever the errno, also one that says the disk is full") {
  for (int error : {EIO, ENOSPC, EDQUOT}) {
    MemoryDisk disk;
    LogFixture log(disk, kDirectory, LogConfig{});
    log.open(false);
    log.append(batch_of({"a"}));
    disk.fail_if([error](const DiskOperation& operation) {
      return operation.kind == DiskOperation::sync ? error : 0;
    });
    CHECK_FALSE(log.try_sync().has_value());
    CHECK(log.log->synced() == Offset{0});
  }
}
