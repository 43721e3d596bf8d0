// SPDX-License-Identifier: Apache-2.0
// A partition that this broker leads: its log, its high watermark, and who waits for it.
//
// A monitor for appenders only: the mutex covers offset assignment and the write. Offsets are
// atomics and reads go to the log's immutable segments, so Fetch, ListOffsets and Metadata never
// take it (a write beside a running sync was seen to take milliseconds).
//
// Durable mode (flush.messages = 1, our default): the high watermark is the synced offset, and a
// sync covers all that was appended before it began. Otherwise, as Kafka has it: the watermark is
// the log's end, and syncs are by count, by time and on roll. No reader sees past the watermark.
//
// A failed sync is final: failed() stays true, waiters wake, and nothing is acknowledged any more.
//
// After a clean stop a log needs no look before somebody asks for it, so that ten thousand start in
// milliseconds: open() is called before a partition is used, and is_open() tells whether it was.
// Until then only the members that say so may be called.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "lib/base/result.h"
#include "lib/base/uuid.h"
#include "lib/broker/append_check.h"
#include "lib/broker/config/topic_config.h"
#include "lib/broker/sync_scheduler.h"
#include "lib/broker/waiters.h"
#include "lib/log/log.h"

namespace eventd {

struct PartitionName {
  std::string topic;
  Uuid topic_id;
  PartitionId partition;
};
void append_text(std::string& out, const PartitionName& name);  // "orders-3"

// How far a reader may see.
enum class Isolation { log_end, high_watermark, last_stable };

class Partition : public std::enable_shared_from_this<Partition> {
 public:
  // Of a log in durable mode at most this may be unsynced; beyond it appends wait.
  static constexpr uint64_t kUnsyncedMax = 16 << 20;
  // From here on a sync starts although nobody waits for it.
  static constexpr uint64_t kUnsyncedLazy = 1 << 20;

  // `syncs` outlives the partition.
  Partition(PartitionName name, std::unique_ptr<Log> log, std::shared_ptr<const TopicConfig> config,
            SyncScheduler& syncs);
  // Its log is opened by the first open(), with the config of that time.
  using OpenIt = std::function<Result<std::unique_ptr<Log>>(const TopicConfig& config)>;
  Partition(PartitionName name, OpenIt open_it, std::shared_ptr<const TopicConfig> config,
            SyncScheduler& syncs);

  // -- whether it is open or not

  // Any thread. An error leaves it as it was: the next call tries again.
  Result<void> open();
  bool is_open() const { return is_open_.load(std::memory_order_acquire); }

  const PartitionName& name() const { return name_; }
  std::shared_ptr<const TopicConfig> config() const;  // shared: replaced while requests use it
  void set_config(std::shared_ptr<const TopicConfig> config);

  // The epoch in which this broker leads, from the metadata.
  LeaderEpoch leader_epoch() const { return LeaderEpoch{leader_epoch_.load()}; }
  void lead(LeaderEpoch epoch) { leader_epoch_.store(epoch.value); }
  // Consumers may have seen records of this epoch that are lost: nothing is appended before the
  // metadata has a higher one, by which they notice.
  void end_epoch(LeaderEpoch epoch) { ended_epoch_.store(epoch.value); }
  bool needs_new_epoch() const { return leader_epoch_.load() <= ended_epoch_.load(); }

  bool failed() const { return failed_.load(); }
  bool is_durable() const { return durable_.load(); }

  // The partition is deleted or the broker stops: waiters wake, appends are refused.
  void retire();
  bool retired() const { return retired_.load(); }
  // Of a partition that is deleted. When this returns nothing touches its paths any more: they may
  // be renamed, and be another topic's from then on. Waits for a sync that is under way.
  void abandon();

  // -- after open()

  Offset log_start() const { return log_->log_start(); }
  Offset log_end() const { return log_->log_end(); }
  Offset high_watermark() const { return Offset{high_watermark_.load()}; }
  Offset end(Isolation isolation) const;
  // Reading members only.
  const Log& log() const { return *log_; }

  // Appends a checked batch and, in durable mode, sees to its sync. On error nothing was appended.
  Result<Appended> append(CheckedBatch& batch, AppendOrigin origin, WallTime now);

  // Whether so much is unsynced that an append must wait for the watermark first.
  bool is_clogged() const;

  // See Log::read(); bounded by what `isolation` allows.
  Result<LogSlice> read(Offset from, uint32_t size_max, Isolation isolation, bool first_whole,
                        Patience patience) const;

  // The disk has damaged a batch here: from now on nothing is sent before its checksum was looked
  // at, whether it is in memory or not.
  void suspect() { suspect_.store(true); }
  bool is_suspect() const { return suspect_.load(); }

  // Fires `ticket` when the watermark reaches `reaches`, or the partition fails or retires. Starts
  // a sync if that is what it takes. Look at the watermark again after this.
  void await_watermark(Offset reaches, const TicketPointer& ticket);
  void forget(const TicketPointer& ticket) { waiters_.remove(ticket); }

  // Starts a sync, or another one after the one that runs.
  void sync_now();
  // Syncs on the calling thread until all that was appended before the call is covered.
  Result<void> sync_and_wait();

  Result<void> delete_records(Offset before);

  // Moves the log's start up by age and size, and forgets producers that have long been silent.
  void maintain(WallTime now);
  // Deletes segments below a start that has been checkpointed; returns paths to unlink after
  // file.delete.delay.ms.
  std::vector<std::string> delete_segments(Offset stored_start);

  // After a last sync: the producer snapshot of a clean stop.
  Result<void> close();

 private:
  friend class SyncScheduler;
  enum SyncState : int { idle, running, again };

  // One sync, on the sync lane; true if another must follow.
  bool sync_once();
  Result<void> sync();
  void advance_watermark();
  void fail(const Error& error);
  void count_unsynced();

  void adopt(std::unique_ptr<Log> log);  // under mutex_

  const PartitionName name_;
  OpenIt open_it_;            // under mutex_
  std::unique_ptr<Log> log_;  // set once, before is_open_
  std::atomic<bool> is_open_{false};
  SyncScheduler& syncs_;

  std::mutex sync_mutex_;  // one sync at a time; taken before mutex_
  std::mutex mutex_;       // the log's changing members
  mutable std::mutex config_mutex_;
  std::shared_ptr<const TopicConfig> config_;

  std::atomic<int32_t> leader_epoch_{0};
  std::atomic<int32_t> ended_epoch_{-1};
  std::atomic<int64_t> high_watermark_{0};
  std::atomic<bool> durable_{true};
  std::atomic<bool> failed_{false};
  std::atomic<bool> suspect_{false};
  std::atomic<bool> retired_{false};
  std::atomic<bool> abandoned_{false};
  std::atomic<int> sync_state_{idle};
  std::atomic<bool> sync_is_due_{false};  // on the scheduler's list
  int64_t appended_since_sync_ = 0;       // records, under mutex_, outside of durable mode
  int64_t counted_unsynced_ = 0;          // bytes, in the scheduler's sum, under mutex_
  size_t segments_seen_ = 1;
  Waiters waiters_;
};

}  // namespace eventd
