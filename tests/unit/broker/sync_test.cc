// SPDX-License-Identifier: Apache-2.0
// What a partition promises about its disk: watermark, syncs, limits, failures.
#include <doctest/doctest.h>

#include <cerrno>
#include <condition_variable>

#include "lib/broker/partition.h"
#include "lib/log/checkpoints.h"
#include "tests/support/log_fixture.h"
#include "tests/support/stepped_loop.h"
#include "tests/support/memory_disk.h"

using namespace eventd;

namespace {

constexpr const char* kDirectory = "/d/t-0";

// Lets syncs wait until it is opened.
class Gate {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    arrived_++;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
  }
  void await_arrival() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return arrived_ > 0; });
  }
  void open() {
    std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int arrived_ = 0;
  bool open_ = false;
};

struct Storage {
  MemoryDisk disk;
  SteppedLoop loop;
  std::optional<DiskPool> pool{std::in_place};
  int failures = 0;
  SyncScheduler syncs{disk, *pool, loop, [this](const Error&) { failures++; }};
  std::shared_ptr<OpenFiles> files = std::make_shared<OpenFiles>(disk, 16);
  TopicConfig config;

  Storage() { REQUIRE(disk.make_directory("/d").has_value()); }
  ~Storage() { pool.reset(); }

  std::shared_ptr<Partition> open(const std::string& name = "t") {
    OpenLog how;
    how.files = files;
    how.directory = text("/d/", name, "-0");
    how.config = config.log;
    how.clean = true;
    how.partition_metadata = partition_metadata(Uuid{});
    Recovery found;
    auto log = Log::open(how, found);
    REQUIRE(log.has_value());
    return std::make_shared<Partition>(PartitionName{name, Uuid{}, PartitionId{0}},
                                       std::move(*log), std::make_shared<TopicConfig>(config),
                                       syncs);
  }
  // Until all syncs that have been started are over; none can be started afterwards.
  void finish() { pool.reset(); }
  size_t syncs_of(const std::string& path) const {
    auto is_one = [&](const DiskOperation& operation) {
      return operation.kind == DiskOperation::sync && operation.path == path;
    };
    auto all = disk.operations();
    return static_cast<size_t>(std::ranges::count_if(all, is_one));
  }
};

Result<Appended> append(Partition& partition, const Strings& values, TestProducer producer = {}) {
  Buffer bytes = batch_of(values, 1000, Codec::none, producer);
  CheckedBatch batch{.bytes = bytes, .header = *check_batch(bytes)};
  return partition.append(batch, AppendOrigin::client, WallTime{1000});
}

bool consumers_see_nothing(const Partition& partition) {
  return partition.read(Offset{0}, 1000, Isolation::high_watermark, true, Patience::waits)->empty();
}

const std::string kMegabyte(1 << 20, 'x');

}  // namespace

TEST_CASE("nothing is below the watermark, nor read by consumers, before its sync has ended") {
  Storage storage;
  Gate gate;
  storage.disk.before_sync([&](const std::string&) { gate.pass(); });
  auto partition = storage.open();
  REQUIRE(append(*partition, {"a"}).has_value());
  auto ticket = std::make_shared<Ticket>(storage.loop);
  partition->await_watermark(Offset{1}, ticket);
  gate.await_arrival();
  CHECK(partition->log_end() == Offset{1});
  CHECK(partition->high_watermark() == Offset{0});
  CHECK(consumers_see_nothing(*partition));
  CHECK_FALSE(partition->read(Offset{0}, 1000, Isolation::log_end, true, Patience::waits)->empty());
  CHECK_FALSE(ticket->was_fired());
  gate.open();
  storage.finish();
  CHECK(partition->high_watermark() == Offset{1});
  CHECK_FALSE(consumers_see_nothing(*partition));
  CHECK(ticket->was_fired());
}

TEST_CASE("what is appended during a sync waits for the next, which follows for those who wait") {
  Storage storage;
  Gate gate;
  storage.disk.before_sync([&](const std::string&) { gate.pass(); });
  auto partition = storage.open();
  REQUIRE(append(*partition, {"a"}).has_value());
  auto first = std::make_shared<Ticket>(storage.loop);
  partition->await_watermark(Offset{1}, first);
  gate.await_arrival();
  for (int i = 0; i < 10; i++) REQUIRE(append(*partition, {"b"}).has_value());
  auto last = std::make_shared<Ticket>(storage.loop);
  partition->await_watermark(Offset{11}, last);
  gate.open();
  storage.finish();
  CHECK(last->was_fired());
  CHECK(partition->high_watermark() == Offset{11});
  // One group commit for the ten.
  CHECK(storage.syncs_of(text(kDirectory, "/00000000000000000000.log")) == 2);
}

