// SPDX-License-Identifier: Apache-2.0
// What the files of a partition hold, found by looking at every batch's header once: where they
// begin and end, which transactions were aborted, which one is still open, what is missing.
//
// The same a broker would tell: records before the log's start (by the checkpoint in the log
// folder) are not there, nor are those of aborted transactions, and the last stable offset is the
// first of a transaction that has not ended. Only read; what is wrong goes to `report`, once.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lib/cli/replay/partition_folder.h"
#include "lib/cli/replay/segment_walk.h"

namespace eventd {

class PartitionLog {
 public:
  using Report = std::function<void(std::string line)>;

  // Looks at the whole folder. With `only`, a segment in it, the log is that segment's part. Errors
  // of the system, and unsupported_for_message_format. The disk outlives it.
  static Result<PartitionLog> open(Disk& disk, std::string folder, TopicPartition name,
                                   std::optional<std::string> only, Report report);

  const TopicPartition& name() const { return name_; }
  const std::string& folder() const { return folder_; }
  const std::vector<SegmentFile>& segments() const { return segments_; }
  Offset start() const { return start_; }
  // Behind the last batch when it was looked at; of committed records, the last stable offset.
  Offset end(bool committed_only) const {
    return committed_only ? std::min(stable_end_, end_) : end_;
  }
  bool is_aborted(const BatchHeader& header) const;
  // Whether the batch belongs to a transaction that has not ended.
  bool is_open(const BatchHeader& header) const;
  bool is_compacted() const { return is_compacted_; }

  // The first record at or after that time, below end(); nothing if there is none.
  Result<std::optional<Offset>> find_time(int64_t timestamp_ms, bool committed_only) const;

  // All of a segment, for a walk through it.
  SegmentWalk::Range range_of(size_t index, Offset expected) const;
  // The segments anew, after one was not there any more.
  Result<void> list_again();
  // Says what a walk through a file has passed over, unless it has been said.
  void tell(const std::string& path, const SegmentWalk::Damage& damage) const;

 private:
  struct OpenTransaction {
    Offset first;
    std::string path;
    uint64_t position = 0;
  };
  struct Aborted {
    Offset first;
    Offset marker;
  };
  struct Found {  // by a look at the segments so far
    Offset end;
    std::map<ProducerId, OpenTransaction> open;
    std::map<ProducerId, std::vector<Aborted>> aborted;
    std::map<Offset, int64_t> times;  // the largest timestamp of each segment, by its base
    // Offsets that are missing within segments: compaction makes such holes, and whole batches
    // that lack records.
    uint64_t holes = 0;
    std::pair<Offset, Offset> last_hole;
    Offset last_base;  // of the last batch
  };

  PartitionLog() = default;
  Result<void> look(SegmentWalk::Check check, bool& is_damaged);
  Result<bool> look_into(size_t index, SegmentWalk::Check check);
  void note(const SegmentFile& segment, const SegmentWalk::Batch& batch);
  Result<bool> open_ones_are_sound() const;
  Result<void> load_checkpoints();
  Result<void> restrict_to(const std::string& path);
  Result<std::optional<Offset>> find_time_in(size_t index, int64_t timestamp_ms, Offset end) const;

  Disk* disk_ = nullptr;
  std::string folder_;
  TopicPartition name_;
  Report report_;
  bool is_live_ = false;
  bool is_compacted_ = false;
  std::vector<SegmentFile> segments_;
  Found found_;
  std::vector<std::pair<Offset, Offset>> gaps_;
  Offset start_;
  Offset end_;
  Offset stable_end_;
  mutable std::set<std::string> told_;
};

}  // namespace eventd
