// SPDX-License-Identifier: Apache-2.0
// A log: the record batches of one partition, in the files of one directory.
//
//   <base offset, 20 digits>.log          a segment: batches as they came
//   <base offset>.index, .timeindex       sparse indexes of it
//   <base offset>.txnindex                transactions that were aborted in it
//   <base offset>.snapshot                the producers as they were before that offset
//   leader-epoch-checkpoint               where each leader epoch began
//   partition.metadata                    the topic id
//
// There are no threads here, and two kinds of members:
//
//   changing  append, truncate, delete_records, retention, begin_sync, finish_sync, close, ..: one
//             at a time, under the mutex of the partition that owns the log
//   reading   log_start, log_end, synced, read, find_*, epochs, ..: from any thread, beside a
//   change.
//             They look at atomics and at an immutable list of segments, and take no lock that a
//             change holds while it works.
//
// Invariants: offsets below log_end() are whole, checksummed batches in one of the segments; after
// a crash everything below the last finished sync is there. The disk outlives the log.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/clock.h"
#include "lib/base/ids.h"
#include "lib/base/result.h"
#include "lib/log/append_origin.h"
#include "lib/log/disk.h"
#include "lib/log/leader_epochs.h"
#include "lib/log/open_files.h"
#include "lib/log/producer_state.h"
#include "lib/log/segment.h"
#include "lib/record/batch.h"

namespace eventd {

// The configs of a topic that a log obeys. Times are in ms; -1 means without end.
struct LogConfig {
  int64_t segment_bytes = int64_t{1} << 30;
  int64_t segment_ms = int64_t{7} * 24 * 3600 * 1000;
  int64_t segment_jitter_ms = 0;
  int32_t index_interval_bytes = 4096;
  int32_t segment_index_bytes = 10 << 20;
  int64_t retention_ms = int64_t{7} * 24 * 3600 * 1000;
  int64_t retention_bytes = -1;
  bool deletes = true;    // cleanup.policy has "delete"
  bool compacts = false;  // cleanup.policy has "compact"
  int32_t producer_id_expiration_ms = 86400000;
};

struct Appended {
  Offset base_offset;
  Offset last_offset;
  // The batch was among the last five of its producer: nothing was appended, and the offsets are
  // those of the original.
  bool duplicate = false;
  int64_t original_timestamp = -1;  // of a duplicate: the greatest in the original
};

// Record batches in a file, which stays open while the slice lives, also after it was deleted.
struct LogSlice {
  std::shared_ptr<File> file;  // shared with the segment and other readers
  uint64_t position = 0;
  uint32_t size_bytes = 0;
  bool empty() const { return size_bytes == 0; }
};

// How much of a slice's front is whole batches whose checksums hold, read from the file: all of it,
// unless the disk has damaged it. Waits for the device, and leaves what it read in the page cache.
Result<uint32_t> sound_bytes(const LogSlice& slice);

// An answer to a search by time: the first record at or after it, or the one with the largest.
struct TimedOffset {
  Offset offset;
  int64_t timestamp = kNoTimestamp;
  LeaderEpoch leader_epoch = kNoLeaderEpoch;
};

// What must reach the disk before the log is safe below `covers`. Run without any lock.
struct SyncPlan {
  Offset covers;
  uint64_t appended_bytes = 0;  // by then, since the log was opened
  // Small files that must be there first: epochs, producer snapshots.
  std::vector<std::pair<std::string, Buffer>> files;
  std::vector<std::shared_ptr<const Segment>> segments;  // shared with the log; oldest first
  std::vector<std::string> directories;                  // entries made since the last sync
  bool empty() const { return files.empty() && segments.empty() && directories.empty(); }
};
Result<void> run_sync(Disk& disk, const SyncPlan& plan);

// How a log was found.
struct Recovery {
  bool was_clean = true;
  Offset scanned_from;
  uint64_t scanned_bytes = 0;
  uint64_t cut_bytes = 0;             // a torn tail
  std::optional<std::string> damage;  // what was moved to a `.corrupt` file, for a person
};

struct OpenLog {
  std::shared_ptr<OpenFiles> files;  // shared by the logs of one directory, whose disk it knows
  std::string directory;             // made if it is not there
  LogConfig config;
  bool clean = false;     // the process before us stopped cleanly
  Offset recovery_point;  // from the checkpoint: all below it was synced
  Offset log_start;       // from the checkpoint: records before it were deleted
  WallTime now;
  // Small files that were written without a sync, which the first sync must make sure of.
  std::vector<std::pair<std::string, Buffer>> unsynced_files;
  bool made_directory = false;  // by the caller, and not synced
  // Damage is an error and nothing is changed, instead of a cut: for logs of which a part is worse
  // than nothing.
  bool refuse_damage = false;
};

class Log {
 public:
  // Finishes what a crash interrupted (.swap, .cleaned, .deleted), checks all above the recovery
  // point as DESIGN.md 2.3 says (synced, dropped from the cache, then scanned), rebuilds indexes
  // and producer state, and cuts a torn tail.
  static Result<std::unique_ptr<Log>> open(const OpenLog& how, Recovery& found);
  ~Log();

  // -- reading: any thread

