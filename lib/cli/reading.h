// SPDX-License-Identifier: Apache-2.0
// A run that reads topics from a source into a sink: where it begins, where it ends, which records
// pass.
//
// Positions are resolved for each partition when the run starts. Without following, a run ends when
// each partition's position, not its last record, is at the end that it had at the start. The first
// of several ends counts. With following, topics and partitions that appear later are read from
// their start.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "lib/cli/interrupt.h"
#include "lib/cli/progress.h"
#include "lib/cli/reading_command.h"
#include "lib/cli/record_sink.h"
#include "lib/cli/record_source.h"
#include "lib/cli/stats.h"

namespace eventd {

class Reading {
 public:
  // What is passed by reference outlives the reading.
  Reading(UvLoop& loop, const CommandLine& line, const ReadingOptions& options,
          RecordSource& source, RecordSink& sink);

  // The exit code. A signal ends the process from within, after what was read is written.
  Task<int> run();

 private:
  struct Range {
    int64_t from = 0;
    int64_t until = INT64_MAX;
    const std::string* by = nullptr;    // the --until that set `until`
    std::optional<int64_t> reached = {};  // once it is known where to begin
  };
  using Offsets = RecordSource::Offsets;

  Task<Result<void>> find_topics();
  Result<size_t> add_topics(const std::vector<TopicInfo>& topics);
  Result<void> add_partitions(const TopicInfo& topic);
  Task<Result<void>> resolve();
  Task<Result<Offsets>> ask_all(int64_t question);
  Task<Result<Offsets>> place(const Positions* positions, const Offsets* starts,
                              const Offsets* ends);
  Fetcher::Callbacks callbacks();
  Fetcher::Next on_record(const FetchedRecord& record);
  bool on_position(const TopicPartition& partition, int64_t position);
  bool on_trouble(const Error& error);
  void on_interrupt();
  Range& range_of(const TopicPartition& partition);
  bool begin(const TopicPartition& partition, Range& range);
  bool accepted(const Result<void>& by_sink);
  void end(std::string by);
  void arm_timers();
  Task<void> watch_idleness();
  Task<void> look_for_more();
  Task<void> add_later(std::vector<TopicPartition> fresh);
  int finish(const Result<void>& read);
  RunStats stats() const;

  UvLoop& loop_;
  const CommandLine& line_;
  const ReadingOptions& options_;
  RecordSource& source_;
  RecordSink& sink_;
  Interrupt interrupt_;
  Progress progress_;

  std::map<TopicPartition, Range> partitions_;
  const TopicPartition* last_name_ = nullptr;  // the source's, and what it stands for
  Range* last_range_ = nullptr;
  std::map<std::string, Code> missing_;  // topics, and what was said of them
  uint64_t records_ = 0;
  uint64_t bytes_ = 0;
  Instant last_record_{};
  std::optional<Instant> in_trouble_since_;
  std::string ended_by_;  // empty until something ends the run
  bool timed_out_ = false;
  bool sink_failed_ = false;
  int status_ = 0;

  // The coroutines beside the run, which end before it does.
  size_t beside_ = 0;
  Signal idle_wake_;
  Signal more_wake_;
  Signal beside_ended_;
};

}  // namespace eventd
