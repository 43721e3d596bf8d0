// SPDX-License-Identifier: Apache-2.0
// The N newest records that pass, over all partitions, found by reading backwards: the last few
// offsets of each partition first, then ranges four times as long before those, until no older
// record can be among the newest. Offsets may be of nothing (markers, compaction), and records may
// not pass: a range counts for what it brought.
//
// Holds N records. A partition is known by the address that its source uses. Where timestamps go
// back within a partition, what stands before the ranges that were read is not considered.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "lib/cli/text/held_record.h"

namespace eventd {

class LastRecords {
 public:
  struct Range {
    const TopicPartition* partition;
    int64_t from;
    int64_t until;  // exclusive
  };

  explicit LastRecords(uint64_t count) : count_(count) {}

  // A partition, which has records from `start` on and before `end`.
  void add(const TopicPartition& partition, int64_t start, int64_t end);
  // What is to be read next, once all before was read; nothing when all is found.
  std::vector<Range> next_ranges();
  // A record of such a range, in order. One that does not pass tells how old its range is.
  void take(const FetchedRecord& record, bool passes);
  // What was found, in the order of partitions and offsets.
  std::vector<HeldRecord> found() &&;

 private:
  struct Partition {
    int64_t start;
    int64_t next_end;  // where the ranges that were given begin
    int64_t step;
    uint64_t passed = 0;
    std::optional<int64_t> range_timestamp = {};  // of the first record of the last range
  };
  // Newest last. Of equal timestamps the name of the partition decides, as in Merge.
  struct Key {
    int64_t timestamp;
    const TopicPartition* partition;
    int64_t offset;
    bool operator<(const Key& other) const;
  };
  bool is_done(const Partition& partition) const;

  const uint64_t count_;
  std::map<const TopicPartition*, Partition> partitions_;
  std::map<Key, HeldRecord> newest_;
};

}  // namespace eventd
