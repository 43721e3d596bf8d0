// SPDX-License-Identifier: Apache-2.0
// Brings a log directory into order when it is opened.
//
// After a clean stop nothing is read. After any other end everything from the recovery point on is
// first synced (a killed process leaves pages that are not), then dropped from the page cache
// (after a failed sync the kernel calls lost pages clean), then read and checked batch by batch. A
// bad batch with nothing valid behind it is a torn tail: it is cut. One with a whole valid batch
// behind it is damage: all from there on is kept in `.corrupt` files before the cut, and reported;
// so is a segment that begins behind the end of the one before it, unless compaction makes gaps.
// Whatever stopped a recovery half-way, the next one comes to the same end.
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
  Result<void> write_partition_metadata();
  Result<void> finish_swaps();
  Result<void> drop_covered(const std::string& name);
  Result<void> drop_lonely_indexes();
  Result<void> add_empty_segment(Offset base);
  Result<void> load_epochs();
  Result<void> find_end();
  Result<void> check_all_again();
  Result<void> check_from(Offset point);
  Result<void> check(size_t index, Offset point);
  Result<void> write_indexes(size_t first);
  Result<void> begin_at(Offset start);
  void hand_over();
  Result<void> make_durable();

  bool holds_batches(size_t from) const;
  Result<void> cut_gap(size_t index);
  Result<void> cut(size_t index, uint64_t position, bool damaged);
  Result<void> drop_from(size_t index, const std::string& suffix);
  std::string free_suffix() const;
  Result<void> copy(File& from, uint64_t position, const std::string& to);

  Disk& disk() const { return log_.disk(); }
  std::string path_of(const std::string& name) const { return how_.directory + "/" + name; }

  Log& log_;
  const OpenLog& how_;
  Recovery& found_;
  bool is_clean_ = false;
  std::vector<std::string> names_;
  Log::Segments segments_;
  LeaderEpochs epochs_;
};

}  // namespace eventd
