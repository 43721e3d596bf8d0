// SPDX-License-Identifier: Apache-2.0
// A run that reads topics from a source into a sink.
//
//   source     -> ranges: from, until          (TopicFinder, resolve_ranges)
//              -> selection: filters           (RecordFilter)
//              -> order: as it comes, by time  (Merge), or only the newest (LastRecords)
//              -> sink, until an end: of all partitions, count, idle, match, a signal
//
// Without following, a run ends when each partition's position, not its last record, is at the end
// that it had at the start. The first of several ends counts. With following, topics and partitions
// that appear later are read from their start.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/cli/consume/last_records.h"
#include "lib/cli/consume/merge.h"
#include "lib/cli/consume/partition_ranges.h"
#include "lib/cli/consume/reading_command.h"
#include "lib/cli/consume/topic_finder.h"
#include "lib/cli/interrupt.h"
#include "lib/cli/progress.h"
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
  using Next = Fetcher::Next;

  // Before records come.
  Task<Result<void>> find_topics();
  bool begin(const TopicPartition& partition, PartitionRange& range);
  void read_from_here(const TopicPartition& partition, PartitionRange& range);
  Task<Result<void>> read_last();

  // While they come.
  Fetcher::Callbacks callbacks();
  PartitionRanges::value_type& known(const TopicPartition& partition);
  Next on_record(const FetchedRecord& record);
  bool on_position(const TopicPartition& partition, int64_t position);
  void on_drained();
  Advance advance() const;
  void on_gap(const TopicPartition& partition, int64_t from, int64_t start);
  bool on_remade(const TopicPartition& partition);
  bool on_trouble(const Error& error);
  Next hold(const FetchedRecord& record, const TopicPartition& partition, PartitionRange& range);
  bool print_merged();
  bool print(const FetchedRecord& record);
  bool accepted(const Result<void>& by_sink);

  // How it ends.
  void end(std::string by);
  void end_now(std::string by);
  void arm_timers();
  Task<void> watch_idleness();
  Task<void> watch_merge();
  Task<void> look_for_more();
  Task<void> add_later(std::vector<TopicPartition> fresh);
  void end_beside();
  void hand_over(bool complete);
  void on_interrupt();
  int finish(const Result<void>& read);
  RunStats stats() const;

  UvLoop& loop_;
  const CommandLine& line_;
  const ReadingOptions& options_;
  RecordSource& source_;
  RecordSink& sink_;
  TopicFinder finder_;
  Interrupt interrupt_;
  Progress progress_;

  PartitionRanges ranges_;
  bool waited_ = false;  // for the first topic: whatever is in it came after we began
  const TopicPartition* last_asked_ = nullptr;  // the source's name of last_known_
  PartitionRanges::value_type* last_known_ = nullptr;
  std::optional<Merge> merge_;
  // While the newest are looked for: how far each partition is read now.
  std::optional<LastRecords> newest_;
  std::map<const TopicPartition*, int64_t> newest_until_;

  uint64_t records_ = 0;
  uint64_t bytes_ = 0;
  bool came_ = false;  // a record, since the last batch was drained
  Instant last_record_{};
  Instant last_answer_{};  // of all leaders, well
  std::optional<Instant> in_trouble_since_;
  std::string ended_by_;  // empty until something ends the run
  bool timed_out_ = false;
  bool handed_over_ = false;
  bool sink_failed_ = false;
  int status_ = 0;

  // The coroutines beside the run, which end before it does.
  size_t beside_ = 0;
  Signal idle_wake_;
  Signal more_wake_;
  Signal merge_wake_;
  bool merge_is_idle_ = false;  // nothing is held: who holds something notifies
  Signal beside_ended_;
};

}  // namespace eventd
