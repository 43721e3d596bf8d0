// SPDX-License-Identifier: Apache-2.0
// Brings a log directory into order when it is opened.
//
// After a clean stop nothing is scanned. After any other end everything from the recovery point on
// is first synced (a killed process leaves pages that are not), then dropped from the page cache
// (after a failed sync the kernel calls lost pages clean), then read and checked batch by batch. A
// bad batch with nothing valid behind it is a torn tail: it is cut. One with a whole valid batch
// behind it is damage: all from there on is kept in a `.corrupt` file before the cut, and reported.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lib/log/log.h"

namespace eventd {

class LogRecovery {
 public:
  LogRecovery(Log& log, const OpenLog& how, Recovery& found)
      : log_(log), how_(how), found_(found) {}
  Result<void> run();

 private:
  Result<void> look_into_directory();
  Result<void> finish_swaps();
  Result<void> find_end();
  Result<void> check_from_recovery_point();
  Result<void> check(size_t index);
  Result<void> cut(size_t index, uint64_t position, bool damaged);
  Result<void> load_epochs();

  Disk& disk() const { return log_.disk(); }
  std::string path_of(const std::string& name) const { return how_.directory + "/" + name; }

  Log& log_;
  const OpenLog& how_;
  Recovery& found_;
  std::vector<std::string> names_;
  Log::Segments segments_;
  LeaderEpochs epochs_;
};

// The producers as of `end`: from the last snapshot but one, because a snapshot keeps only the last
// batch of a producer and retries may be of the last five, and from the batches after it.
Result<ProducerState> replay_producers(Disk& disk, const std::string& directory,
                                       const std::vector<std::shared_ptr<Segment>>& segments,
                                       Offset end);

// Removes producer snapshots of offsets beyond `end`.
Result<void> drop_snapshots_beyond(Disk& disk, const std::string& directory, Offset end);

}  // namespace eventd
