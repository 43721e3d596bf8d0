// SPDX-License-Identifier: Apache-2.0
// Where each leader epoch of a log began: a list of (epoch, start offset), both ascending.
//
// File leader-epoch-checkpoint, as Kafka has it: a line "0" (version), a line with the number of
// entries, then a line "EPOCH START" for each.
//
// The log changes it under its mutex and hands copies to readers.
#pragma once

#include <string>
#include <vector>

#include "lib/base/ids.h"
#include "lib/base/result.h"
#include "lib/log/disk.h"

namespace eventd {

struct EpochEnd {
  LeaderEpoch epoch = kNoLeaderEpoch;
  Offset end = kNoOffset;
  bool operator==(const EpochEnd&) const = default;
};

class LeaderEpochs {
 public:
  struct Entry {
    LeaderEpoch epoch;
    Offset start;
    bool operator==(const Entry&) const = default;
  };
  static constexpr const char* kFileName = "leader-epoch-checkpoint";

  // A missing file is an empty list.
  static Result<LeaderEpochs> load(Disk& disk, const std::string& directory);

  // Notes that `epoch` begins at `start`, unless it has begun already. Entries that a new leader
  // has overwritten go. True if the list changed.
  bool assign(LeaderEpoch epoch, Offset start);
  LeaderEpoch latest() const;

  // Kafka's endOffsetFor: the largest epoch that is not above `asked`, and where the next one began
  // (or the log's end); nothing for epochs that never were.
  EpochEnd end_of(LeaderEpoch asked, Offset log_end) const;
  // The epoch of the record at `offset`.
  LeaderEpoch epoch_at(Offset offset) const;

  bool truncate_from_end(Offset end);
  // The entry that covers `start` then begins there.
  bool truncate_from_start(Offset start);

  std::string encode() const;
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
};

}  // namespace eventd
