// SPDX-License-Identifier: Apache-2.0
// What a run reads of each partition: positions become offsets when the run starts.
//
// Before the log's start is its start. Past its end is nothing, or, where the run follows, what
// will come there. A time is the first offset with that timestamp or a later one, else the end: so
// neighbouring ranges leave no gap and do not overlap.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "lib/base/clock.h"
#include "lib/cli/consume/reading_command.h"
#include "lib/cli/record_source.h"

namespace eventd {

struct PartitionRange {
  int64_t from = 0;
  int64_t until = INT64_MAX;            // exclusive
  int64_t end = 0;                      // of the log, when the run started
  const std::string* by = nullptr;      // the --until that set `until`
  std::optional<int64_t> reached = {};  // all before was read; nothing before it is begun
};
using PartitionRanges = std::map<TopicPartition, PartitionRange>;

// Sets from, until, end and by. `all_new`: the topics have just appeared, and are read from their
// start. The options outlive the ranges.
Task<Result<void>> resolve_ranges(RecordSource& source, const ReadingOptions& options, WallTime now,
                                  bool all_new, PartitionRanges& ranges);

}  // namespace eventd