TEST_CASE("the watermark moves after all segments, the directories and partition.metadata") {
  Storage storage;
  storage.config.log.segment_bytes = 300;
  auto partition = storage.open();
  for (int i = 0; i < 20; i++) REQUIRE(append(*partition, {text("value-", i)}).has_value());
  CHECK(partition->log().segment_count() > 4);
  size_t early = 0;
  storage.disk.before_sync([&](const std::string&) {
    if (partition->high_watermark() > Offset{0}) early++;
  });
  size_t before = storage.disk.operation_count();
  REQUIRE(partition->sync_and_wait().has_value());
  CHECK(early == 0);
  CHECK(partition->high_watermark() == Offset{20});
  size_t segments = 0;
  for (const std::string& path : storage.disk.paths()) {
    if (!path.ends_with(".log")) continue;
    CHECK(storage.syncs_of(path) == 1);
    segments++;
  }
  CHECK(segments == partition->log().segment_count());
  CHECK(storage.syncs_of(text(kDirectory, "/", kPartitionMetadata)) == 1);
  std::set<std::string> directories;
  auto operations = storage.disk.operations();
  for (size_t i = before; i < operations.size(); i++) {
    if (operations[i].kind != DiskOperation::sync_directory) continue;
    directories.insert(operations[i].path);
  }
  CHECK(directories == std::set<std::string>{"/d", kDirectory});
}

TEST_CASE("with nobody waiting a sync begins within 10 ms") {
  Storage storage;
  auto partition = storage.open();
  Instant before = monotonic_now();
  REQUIRE(append(*partition, {"a"}).has_value());
  storage.loop.run_posts();
  REQUIRE(storage.loop.next_timer() != Instant::max());
  CHECK(storage.loop.next_timer() - before <= std::chrono::milliseconds(11));
  CHECK(partition->high_watermark() == Offset{0});
  while (monotonic_now() < storage.loop.next_timer()) std::this_thread::yield();
  storage.loop.run_next_timer();
  storage.finish();
  CHECK(partition->high_watermark() == Offset{1});
}

TEST_CASE("with nobody waiting a sync begins at once when a megabyte is unsynced") {
  Storage storage;
  auto partition = storage.open();
  REQUIRE(append(*partition, {kMegabyte.substr(1 << 19)}).has_value());
  CHECK(storage.syncs.syncs() == 0);
  REQUIRE(append(*partition, {kMegabyte.substr(1 << 19)}).has_value());
  storage.finish();
  CHECK(storage.syncs.syncs() == 1);
  CHECK(partition->high_watermark() == Offset{2});
}

TEST_CASE("beyond 16 MiB unsynced of a partition appends wait, until they are synced") {
  Storage storage;
  Gate gate;
  storage.disk.before_sync([&](const std::string&) { gate.pass(); });
  auto partition = storage.open();
  for (int i = 0; i < 16; i++) {
    CHECK_FALSE(partition->is_clogged());
    REQUIRE(append(*partition, {kMegabyte}).has_value());
  }
  CHECK(partition->is_clogged());
  CHECK_FALSE(storage.syncs.is_clogged());
  gate.open();
  storage.finish();
  REQUIRE(partition->sync_and_wait().has_value());
  CHECK_FALSE(partition->is_clogged());
}

TEST_CASE("beyond 64 MiB unsynced of a directory appends wait; only durable partitions count") {
  Storage storage;
  Gate gate;
  storage.disk.before_sync([&](const std::string&) { gate.pass(); });
  TopicConfig durable = storage.config;
  storage.config.flush_messages = 1'000'000;
  auto lazy = storage.open("lazy");
  for (int i = 0; i < 10; i++) REQUIRE(append(*lazy, {kMegabyte}).has_value());
  storage.config = durable;
  std::vector<std::shared_ptr<Partition>> partitions;
  for (int p = 0; p < 5; p++) {
    CHECK_FALSE(storage.syncs.is_clogged());
    partitions.push_back(storage.open(text("t", p)));
    for (int i = 0; i < 13; i++) REQUIRE(append(*partitions[size_t(p)], {kMegabyte}).has_value());
  }
  CHECK(storage.syncs.is_clogged());
  CHECK(partitions[0]->is_clogged());
  CHECK_FALSE(lazy->is_clogged());

  // What is deleted owes the disk nothing any more, nor does what stops being durable.
  gate.open();
  partitions[0]->abandon();
  CHECK_FALSE(storage.syncs.is_clogged());
  auto relaxed = std::make_shared<TopicConfig>(durable);
  relaxed->flush_messages = 1'000'000;
  for (auto& partition : partitions) partition->set_config(relaxed);
  REQUIRE(append(*partitions[1], {kMegabyte}).has_value());
  CHECK(partitions[1]->high_watermark() == partitions[1]->log_end());
  storage.finish();
}

