// SPDX-License-Identifier: Apache-2.0
// When partitions of one log directory are synced: at once where somebody waits, otherwise a little
// later, many together.
//
// Syncs run on the sync lane of the disk pool. A sync that fails is final for the directory: the
// callback is told once, on that lane.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "lib/base/result.h"
#include "lib/log/disk.h"
#include "lib/net/disk_pool.h"
#include "lib/net/loop.h"

namespace eventd {

class Partition;

class SyncScheduler {
 public:
  // How long an append that nobody waits for may stay unsynced.
  static constexpr std::chrono::milliseconds kLazyDelay{10};
  // Beyond this much unsynced in the directory, appends wait.
  static constexpr int64_t kUnsyncedMax = 64 << 20;

  // All outlive the scheduler, which outlives its partitions. `loop` runs the timer.
  SyncScheduler(Disk& disk, DiskPool& pool, Loop& loop, std::function<void(const Error&)> failed);

  Disk& disk() { return disk_; }

  // Any thread.
  void sync_now(std::shared_ptr<Partition> partition);
  void sync_after(std::shared_ptr<Partition> partition, std::chrono::nanoseconds delay);

  // `due` is called, on the sync lane, whenever so much has been synced that the recovery points
  // should be checkpointed. To be set before the first append.
  static constexpr int64_t kCheckpointBytes = 64 << 20;
  void on_checkpoint_due(std::function<void()> due) { checkpoint_due_ = std::move(due); }
  void count_synced(int64_t bytes);

  // A sync failed: nothing more is acknowledged from this directory.
  void report(const Error& error);

  void count_unsynced(int64_t delta) { unsynced_bytes_.fetch_add(delta); }
  bool is_clogged() const { return unsynced_bytes_.load() > kUnsyncedMax; }
  uint64_t syncs() const { return syncs_.load(); }

 private:
  friend class Partition;
  struct Due {
    std::weak_ptr<Partition> partition;
    Instant when;
  };
  void run(const std::shared_ptr<Partition>& partition);
  void arm(Instant when);
  void look();

  Disk& disk_;
  DiskPool& pool_;
  Loop& loop_;
  std::function<void(const Error&)> failed_;
  std::atomic<bool> reported_{false};
  std::atomic<int64_t> unsynced_bytes_{0};
  std::atomic<int64_t> since_checkpoint_{0};
  std::atomic<uint64_t> syncs_{0};
  std::function<void()> checkpoint_due_;

  std::mutex mutex_;
  std::vector<Due> due_;
  Instant next_look_ = Instant::max();
};

}  // namespace eventd
