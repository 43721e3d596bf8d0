// SPDX-License-Identifier: Apache-2.0
// The two sparse indexes of a segment, in memory and as files. All numbers are big-endian.
//
//   .index      entries of 8 bytes: i32 last offset of a batch, relative to the segment's base;
//               i32 the position of that batch. Offsets ascend.
//   .timeindex  entries of 12 bytes: i64 the largest timestamp so far; i32 the last offset of the
//               batch that has it, relative. Both ascend.
//
// Kafka preallocates the files of a segment that is written to; zeros behind the entries end them.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/result.h"

namespace eventd {

struct IndexEntry {
  int32_t relative_offset = 0;
  int32_t position = 0;
  bool operator==(const IndexEntry&) const = default;
};
struct TimeEntry {
  int64_t timestamp = -1;
  int32_t relative_offset = 0;
  bool operator==(const TimeEntry&) const = default;
};

inline constexpr size_t kIndexEntrySize = 8;
inline constexpr size_t kTimeEntrySize = 12;

struct SparseIndex {
  std::vector<IndexEntry> offsets;
  std::vector<TimeEntry> times;

  // The last entry at or before the offset; a zero entry (the segment's start) if there is none.
  IndexEntry floor_offset(int32_t relative_offset) const;
  // The last entry whose timestamp is before `timestamp`.
  std::optional<TimeEntry> before_time(int64_t timestamp) const;
};

Buffer encode_offsets(const std::vector<IndexEntry>& entries);
Buffer encode_times(const std::vector<TimeEntry>& entries);
// bad_data if sizes, order or positions cannot be those of a segment of `segment_size` bytes.
Result<std::vector<IndexEntry>> decode_offsets(Bytes file, uint64_t segment_size);
Result<std::vector<TimeEntry>> decode_times(Bytes file);

}  // namespace eventd
