// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/consume/last_records.h"

#include <algorithm>

namespace eventd {

namespace {
constexpr int64_t kFirstStepMin = 16;
constexpr int64_t kFirstStepMax = 1 << 20;
constexpr int64_t kGrowth = 4;
}  // namespace

bool LastRecords::Key::operator<(const Key& other) const {
  if (timestamp != other.timestamp) return timestamp < other.timestamp;
  if (partition != other.partition) return *partition < *other.partition;
  return offset < other.offset;
}

void LastRecords::add(const TopicPartition& partition, int64_t start, int64_t end) {
  auto wanted = static_cast<int64_t>(std::min<uint64_t>(count_, kFirstStepMax));
  partitions_.emplace(
      &partition,
      Partition{.start = start, .next_end = end, .step = std::max(wanted, kFirstStepMin)});
}

// Nothing before the ranges that were read can be among the newest.
bool LastRecords::is_done(const Partition& partition) const {
  if (partition.next_end <= partition.start || partition.passed >= count_) return true;
  if (newest_.size() < count_ || !partition.range_timestamp) return false;
  return *partition.range_timestamp < newest_.begin()->first.timestamp;
}

std::vector<LastRecords::Range> LastRecords::next_ranges() {
  std::vector<Range> ranges;
  for (auto& [name, partition] : partitions_) {
    if (is_done(partition)) continue;
    int64_t until = partition.next_end;
    int64_t from = std::max(partition.start, until - partition.step);
    partition.next_end = from;
    partition.range_timestamp.reset();
    if (partition.step < INT64_MAX / kGrowth) partition.step *= kGrowth;
    ranges.push_back({name, from, until});
  }
  return ranges;
}

void LastRecords::take(const FetchedRecord& record, bool passes) {
  Partition& partition = partitions_.at(record.partition);
  if (!partition.range_timestamp) partition.range_timestamp = record.timestamp;
  if (!passes || count_ == 0) return;
  partition.passed++;
  Key key{record.timestamp, record.partition, record.offset};
  if (newest_.size() == count_) {
    if (key < newest_.begin()->first) return;
    newest_.erase(newest_.begin());
  }
  newest_.emplace(key, HeldRecord(record));
}

std::vector<HeldRecord> LastRecords::found() && {
  std::vector<HeldRecord> found;
  found.reserve(newest_.size());
  for (auto& [key, record] : newest_) found.push_back(std::move(record));
  newest_.clear();
  std::ranges::sort(found, [](const HeldRecord& a, const HeldRecord& b) {
    if (&a.partition() != &b.partition()) return a.partition() < b.partition();
    return a.offset() < b.offset();
  });
  return found;
}

}  // namespace eventd
