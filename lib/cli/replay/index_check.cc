// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/replay/index_check.h"

#include <algorithm>

#include "lib/base/reader.h"
#include "lib/base/text.h"
#include "lib/log/sparse_index.h"

namespace eventd {

namespace {

constexpr size_t kTransactionEntrySize = 34;

bool is_zero(Bytes bytes) {
  return std::ranges::all_of(bytes, [](uint8_t byte) { return byte == 0; });
}

// Calls `check` with each entry up to the zeros that a broker sets aside; says what follows them.
template <class Check>
void for_each_entry(Bytes file, size_t size, bool preallocated, const BadEntry& bad, Check check) {
  size_t count = file.size() / size;
  for (size_t i = 0; i < count; i++) {
    Bytes entry = file.subspan(i * size, size);
    if (preallocated && is_zero(entry)) {
      Bytes rest = file.subspan(i * size);
      if (i > 0 && is_zero(rest)) return;
      // A first entry of zeros is one, of a batch of one record at the start of the segment.
      if (is_zero(rest)) return;
      if (i > 0) return bad(i, "zeros before other entries");
    }
    check(i, Reader(entry));
  }
  if (file.size() % size != 0) bad(count, "it is cut short");
}

// Whether the place is within what is damaged anyway.
bool is_damaged(const SegmentMarks& marks, uint64_t position) {
  return std::ranges::any_of(marks.damaged, [&](const auto& range) {
    return position >= range.first && position < range.second;
  });
}

}  // namespace

void check_offset_index(Bytes file, const SegmentMarks& marks, const BadEntry& bad) {
  IndexEntry before{-1, -1};
  for_each_entry(file, kIndexEntrySize, true, bad, [&](size_t i, Reader in) {
    IndexEntry entry{in.number<int32_t>(), in.number<int32_t>()};
    if (entry.relative_offset <= before.relative_offset || entry.position <= before.position) {
      return bad(i, "it does not ascend");
    }
    auto position = static_cast<uint64_t>(entry.position);
    auto batch = std::ranges::lower_bound(marks.batches, position, {}, &BatchMark::position);
    if (batch == marks.batches.end() || batch->position != position) {
      if (!is_damaged(marks, position)) bad(i, text("no batch begins at byte ", position));
      return;
    }
    // Older brokers noted the last offset of all that was appended together.
    auto named =
        std::ranges::lower_bound(marks.batches, entry.relative_offset, {}, &BatchMark::last);
    bool holds = named != marks.batches.end() && named->last == entry.relative_offset &&
                 named->position >= position;
    if (holds) {
      before = entry;  // only what is right says what must follow
    } else if (marks.damaged.empty()) {
      bad(i, text("the batch at byte ", position, " does not end at relative offset ",
                  entry.relative_offset));
    }
  });
}

void check_time_index(Bytes file, const SegmentMarks& marks, const BadEntry& bad) {
  TimeEntry before{-1, -1};
  std::vector<int64_t> latest{-1};  // of the batches before each
  for (const BatchMark& mark : marks.batches) {
    latest.push_back(std::max(latest.back(), mark.max_timestamp));
  }
  for_each_entry(file, kTimeEntrySize, true, bad, [&](size_t i, Reader in) {
    TimeEntry entry{in.number<int64_t>(), in.number<int32_t>()};
    if (entry.timestamp <= before.timestamp || entry.relative_offset < before.relative_offset) {
      return bad(i, "it does not ascend");
    }
    auto batch =
        std::ranges::lower_bound(marks.batches, entry.relative_offset, {}, &BatchMark::last);
    if (batch == marks.batches.end() || batch->first > entry.relative_offset) {
      if (marks.damaged.empty()) {
        bad(i, text("no batch has the relative offset ", entry.relative_offset));
      }
      return;
    }
    int64_t so_far = latest[static_cast<size_t>(batch - marks.batches.begin())];
    bool is_latest = batch->max_timestamp == entry.timestamp &&
                     (so_far <= entry.timestamp || !marks.damaged.empty());
    bool is_there = batch->last == entry.relative_offset ||
                    marks.has_record(*batch, entry.relative_offset, entry.timestamp);
    if (is_latest && is_there) {
      before = entry;
    } else {
      bad(i, text("the batch of relative offset ", entry.relative_offset,
                  " has not the largest timestamp so far, ", entry.timestamp));
    }
  });
}

void check_transaction_index(Bytes file, const std::vector<AbortedTransaction>& aborted,
                             const BadEntry& bad) {
  size_t next = 0;
  for_each_entry(file, kTransactionEntrySize, false, bad, [&](size_t i, Reader in) {
    auto version = in.number<int16_t>();
    AbortedTransaction entry;
    entry.producer = ProducerId{in.number<int64_t>()};
    entry.first = Offset{in.number<int64_t>()};
    entry.marker = Offset{in.number<int64_t>()};
    Offset stable{in.number<int64_t>()};
    if (next == aborted.size()) return bad(i, "no such transaction was aborted");
    const AbortedTransaction& wanted = aborted[next++];
    if (version != 0) return bad(i, text("its version is ", version));
    bool same = entry.producer == wanted.producer && entry.marker == wanted.marker &&
                (entry.first == wanted.first || (!wanted.is_whole && entry.first < wanted.first));
    if (!same || stable != wanted.stable) {
      bad(i, text("the transaction of producer ", wanted.producer, " that was aborted at offset ",
                  wanted.marker, " is told otherwise"));
    }
  });
  for (; next < aborted.size(); next++) {
    bad(next, text("the transaction of producer ", aborted[next].producer,
                   " that was aborted at offset ", aborted[next].marker, " is not told of"));
  }
}

}  // namespace eventd
