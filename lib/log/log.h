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
//             change. They look at atomics and at an immutable list of segments, and take no lock
//             that a change holds while it works; only the first to ask for producers after a clean
//             start reads them from the disk.
//
// Invariants: offsets below log_end() are whole, checksummed batches in one of the segments; after
// a crash everything below the last finished sync is there. The disk outlives the log.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
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
  // A snapshot of the producers is also taken within a segment, so that recovery need not read all
  // of a large one. Not a config of Kafka's.
  uint64_t producer_snapshot_bytes = 64 << 20;
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
  struct SmallFile {
    std::string path;
    Buffer contents;
    std::optional<Offset> snapshot_of;  // producers as of; nothing: the leader epochs
  };
  Offset covers;
  uint64_t appended_bytes = 0;  // by then, since the log was opened
  uint64_t truncations = 0;     // by then
  std::vector<SmallFile> files;
  std::vector<std::shared_ptr<const Segment>> segments;  // shared with the log; oldest first
  std::vector<std::string> paths;        // indexes of full segments, partition.metadata
  std::vector<std::string> directories;  // entries made since the last sync
  bool empty() const {
    return files.empty() && segments.empty() && paths.empty() && directories.empty();
  }
};
// Any error is final but one: small files for which the disk was full stay in the plan for the next
// sync. They spare work or say what the batches say as well, and the recovery point waits for them.
Result<void> run_sync(Disk& disk, SyncPlan& plan);

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
  // To be written before any data where it is not there yet: what partition_metadata() yields.
  std::optional<std::string> partition_metadata;
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
  // What the checkpoint may say: as synced(), but that all small files are there as well.
  Offset recovery_point() const;
  // The first offset of a transaction that has not ended, or the end of the log.
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
  // disk_full or io_error nothing was appended. Rolls first where size, index, time or offsets ask
  // for it.
  Result<Appended> append(MutableBytes batch, const BatchHeader& header, AppendOrigin origin,
                          LeaderEpoch leader_epoch, WallTime now);

  // Cuts everything from `to` on; whole batches, so log_end() may come out lower. Below the first
  // segment all goes, and the log begins anew at `to`. The caller stores a recovery point of at
  // most `to` before it appends.
  Result<void> truncate(Offset to);

  // Moves log_start() up to `before`, at most to log_end().
  Result<void> delete_records(Offset before);

  // Moves log_start() up to where retention.bytes and retention.ms let it, over whole segments that
  // lie below `limit`. Rolls if that is all there is.
  Result<void> apply_retention(WallTime now, Offset limit);
  // Deletes segments that lie wholly below `stored_start`, a log start that has been checkpointed:
  // a crash must not bring back in part what was deleted. Their files are renamed to `.deleted`.
  // Returns how many went.
  Result<size_t> delete_segments(Offset stored_start);
  // Forgets producers that wrote nothing for producer.id.expiration.ms.
  void expire_producers(WallTime now);
  // Paths that nobody needs since the last call, for the caller to unlink after
  // file.delete.delay.ms on the maintenance lane.
  std::vector<std::string> take_deleted();

  void set_config(const LogConfig& config);

  // The next sync, taken under the mutex; run_sync() without it; then finish_sync().
  SyncPlan begin_sync();
  void finish_sync(SyncPlan plan);

  // Syncs all, with the indexes of the last segment and a producer snapshot at log_end(), as a
  // clean stop does. Does nothing to a log that was found clean and not changed.
  Result<void> close(WallTime now);

 private:
  friend class LogRecovery;
  using Segments = std::vector<std::shared_ptr<Segment>>;  // shared with readers and sync plans

  Log(std::shared_ptr<OpenFiles> files, std::string directory, const LogConfig& config);

  Disk& disk() const { return files_->disk(); }
  std::shared_ptr<const Segments> segments() const;
  void replace_segments(Segments segments);
  // The last segment that begins at or before the offset.
  static size_t segment_of(const Segments& segments, Offset offset);
  Result<void> check_place(const BatchHeader& header, AppendOrigin origin);
  Result<void> write(const BatchHeader& header, Bytes batch, WallTime now);
  Result<void> roll(Offset base, WallTime now);
  Result<bool> must_roll(const BatchHeader& header, size_t size_bytes, WallTime now) const;
  int64_t jitter_of(Offset base) const;
  Result<void> load_producers() const;
  void note_snapshot(WallTime now);
  void forget_snapshots(Offset below);
  void thin_snapshots();
  void set_end(Offset end);
  void publish_unstable() const;
  Result<void> restart_at(Offset start);
  bool may_go(const Segments& list, size_t index, Offset limit) const;
  size_t expired_by_size(const Segments& list, Offset limit) const;
  Result<bool> is_too_old(const Segment& segment, WallTime now) const;
  Result<std::optional<TimedOffset>> record_at_time(const Segment& segment, const BatchPlace& place,
                                                    int64_t timestamp) const;

  const std::shared_ptr<OpenFiles> files_;  // shared by all logs of the directory
  const std::string directory_;

  std::atomic<int64_t> log_start_{0};
  std::atomic<int64_t> log_end_{0};
  std::atomic<int64_t> synced_{0};
  std::atomic<int64_t> recovery_point_{0};
  mutable std::atomic<int64_t> first_unstable_{-1};  // -1: none
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
  mutable ProducerState producers_;
  mutable std::atomic<bool> producers_loaded_{false};
  bool found_clean_ = false;       // and nothing has been changed since
  bool end_is_believed_ = false;   // it was taken from the checkpoint, no batch was looked at
  bool epochs_changed_ = false;
  bool entries_made_ = false;  // in the directory, since the last sync
  bool directory_made_ = false;
  uint64_t truncations_ = 0;
  uint64_t snapshot_at_bytes_ = 0;
  std::vector<SyncPlan::SmallFile> snapshots_;  // not written yet
  std::set<Offset> snapshot_offsets_;           // written
  std::vector<std::string> unsynced_paths_;     // files that must be synced where they stand
  std::vector<std::string> deleted_;
};

}  // namespace eventd
