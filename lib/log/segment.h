// SPDX-License-Identifier: Apache-2.0
// A segment is one file of record batches, in offset order, with sparse indexes beside it.
//
//   <base offset, 20 digits>.log        batches, bytes exactly as the producer sent them but for
//                                       the base offset and leader epoch, which the broker stamps
//   <base offset>.index, .timeindex     see sparse_index.h; written when the segment is no longer
//                                       appended to, rebuilt where they are missing or wrong
//
// Invariant: every byte before size_bytes() is a whole, checksummed batch. A crash can leave more
// in the file; recovery cuts it. Reads return a slice of the file, not records: sendfile moves it.
// Appended to under its partition's mutex; readers hold a reference, and take a lock only for the
// index, which no append holds while it writes.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/ids.h"
#include "lib/base/result.h"
#include "lib/log/open_files.h"
#include "lib/log/sparse_index.h"
#include "lib/record/batch.h"

namespace eventd {

// Whether a header that was read from a disk or a peer may stand in a segment with this base: its
// offsets neither wrap nor go beyond what an index can hold.
bool fits_segment(const BatchHeader& header, Offset base);

// A batch's place in a segment.
struct BatchPlace {
  BatchHeader header;
  uint64_t position = 0;
};

// Whether a read may wait for the device, or fails with would_block where it had to.
enum class Patience { waits, resident_only };

class Segment {
 public:
  // Of a file that is there, with `size_bytes` of whole batches, or of a new one. Reads nothing.
  Segment(std::shared_ptr<OpenFiles> files, const std::string& directory, Offset base,
          uint64_t size_bytes);

  Offset base() const { return base_; }
  uint64_t size_bytes() const { return size_.load(std::memory_order_acquire); }
  std::string path() const { return file_->path(); }
  Result<std::shared_ptr<File>> file() const { return file_->get(); }
  // Makes the file.
  Result<void> create();

  // Appends one validated batch, with its final offset. On error nothing was appended.
  Result<void> append(const BatchHeader& header, Bytes batch, int32_t index_interval_bytes);

  // The first batch whose last offset is at or after `offset`, from the index and then by headers.
  Result<std::optional<BatchPlace>> find(Offset offset, Patience patience = Patience::waits) const;
  // Where the last batch from `place` on ends that fits into `size_max` bytes, stands in this
  // segment and is wholly below the offset `limit`; the place itself if none does.
  Result<uint64_t> end_of_run(const BatchPlace& place, uint64_t size_max, Offset limit,
                              Patience patience = Patience::waits) const;
  // The batch at a position; nothing at the segment's end.
  Result<std::optional<BatchPlace>> at(uint64_t position,
                                       Patience patience = Patience::waits) const;
  // Behind the last batch.
  Result<Offset> next_offset() const;
  // A whole batch.
  Result<Buffer> read(const BatchPlace& place) const;
  // The first batch whose largest timestamp is at or after this one.
  Result<std::optional<BatchPlace>> find_time(int64_t timestamp) const;

  // -1 if no record has one.
  Result<int64_t> max_timestamp() const;
  Result<int64_t> first_timestamp() const;
  bool index_is_full(int32_t segment_index_bytes) const;

  // Drops all from the position of a batch on.
  Result<void> truncate(uint64_t position);
  // Whether it carries `.deleted`: nobody needs its bytes any more.
  bool is_deleted() const { return deleted_.load(); }

  // Writes the index files, with the final time entry: the segment is not appended to any more.
  // They are not synced.
  Result<void> seal() const;
  std::vector<std::string> index_paths() const;
  // Takes over what recovery has found.
  void set_index(SparseIndex index, int64_t max_timestamp, int32_t max_relative_offset,
                 uint64_t since_entry, int32_t interval_bytes);
  void set_size(uint64_t size_bytes) { size_.store(size_bytes, std::memory_order_release); }

  // Renames log and indexes so that they carry `suffix` too; the new paths are added to `renamed`.
  Result<void> add_suffix(const std::string& suffix, std::vector<std::string>& renamed);

  // Adds an entry if index_interval_bytes have been appended since the last, as append() does.
  static void note_batch(SparseIndex& index, const BatchHeader& header, Offset base,
                         uint64_t position, int32_t interval_bytes, int64_t& max_timestamp,
                         int32_t& max_relative_offset, uint64_t& since_entry);

 private:
  Result<void> load_index(Patience patience = Patience::waits) const;
  Result<size_t> read_some(uint64_t position, MutableBytes into, Patience patience) const;
  Result<SparseIndex> read_index() const;
  Result<void> rebuild_index() const;
  Result<std::optional<BatchPlace>> find_from(uint64_t position, Offset offset,
                                              Patience patience) const;
  std::string index_path(const char* suffix) const;

  const std::shared_ptr<OpenFiles> files_;  // shared by all logs
  const std::string directory_;
  const Offset base_;
  const std::unique_ptr<LazyFile> file_;
  std::atomic<uint64_t> size_;
  std::atomic<bool> deleted_{false};

  mutable std::mutex mutex_;  // all below
  mutable bool index_loaded_ = false;
  mutable SparseIndex index_;
  mutable int64_t max_timestamp_ = -1;
  mutable int32_t max_relative_offset_ = 0;
  mutable uint64_t since_entry_ = 0;  // bytes appended since the last index entry
  mutable std::optional<int64_t> first_timestamp_;
  int32_t interval_bytes_ = 4096;  // of the index, as the last append had it
};

// "00000000000000000042"
std::string segment_name(Offset base);
// "00000000000000000042.log" with the suffix ".log" is 42; nothing for other names.
std::optional<Offset> offset_in_name(std::string_view name, std::string_view suffix);

}  // namespace eventd
