// SPDX-License-Identifier: Apache-2.0
#include "lib/log/sparse_index.h"

#include <algorithm>

#include "lib/base/big_endian.h"

namespace eventd {

IndexEntry SparseIndex::floor_offset(int32_t relative_offset) const {
  auto after = std::ranges::upper_bound(offsets, relative_offset, {}, &IndexEntry::relative_offset);
  return after == offsets.begin() ? IndexEntry{} : *std::prev(after);
}

std::optional<TimeEntry> SparseIndex::before_time(int64_t timestamp) const {
  auto at = std::ranges::lower_bound(times, timestamp, {}, &TimeEntry::timestamp);
  if (at == times.begin()) return std::nullopt;
  return *std::prev(at);
}

Buffer encode_offsets(const std::vector<IndexEntry>& entries) {
  Buffer out(entries.size() * kIndexEntrySize);
  uint8_t* at = out.data();
  for (const IndexEntry& entry : entries) {
    store_big_endian(at, entry.relative_offset);
    store_big_endian(at + 4, entry.position);
    at += kIndexEntrySize;
  }
  return out;
}

Buffer encode_times(const std::vector<TimeEntry>& entries) {
  Buffer out(entries.size() * kTimeEntrySize);
  uint8_t* at = out.data();
  for (const TimeEntry& entry : entries) {
    store_big_endian(at, entry.timestamp);
    store_big_endian(at + 8, entry.relative_offset);
    at += kTimeEntrySize;
  }
  return out;
}

Result<std::vector<IndexEntry>> decode_offsets(Bytes file, uint64_t segment_size) {
  std::vector<IndexEntry> entries;
  if (file.size() % kIndexEntrySize != 0) return fail(Code::bad_data, "an odd size");
  for (size_t at = 0; at < file.size(); at += kIndexEntrySize) {
    IndexEntry entry{load_big_endian<int32_t>(file.data() + at),
                     load_big_endian<int32_t>(file.data() + at + 4)};
    if (at > 0 && entry == IndexEntry{}) break;  // preallocated
    bool ascends = entries.empty() || (entry.relative_offset > entries.back().relative_offset &&
                                       entry.position > entries.back().position);
    if (entry == IndexEntry{} && at == 0) continue;
    if (!ascends || entry.relative_offset < 0 || entry.position < 0 ||
        static_cast<uint64_t>(entry.position) >= segment_size) {
      return fail(Code::bad_data, "entries that cannot be");
    }
    entries.push_back(entry);
  }
  return entries;
}

Result<std::vector<TimeEntry>> decode_times(Bytes file) {
  std::vector<TimeEntry> entries;
  if (file.size() % kTimeEntrySize != 0) return fail(Code::bad_data, "an odd size");
  for (size_t at = 0; at < file.size(); at += kTimeEntrySize) {
    TimeEntry entry{load_big_endian<int64_t>(file.data() + at),
                    load_big_endian<int32_t>(file.data() + at + 8)};
    if (at > 0 && entry == TimeEntry{0, 0}) break;  // preallocated
    bool ascends = entries.empty() || (entry.timestamp > entries.back().timestamp &&
                                       entry.relative_offset >= entries.back().relative_offset);
    if (entry == TimeEntry{0, 0} && at == 0) continue;
    if (!ascends || entry.relative_offset < 0)
      return fail(Code::bad_data, "entries that cannot be");
    entries.push_back(entry);
  }
  return entries;
}

}  // namespace eventd