  const std::string& directory() const { return directory_; }
  Offset log_start() const;
  Offset log_end() const;
  // Everything below is on the disk.
  Offset synced() const;
  // The first offset of a transaction that has not ended, or of the end of the log.
  Offset first_unstable() const;
  uint64_t size_bytes() const;
  size_t segment_count() const;
  // Bytes appended since the last finished sync.
  uint64_t unsynced_bytes() const;

  // The batches from the one that holds `from` on, of one segment, all below `limit`, at most
  // `size_max` bytes, but for the first batch, which comes whole if `first_whole`. Empty if `from`
  // is `limit` or beyond. offset_out_of_range outside of [log_start, log_end]. With resident_only
  // would_block where the slice, or what leads to it, would have to come from the device.
  Result<LogSlice> read(Offset from, uint32_t size_max, Offset limit, bool first_whole,
                        Patience patience = Patience::waits) const;

  // The first record whose timestamp is `timestamp` or later, below `limit`.
  Result<std::optional<TimedOffset>> find_time(int64_t timestamp, Offset limit) const;
  // The record with the largest timestamp, the first of several.
  Result<std::optional<TimedOffset>> find_max_timestamp() const;

  // The epoch of the last batch, and where epochs end (OffsetForLeaderEpoch).
  LeaderEpoch latest_epoch() const;
  EpochEnd end_of_epoch(LeaderEpoch epoch) const;
  LeaderEpoch epoch_at(Offset offset) const;

  // Producers with state, for DescribeProducers.
  std::vector<ProducerSummary> producers() const;

  // -- changing: one at a time

  // Stamps and appends one checked batch: `header` is that of `batch`. Refusals of the producer
  // state come with Kafka's codes (out_of_order_sequence_number, invalid_producer_epoch, ..); on
  // disk_full or io_error nothing was appended.
  Result<Appended> append(MutableBytes batch, const BatchHeader& header, AppendOrigin origin,
                          LeaderEpoch leader_epoch, WallTime now);

  // Rolls if the segment is older than segment_ms. append() does the same for size and index.
  Result<void> roll_if_old(WallTime now);

  // Cuts everything from `to` on. Used by followers and by recovery of the metadata log.
  Result<void> truncate(Offset to);

  // Moves log_start() up to `before`, at most to log_end(), and schedules deletion of whole
  // segments.
  Result<void> delete_records(Offset before);

  // Applies retention.ms and retention.bytes to segments that lie wholly below `limit`. Returns how
  // many segments went; their files carry `.deleted` until remove_deleted().
  Result<size_t> apply_retention(WallTime now, Offset limit);
  // Paths renamed to `.deleted` since the last call, for the caller to unlink after
  // file.delete.delay.ms on the maintenance lane.
  std::vector<std::string> take_deleted();

  void set_config(const LogConfig& config);

  // The next sync, taken under the mutex; run_sync() without it; then finish_sync().
  SyncPlan begin_sync();
  void finish_sync(const SyncPlan& plan);

  // Writes the producer snapshot at log_end(), which must be synced, as a clean stop does.
  Result<void> close();

 private:
  friend class LogRecovery;
  using Segments = std::vector<std::shared_ptr<Segment>>;  // shared with readers and sync plans

  Log(std::shared_ptr<OpenFiles> files, std::string directory, const LogConfig& config);

  Disk& disk() const { return files_->disk(); }
  std::shared_ptr<const Segments> segments() const;
  void replace_segments(Segments segments);
  // The last segment that begins at or before the offset.
  static size_t segment_of(const Segments& segments, Offset offset);
  Result<void> roll();
  Result<bool> must_roll(const BatchHeader& header, size_t size_bytes, WallTime now) const;
  Result<void> load_producers();
  void note_snapshot();
  void set_end(Offset end);
  Result<void> delete_first(size_t count);
  Result<std::optional<TimedOffset>> record_at_time(const Segment& segment, const BatchPlace& place,
                                                    int64_t timestamp) const;

  const std::shared_ptr<OpenFiles> files_;  // shared by all logs of the directory
  const std::string directory_;

  std::atomic<int64_t> log_start_{0};
  std::atomic<int64_t> log_end_{0};
  std::atomic<int64_t> synced_{0};
  std::atomic<int64_t> first_unstable_{-1};  // -1: none
  std::atomic<uint64_t> appended_bytes_{0};
  std::atomic<uint64_t> synced_bytes_{0};

  mutable std::mutex list_mutex_;  // held to copy a pointer
  std::shared_ptr<const Segments> segments_;
  mutable std::mutex epochs_mutex_;
  LeaderEpochs epochs_;

  // Of the changing members alone.
  LogConfig config_;
  WallTime segment_made_{};
  mutable std::mutex producers_mutex_;
  ProducerState producers_;
  bool producers_loaded_ = false;
  bool epochs_changed_ = false;
  bool entries_made_ = false;  // in the directory, since the last sync
  bool directory_made_ = false;
  uint64_t snapshot_at_bytes_ = 0;
  std::vector<std::pair<std::string, Buffer>> snapshots_;  // not written yet
  std::vector<std::string> deleted_;
};

}  // namespace eventd
