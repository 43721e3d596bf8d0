// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/partition.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "lib/base/logger.h"
#include "lib/base/mutant.h"
#include "lib/base/text.h"

namespace eventd {

void append_text(std::string& out, const PartitionName& name) {
  out += text(name.topic, "-", name.partition);
}

Partition::Partition(PartitionName name, std::unique_ptr<Log> log,
                     std::shared_ptr<const TopicConfig> config, SyncScheduler& syncs)
    : name_(std::move(name)), syncs_(syncs), config_(std::move(config)) {
  durable_.store(config_->flush_messages == 1);
  adopt(std::move(log));
}

Partition::Partition(PartitionName name, OpenIt open_it, std::shared_ptr<const TopicConfig> config,
                     SyncScheduler& syncs)
    : name_(std::move(name)),
      open_it_(std::move(open_it)),
      syncs_(syncs),
      config_(std::move(config)) {
  durable_.store(config_->flush_messages == 1);
}

void Partition::adopt(std::unique_ptr<Log> log) {
  log_ = std::move(log);
  // Recovery has synced all that it found, or it was synced before.
  high_watermark_.store(log_->log_end().value);
  segments_seen_ = log_->segment_count();
  is_open_.store(true, std::memory_order_release);
}

Result<void> Partition::open() {
  if (is_open()) return {};
  std::lock_guard lock(mutex_);
  if (is_open()) return {};
  if (retired()) return eventd::fail(Code::not_leader_or_follower, text(name_, " was closed"));
  Result<std::unique_ptr<Log>> log = open_it_(*config());
  if (!log) return pass(log);
  adopt(std::move(*log));
  open_it_ = nullptr;
  return {};
}

std::shared_ptr<const TopicConfig> Partition::config() const {
  std::lock_guard lock(config_mutex_);
  return config_;
}

void Partition::set_config(std::shared_ptr<const TopicConfig> config) {
  bool was_durable = is_durable();
  {
    std::lock_guard lock(mutex_);
    if (is_open()) log_->set_config(config->log);
    durable_.store(config->flush_messages == 1);
    count_unsynced();
    std::lock_guard config_lock(config_mutex_);
    config_ = std::move(config);
  }
  if (was_durable == is_durable() || !is_open()) return;
  // What was appended under the other rule is neither below the watermark nor soon synced.
  if (is_durable()) {
    sync_now();
  } else {
    advance_watermark();
  }
}

// Under mutex_. Only what durable partitions owe the disk bounds the appends to others.
void Partition::count_unsynced() {
  bool owes = is_open() && is_durable() && !abandoned_.load();
  int64_t owed = owes ? static_cast<int64_t>(log_->unsynced_bytes()) : 0;
  syncs_.count_unsynced(owed - std::exchange(counted_unsynced_, owed));
}

Offset Partition::end(Isolation isolation) const {
  if (isolation == Isolation::log_end) return log_end();
  Offset watermark = high_watermark();
  if (isolation == Isolation::high_watermark) return watermark;
  return std::min(watermark, log_->first_unstable());
}

Result<Appended> Partition::append(CheckedBatch& batch, AppendOrigin origin, WallTime now) {
  if (failed()) return eventd::fail(Code::kafka_storage_error, text(name_, " has failed"));
  Result<Appended> appended;
  bool rolled = false;
  int64_t waiting_records = 0;
  {
    std::lock_guard lock(mutex_);
    if (retired()) return eventd::fail(Code::not_leader_or_follower, text(name_, " was closed"));
    if (needs_new_epoch()) {
      return eventd::fail(Code::not_leader_or_follower, text(name_, " needs a new leader epoch"));
    }
    appended = log_->append(batch.bytes, batch.header, origin, leader_epoch(), now);
    if (!appended) return appended;
    count_unsynced();
    if (!appended->duplicate) appended_since_sync_ += batch.header.last_offset_delta + 1;
    waiting_records = appended_since_sync_;
    rolled = std::exchange(segments_seen_, log_->segment_count()) != log_->segment_count();
  }
  if (appended->duplicate) return appended;
  if (is_mutant("watermark-before-sync")) advance_watermark();
  if (is_durable()) {
    if (waiters_.any() || log_->unsynced_bytes() >= kUnsyncedLazy) {
      sync_now();
    } else {
      syncs_.sync_after(shared_from_this(), SyncScheduler::kLazyDelay);
    }
    return appended;
  }
  advance_watermark();
  std::shared_ptr<const TopicConfig> rules = config();
  if (rolled || waiting_records >= rules->flush_messages) {
    sync_now();
  } else if (rules->flush_ms < INT64_MAX / 2'000'000) {
    syncs_.sync_after(shared_from_this(), std::chrono::milliseconds(rules->flush_ms));
  }
  return appended;
}

bool Partition::is_clogged() const {
  if (is_mutant("unsynced-without-limit")) return false;
  return is_durable() && (log_->unsynced_bytes() > kUnsyncedMax || syncs_.is_clogged()) &&
         log_->unsynced_bytes() > 0;
}

Result<LogSlice> Partition::read(Offset from, uint32_t size_max, Isolation isolation,
                                 bool first_whole, Patience patience) const {
  if (failed()) return eventd::fail(Code::kafka_storage_error, text(name_, " has failed"));
  return log_->read(from, size_max, end(isolation), first_whole, patience);
}

void Partition::await_watermark(Offset reaches, const TicketPointer& ticket) {
  waiters_.add(reaches, ticket);
  if (high_watermark() >= reaches || failed() || retired()) {
    waiters_.pass(high_watermark());
    if (failed() || retired()) ticket->fire();
    return;
  }
  if (is_durable() && high_watermark() < log_end()) sync_now();
}

void Partition::sync_now() { syncs_.sync_now(shared_from_this()); }

bool Partition::sync_once() {
  Result<void> synced = sync();
  if (!synced && is_mutant("sync-is-tried-again")) synced = sync();
  if (!synced) {
    if (!abandoned_.load()) fail(synced.error());
    return false;
  }
  // Whoever waits for what was appended meanwhile wants the next sync at once.
  return is_durable() && waiters_.any() && log_->unsynced_bytes() > 0;
}

Result<void> Partition::sync() {
  std::lock_guard one_at_a_time(sync_mutex_);
  if (failed()) return eventd::fail(Code::kafka_storage_error, text(name_, " has failed"));
  if (abandoned_.load()) return eventd::fail(Code::cancelled, text(name_, " was deleted"));
  SyncPlan plan;
  {
    std::lock_guard lock(mutex_);
    plan = log_->begin_sync();
    appended_since_sync_ = 0;
  }
  Result<void> synced = run_sync(syncs_.disk(), plan);
  if (!synced) return synced;
  uint64_t synced_bytes = 0;
  {
    std::lock_guard lock(mutex_);
    uint64_t before = log_->unsynced_bytes();
    log_->finish_sync(std::move(plan));
    count_unsynced();
    synced_bytes = before - log_->unsynced_bytes();
  }
  advance_watermark();
  syncs_.count_synced(static_cast<int64_t>(synced_bytes));
  return {};
}

Result<void> Partition::sync_and_wait() {
  Offset all = log_end();
  while (log_->synced() < all || log_->unsynced_bytes() > 0) {
    Result<void> synced = sync();
    if (!synced) {
      fail(synced.error());
      return synced;
    }
  }
  return {};
}

void Partition::advance_watermark() {
  bool synced_only = is_durable() && !is_mutant("watermark-before-sync");
  int64_t reached = synced_only ? log_->synced().value : log_->log_end().value;
  int64_t watermark = high_watermark_.load();
  while (watermark < reached && !high_watermark_.compare_exchange_weak(watermark, reached)) {
  }
  waiters_.pass(high_watermark());
}

void Partition::fail(const Error& error) {
  if (failed_.exchange(true)) return;
  log_error(name_, ": sync failed, nothing more is acknowledged: ", error.message);
  waiters_.fire_all();
  syncs_.report(error);
}

Result<void> Partition::delete_records(Offset before) {
  std::lock_guard lock(mutex_);
  return log_->delete_records(before);
}

void Partition::maintain(WallTime now) {
  std::lock_guard lock(mutex_);
  if (retired() || failed()) return;
  Result<void> moved = log_->apply_retention(now, high_watermark());
  if (!moved) log_warning(name_, ": retention: ", moved.error().message);
  log_->expire_producers(now);
}

std::vector<std::string> Partition::delete_segments(Offset stored_start) {
  std::lock_guard lock(mutex_);
  if (retired() || failed()) return {};
  Result<size_t> gone = log_->delete_segments(stored_start);
  if (!gone) log_warning(name_, ": ", gone.error().message);
  if (gone && *gone > 0) log_info(name_, ": deleted ", *gone, " segments below ", stored_start);
  return log_->take_deleted();
}

void Partition::retire() {
  {
    std::lock_guard lock(mutex_);
    retired_.store(true);
  }
  waiters_.fire_all();
}

void Partition::abandon() {
  retire();
  std::lock_guard one_at_a_time(sync_mutex_);
  if (abandoned_.exchange(true)) return;
  std::lock_guard lock(mutex_);
  count_unsynced();
}

Result<void> Partition::close() {
  Result<void> synced = sync_and_wait();
  if (!synced) return synced;
  std::lock_guard lock(mutex_);
  return log_->close(wall_now());
}

}  // namespace eventd