TEST_CASE("a failed sync is final: waiters wake, nothing is tried again, nothing is acknowledged") {
  for (int error : {EIO, ENOSPC}) {
    Storage storage;
    auto partition = storage.open();
    // As Linux has it: the next one succeeds, and what the first one lost is not on the disk.
    storage.disk.fail_if([error, syncs = 0](const DiskOperation& operation) mutable {
      return operation.kind == DiskOperation::sync && syncs++ == 0 ? error : 0;
    });
    REQUIRE(append(*partition, {"a"}).has_value());
    auto ticket = std::make_shared<Ticket>(storage.loop);
    partition->await_watermark(Offset{1}, ticket);
    while (!ticket->was_fired()) std::this_thread::yield();
    while (!partition->failed() && partition->high_watermark() == Offset{0}) {
      std::this_thread::yield();
    }
    CHECK(append(*partition, {"b"}).error().code == Code::kafka_storage_error);
    CHECK(partition->read(Offset{0}, 100, Isolation::log_end, true, Patience::waits).error().code ==
          Code::kafka_storage_error);
    auto late = std::make_shared<Ticket>(storage.loop);
    partition->await_watermark(Offset{1}, late);
    CHECK(late->was_fired());
    partition->sync_now();
    CHECK_FALSE(partition->sync_and_wait().has_value());
    storage.finish();
    CHECK(partition->high_watermark() == Offset{0});
    CHECK(storage.failures == 1);
    CHECK(storage.syncs_of(text(kDirectory, "/00000000000000000000.log")) == 0);
  }
}

TEST_CASE("a retry's original is not below the watermark before it is synced") {
  Storage storage;
  auto partition = storage.open();
  REQUIRE(append(*partition, {"a", "b"}, {.id = 5}).has_value());
  Result<Appended> retry = append(*partition, {"a", "b"}, {.id = 5});
  REQUIRE(retry.has_value());
  CHECK(retry->duplicate);
  CHECK(retry->base_offset == Offset{0});
  CHECK(retry->last_offset == Offset{1});
  CHECK(partition->high_watermark() == Offset{0});
  auto ticket = std::make_shared<Ticket>(storage.loop);
  partition->await_watermark(retry->last_offset + 1, ticket);  // starts the sync
  storage.finish();
  CHECK(ticket->was_fired());
  CHECK(partition->high_watermark() == Offset{2});
}

TEST_CASE("with a larger flush.messages the watermark is the end; syncs are by count and on roll") {
  Storage storage;
  storage.config.flush_messages = 3;
  storage.config.log.segment_bytes = 400;
  auto partition = storage.open();
  for (int i = 1; i <= 2; i++) {
    REQUIRE(append(*partition, {"a"}).has_value());
    CHECK(partition->high_watermark() == Offset{i});
  }
  CHECK(storage.syncs.syncs() == 0);
  REQUIRE(append(*partition, {"a"}).has_value());
  while (storage.syncs.syncs() == 0) std::this_thread::yield();
  while (partition->log().synced() < Offset{3}) std::this_thread::yield();
  auto relaxed = std::make_shared<TopicConfig>(storage.config);
  relaxed->flush_messages = INT64_MAX;
  partition->set_config(relaxed);
  while (partition->log().segment_count() == 1) REQUIRE(append(*partition, {"a"}).has_value());
  storage.finish();
  CHECK(partition->log().synced() > Offset{3});
}

TEST_CASE("a topic that becomes durable is synced at once") {
  Storage storage;
  storage.config.flush_messages = 1'000'000;
  auto partition = storage.open();
  REQUIRE(append(*partition, {"a"}).has_value());
  CHECK(partition->log().synced() == Offset{0});
  auto durable = std::make_shared<TopicConfig>(storage.config);
  durable->flush_messages = 1;
  partition->set_config(durable);
  storage.finish();
  CHECK(partition->log().synced() == Offset{1});
}

TEST_CASE("recovery points are due for their checkpoint after each 64 MiB synced") {
  Storage storage;
  int due = 0;
  storage.syncs.on_checkpoint_due([&] { due++; });
  storage.syncs.count_synced(63 << 20);
  CHECK(due == 0);
  storage.syncs.count_synced(1 << 20);
  CHECK(due == 1);
  for (int i = 0; i < 64; i++) storage.syncs.count_synced(1 << 20);
  CHECK(due == 2);
}
