// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/partition.h"

#include <doctest/doctest.h>

#include <condition_variable>
#include <thread>

#include "lib/log/checkpoints.h"
#include "lib/net/disk_pool.h"
#include "lib/net/uv_loop.h"
#include "tests/support/temporary_directory.h"

using namespace eventd;

namespace {

// A disk whose syncs of directories wait until they are let through.
class SlowDisk : public PosixDisk {
 public:
  Result<void> sync_directory(const std::string& path) override {
    {
      std::unique_lock lock(mutex_);
      syncing_ = true;
      changed_.notify_all();
      changed_.wait(lock, [&] { return open_; });
    }
    return PosixDisk::sync_directory(path);
  }
  void await_sync() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return syncing_; });
  }
  void let_through() {
    std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool syncing_ = false;
  bool open_ = false;
};

// A partition whose first sync has its partition.metadata to make sure of, as every new one's.
struct NewPartition {
  TemporaryDirectory directory;
  SlowDisk disk;
  std::shared_ptr<OpenFiles> files = std::make_shared<OpenFiles>(disk, 4);
  UvLoop loop;
  std::optional<DiskPool> pool{std::in_place};
  std::optional<Error> failure;
  SyncScheduler syncs{disk, *pool, loop, [this](const Error& error) { failure = error; }};
  std::string path = directory / "t-0";
  std::shared_ptr<Partition> partition;

  NewPartition() {
    OpenLog how;
    how.files = files;
    how.directory = path;
    how.clean = true;
    how.partition_metadata = partition_metadata(Uuid::random());
    Recovery found;
    auto log = Log::open(how, found);
    REQUIRE(log);
    partition =
        std::make_shared<Partition>(PartitionName{"t", Uuid::random(), PartitionId{0}},
                                    std::move(*log), std::make_shared<TopicConfig>(), syncs);
  }
};

}  // namespace

TEST_CASE("a deletion waits for the sync that is under way") {
  NewPartition fresh;
  fresh.partition->sync_now();
  fresh.disk.await_sync();

  std::mutex mutex;
  std::condition_variable changed;
  bool abandoned = false;
  std::thread deletes([&] {
    fresh.partition->abandon();
    std::lock_guard lock(mutex);
    abandoned = true;
    changed.notify_all();
  });
  {
    std::unique_lock lock(mutex);
    bool early = changed.wait_for(lock, std::chrono::milliseconds(50), [&] { return abandoned; });
    CHECK_FALSE(early);
  }
  fresh.disk.let_through();
  deletes.join();
  CHECK_FALSE(fresh.partition->failed());
}

TEST_CASE("after its deletion a partition writes nothing where another topic may be by now") {
  NewPartition fresh;
  fresh.disk.let_through();
  fresh.partition->abandon();
  std::filesystem::rename(fresh.path, fresh.path + "-delete");
  std::filesystem::create_directory(fresh.path);

  fresh.partition->sync_now();
  fresh.pool.reset();  // when the sync has ended
  CHECK(std::filesystem::is_empty(fresh.path));
  CHECK_FALSE(fresh.failure);
  CHECK_FALSE(fresh.partition->failed());
}
