// SPDX-License-Identifier: Apache-2.0
// event-replay --verify: looks at every checksum and every index entry of partitions, and says each
// bad place. Files are only read.
//
// Checked: of each batch header, checksum, offsets, and that leader epochs do not descend; .index,
// .timeindex and .txnindex against the batches; the checksums of .snapshot and .checkpoint; that
// leader-epoch-checkpoint, partition.metadata and the files of the log folder can be read.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "lib/cli/replay/index_check.h"
#include "lib/cli/replay/partition_log.h"
#include "lib/cli/replay/segment_source.h"

namespace eventd {

class Verification {
 public:
  // `say` gets a line for each bad place. The disk outlives it.
  Verification(Disk& disk, std::function<void(std::string)> say)
      : disk_(disk), say_(std::move(say)) {}

  void check(const PartitionPlace& place);
  // The small files of a log folder, without its partitions.
  void check_log_folder(const std::string& path);

  uint64_t batches() const { return batches_; }

 private:
  struct Progress {  // through the segments of a partition
    LeaderEpoch epoch = kNoLeaderEpoch;
    std::map<ProducerId, Offset> open;        // transactions, by their first offset
    std::vector<AbortedTransaction> aborted;  // that ended in this segment
    SegmentMarks marks;
  };

  void check_segment(const PartitionLog& log, size_t index, bool is_live, Progress& progress);
  void note(const SegmentFile& segment, Offset log_start, const SegmentWalk::Batch& batch,
            Progress& progress);
  static void end_transaction(Offset log_start, const SegmentWalk::Batch& batch,
                              Progress& progress);
  void check_indexes(const SegmentFile& segment, File& file, bool is_compacted, Progress& progress);
  void check_index(const SegmentFile& segment, const char* suffix,
                   const std::function<void(Bytes, const BadEntry&)>& check);
  void check_small_files(const std::string& folder);
  void check_snapshot(const std::string& path);
  void bad(const std::string& path, std::string_view what);

  Disk& disk_;
  const std::function<void(std::string)> say_;
  uint64_t batches_ = 0;
};

}  // namespace eventd
