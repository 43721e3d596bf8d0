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
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/clock.h"
#include "lib/base/ids.h"
#include "lib/base/result.h"
#include "lib/log/disk.h"
#include "lib/log/leader_epochs.h"
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
  bool deletes = true;   // cleanup.policy has "delete"
  bool compacts = false;  // cleanup.policy has "compact"
  int32_t producer_id_expiration_ms = 86400000;
};

// Who appends. Coordinators and replicas append what a client may not; a replica's batches carry
// their offsets and epochs already and must follow the log's end.
enum class AppendOrigin { client, coordinator, replica };

struct Appended {
  Offset base_offset;
  Offset last_offset;
  // The batch was among the last five of its producer: nothing was appended, and the offsets are
  // those of the original.
  bool duplicate = false;
};

// Record batches in a file. The segment keeps the file open, also after it was deleted.
struct LogSlice {
  std::shared_ptr<const Segment> segment;  // shared: readers outlive deletion
  uint64_t position = 0;
  uint32_t size_bytes = 0;
  bool empty() const { return size_bytes == 0; }
};

// An answer to a search by time: the first record at or after it, or the one with the largest.
struct TimedOffset {
  Offset offset;
  int64_t timestamp = kNoTimestamp;
  LeaderEpoch leader_epoch = kNoLeaderEpoch;
};

// What must reach the disk before the log is safe below `covers`. Run without any lock.
struct SyncPlan {
  Offset covers;
  std::vector<std::shared_ptr<const Segment>> segments;  // oldest first
  std::vector<std::string> directories;                  // entries made since the last sync
  bool empty() const { return segments.empty() && directories.empty(); }
};
Result<void> run_sync(Disk& disk, const SyncPlan& plan);

// How a log was found.
struct Recovery {
  bool was_clean = true;
  Offset scanned_from;
  uint64_t scanned_bytes = 0;
  uint64_t cut_bytes = 0;                 // a torn tail
  std::optional<std::string> damage;      // what was moved to a `.corrupt` file, for a person
};

struct OpenLog {
  std::string directory;       // made if it is not there
  LogConfig config;
  bool clean = false;          // the process before us stopped cleanly
  Offset recovery_point;       // from the checkpoint: all below it was synced
  Offset log_start;            // from the checkpoint: records before it were deleted
  WallTime now;
};

class Log {
 public:
  // Finishes what a crash interrupted (.swap, .cleaned, .deleted), checks all above the recovery
  // point as DESIGN.md 2.3 says (synced, dropped from the cache, then scanned), rebuilds indexes
  // and producer state, and cuts a torn tail.
  static Result<std::unique_ptr<Log>> open(Disk& disk, const OpenLog& how, Recovery& found);
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
  // is `limit` or beyond. offset_out_of_range outside of [log_start, log_end].
  Result<LogSlice> read(Offset from, uint32_t size_max, Offset limit, bool first_whole) const;

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
  struct State;
  explicit Log(std::unique_ptr<State> state, std::string directory);
  const std::string directory_;
  std::unique_ptr<State> state_;
};

}  // namespace eventd
