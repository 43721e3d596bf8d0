// SPDX-License-Identifier: Apache-2.0
// Records that wait for their partition: a command is asked where each belongs, many at a time, and
// they go to the producer in the order in which they came.
//
// A record of which the partition is known already waits behind those before it. What waits is
// bounded: room() is to be awaited while is_full().
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "lib/cli/produce/partition_command.h"
#include "lib/cli/produce/topics.h"
#include "lib/record/record.h"

namespace eventd {

// A record on its way to the producer; views of what it was read from.
struct OutgoingRecord {
  ProduceTopic* topic = nullptr;
  int32_t partition = -1;  // to be chosen
  int64_t timestamp = -1;
  std::optional<Bytes> key;
  std::optional<Bytes> value;
  std::span<const RecordHeader> headers;
  uint64_t line = 0;
};

class PlacedRecords {
 public:
  struct Callbacks {
    std::function<void(const OutgoingRecord&)> placed;
    // The command's answer for that line is none.
    std::function<void(uint64_t line, std::string_view why)> refused;
    // The command failed: nothing waits any more, and nothing more can be placed. `lines` are those
    // that waited.
    std::function<void(std::span<const uint64_t> lines, const Error& why)> failed;
  };

  // The loop outlives this.
  PlacedRecords(Loop& loop, Callbacks callbacks);
  Result<void> start(const std::string& command);

  // Takes a copy. After a failure the record fails too.
  void add(const OutgoingRecord& record);
  // No more records are at hand: the command gets its questions.
  void drained() { command_.flush(); }
  bool is_full() const;
  Task<void> room();
  // Until nothing waits, be it that the command gets no more questions.
  Task<void> settle();
  Task<void> finish();
  // 126 or 127 if the command could not be run; 0 otherwise.
  Task<int> unrunnable() { return command_.unrunnable(); }

 private:
  struct Waiting {
    OutgoingRecord record;  // its views look into `bytes`
    std::vector<RecordHeader> headers;
    std::string bytes;
  };
  Task<void> answer();
  void answered(std::string_view answer);
  void failed(const Error& why);
  void release();

  Loop& loop_;
  const Callbacks callbacks_;
  PartitionCommand command_;
  std::deque<Waiting> waiting_;
  size_t bytes_ = 0;
  std::optional<Error> why_failed_;
  Signal changed_;
};

}  // namespace eventd
