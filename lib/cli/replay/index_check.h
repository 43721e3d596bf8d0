// SPDX-License-Identifier: Apache-2.0
// Whether the index files of a segment say what its batches say. Pure: the files come as bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/ids.h"

namespace eventd {

// The batches of a segment, as an index tells of them: offsets relative to its base.
struct BatchMark {
  uint64_t position = 0;
  int32_t first = 0;
  int32_t last = 0;
  int64_t max_timestamp = -1;
};

struct SegmentMarks {
  std::vector<BatchMark> batches;                      // in order
  std::vector<std::pair<uint64_t, uint64_t>> damaged;  // positions, [from, until)
  // Whether the batch's first record with that timestamp has that relative offset.
  std::function<bool(const BatchMark&, int32_t relative, int64_t timestamp)> has_record;
};

// An aborted transaction that ended in a segment.
struct AbortedTransaction {
  ProducerId producer;
  Offset first;
  Offset marker;
  Offset stable;         // the last stable offset once it had ended
  bool is_whole = true;  // its beginning was seen, not deleted before
  bool operator==(const AbortedTransaction&) const = default;
};

// Called with the entry's number and what is wrong with it.
using BadEntry = std::function<void(size_t entry, std::string what)>;

// Entries of a batch's last offset and its position; zeros behind them are room for more.
void check_offset_index(Bytes file, const SegmentMarks& marks, const BadEntry& bad);
// Entries of the largest timestamp so far, and the offset of its batch or record.
void check_time_index(Bytes file, const SegmentMarks& marks, const BadEntry& bad);
// Entries of 34 bytes: i16 version 0; i64 producer id, first offset, last offset, last stable
// offset. One for each of `aborted`, in order.
void check_transaction_index(Bytes file, const std::vector<AbortedTransaction>& aborted,
                             const BadEntry& bad);

}  // namespace eventd
