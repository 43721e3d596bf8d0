// SPDX-License-Identifier: Apache-2.0
// The topics and partitions of a run: those that are named, or, with --regex, those whose whole
// names match; of them the partitions of -p or of a list in --from. What is missing is said once.
#pragma once

#include <map>
#include <string>

#include "lib/cli/command_line.h"
#include "lib/cli/consume/partition_ranges.h"

namespace eventd {

class TopicFinder {
 public:
  // What is passed by reference outlives the finder.
  TopicFinder(RecordSource& source, const CommandLine& line, const ReadingOptions& options)
      : source_(source), line_(line), options_(options) {}

  // Adds a range for each partition that is new. How many of the topics there are.
  Task<Result<size_t>> look(PartitionRanges& ranges);
  // The exit code for what was missing. With following nothing is: it is waited for.
  int status() const { return status_; }

 private:
  bool is_wanted(const TopicInfo& topic) const;
  void miss(const std::string& topic, Code code);
  Result<void> add_partitions(const TopicInfo& topic, PartitionRanges& ranges) const;

  RecordSource& source_;
  const CommandLine& line_;
  const ReadingOptions& options_;
  std::map<std::string, Code> missing_;  // and what was said of them
  int status_ = 0;
};

}  // namespace eventd
