// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/sync_scheduler.h"

#include <algorithm>
#include <utility>

#include "lib/broker/partition.h"

namespace eventd {

SyncScheduler::SyncScheduler(Disk& disk, DiskPool& pool, Loop& loop,
                             std::function<void(const Error&)> failed)
    : disk_(disk), pool_(pool), loop_(loop), failed_(std::move(failed)) {}

void SyncScheduler::sync_now(std::shared_ptr<Partition> partition) {
  int state = partition->sync_state_.load();
  while (true) {
    int next = state == Partition::idle ? Partition::running : Partition::again;
    if (partition->sync_state_.compare_exchange_weak(state, next)) break;
  }
  if (state == Partition::idle) run(partition);
}

// Submits one sync; a further one goes to the end of the lane, so that no partition starves others.
void SyncScheduler::run(const std::shared_ptr<Partition>& partition) {
  pool_.submit(DiskPool::Lane::sync, [this, partition] {
    partition->sync_state_.store(Partition::running);
    bool more = partition->sync_once();
    syncs_.fetch_add(1, std::memory_order_relaxed);
    int expected = Partition::running;
    if (!more && partition->sync_state_.compare_exchange_strong(expected, Partition::idle)) return;
    if (partition->failed()) return;
    run(partition);
  });
}

void SyncScheduler::sync_after(std::shared_ptr<Partition> partition,
                               std::chrono::nanoseconds delay) {
  if (partition->sync_is_due_.exchange(true)) return;
  Instant when = monotonic_now() + delay;
  bool sooner = false;
  {
    std::lock_guard lock(mutex_);
    sooner = when < next_look_;
    next_look_ = std::min(next_look_, when);
    due_.push_back({std::move(partition), when});
  }
  if (sooner) loop_.post([this, when] { arm(when); });
}

void SyncScheduler::arm(Instant when) {
  loop_.call_at(when, [this] { look(); });
}

void SyncScheduler::look() {
  std::vector<Due> ready;
  Instant now = monotonic_now();
  Instant next = Instant::max();
  {
    std::lock_guard lock(mutex_);
    auto rest =
        std::partition(due_.begin(), due_.end(), [&](const Due& due) { return due.when > now; });
    ready.assign(std::make_move_iterator(rest), std::make_move_iterator(due_.end()));
    due_.erase(rest, due_.end());
    for (const Due& due : due_) next = std::min(next, due.when);
    next_look_ = next;
  }
  for (Due& due : ready) {
    std::shared_ptr<Partition> partition = due.partition.lock();
    if (!partition) continue;
    partition->sync_is_due_.store(false);
    sync_now(std::move(partition));
  }
  if (next != Instant::max()) arm(next);
}

void SyncScheduler::count_synced(int64_t bytes) {
  if (since_checkpoint_.fetch_add(bytes) + bytes < kCheckpointBytes) return;
  if (since_checkpoint_.exchange(0) >= kCheckpointBytes && checkpoint_due_) checkpoint_due_();
}

void SyncScheduler::report(const Error& error) {
  if (!reported_.exchange(true)) failed_(error);
}

}  // namespace eventd
