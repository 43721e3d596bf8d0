// SPDX-License-Identifier: Apache-2.0
// What --stats says at the end of a run: one line of JSON on stderr.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/client/client.h"

namespace eventd {

struct RunStats {
  struct Range {
    TopicPartition partition;
    int64_t from = 0;
    int64_t until = 0;  // exclusive: where the next run would begin
  };
  uint64_t records = 0;
  uint64_t bytes = 0;   // of keys and values
  uint64_t failed = 0;  // records that were refused, skipped or not acknowledged
  std::string ended_by = "end";  // or eof, timeout, signal, error, the --until that held
  std::vector<Range> partitions;
};

// {"records":..,"bytes":..,"failed":..,"ended_by":"..","partitions":[{"topic":"..",
// "partition":0,"from":0,"until":9},..]} and a newline.
std::string to_json(const RunStats& stats);
// On stderr.
void print(const RunStats& stats);

}  // namespace eventd
