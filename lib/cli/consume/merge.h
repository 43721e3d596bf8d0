// SPDX-License-Identifier: Apache-2.0
// Records of many partitions in the order of their timestamps, as far as the order within each
// partition allows.
//
// Of each partition some records are held. The earliest head goes out once no other partition can
// come before it: each that still reads shows a head of its own. A partition that has no more now
// but may have later (a silent one) is waited for until the head that waits is `patience` old.
//
// Memory is bounded: a partition that holds its share is full, and is to be read on when room()
// names it. Pure: now is an argument. A partition is known by the address that its source uses.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <vector>

#include "lib/base/clock.h"
#include "lib/cli/text/held_record.h"

namespace eventd {

class Merge {
 public:
  explicit Merge(size_t bytes_max, std::chrono::milliseconds patience = std::chrono::seconds(1))
      : bytes_max_(bytes_max), patience_(patience) {}

  // A partition that will be read; before its first record.
  void add(const TopicPartition& partition);
  // Whether the next record of the partition would be too much now. What does not fit is not
  // taken: the partition is read on from there when room() names it.
  bool is_full(const TopicPartition& partition, int64_t offset);
  void push(const FetchedRecord& record, Instant now);
  // Nothing more comes of it now, but something may later; and: something comes, wait for it.
  void set_silent(const TopicPartition& partition, bool is_silent);
  // Nothing more comes of it ever.
  void finish(const TopicPartition& partition);

  // The record that is next, or nothing if another partition may still come before it. `impatient`:
  // no partition is waited for longer than the patience, silent or not.
  const HeldRecord* next(Instant now, bool impatient = false) const;
  // Takes away what next() gave.
  void pop();
  // When next() may have something without anything new; nothing if that cannot be.
  std::optional<Instant> due() const;
  // Partitions that were full and have room again, with the offset to read on from. Once each.
  std::vector<std::pair<const TopicPartition*, int64_t>> room();
  // The offset of the partition's first record that is held.
  std::optional<int64_t> first_held(const TopicPartition& partition) const;
  bool empty() const { return heads_.empty(); }

 private:
  struct Held {
    HeldRecord record;
    Instant since;
  };
  struct Queue {
    std::deque<Held> records;
    size_t bytes = 0;
    bool silent = false;
    bool finished = false;
    std::optional<int64_t> full_at;  // where it is to be read on
  };
  using Queues = std::map<const TopicPartition*, Queue>;
  // Equal timestamps: by the name of the partition, so that two runs print the same.
  struct Earlier {
    bool operator()(Queues::const_pointer a, Queues::const_pointer b) const {
      int64_t left = a->second.records.front().record.timestamp();
      int64_t right = b->second.records.front().record.timestamp();
      return left != right ? left < right : *a->first < *b->first;
    }
  };
  size_t share() const;
  void count_waiting(const Queue& queue, int by);

  const size_t bytes_max_;
  const std::chrono::milliseconds patience_;
  Queues queues_;
  std::set<Queues::const_pointer, Earlier> heads_;
  size_t waiting_ = 0;  // queues that are empty, not finished, not silent
  size_t silent_ = 0;   // queues that are empty, not finished, silent
  bool any_room_ = false;
};

}  // namespace eventd
