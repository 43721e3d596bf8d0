// SPDX-License-Identifier: Apache-2.0
// Records into files that a template names, each record exactly once, whatever kills the run.
//
// The files of a partition are written aside, in the folder .event-replay.part. A step makes them
// appear: they are synced; their names, and the position up to which they hold everything, are
// written to .event-replay.json; only then are they renamed. Whoever comes next finishes a step
// that stands there, throws away what lies aside, and goes on at the positions: what appeared is
// never written again, and what did not was never counted.
//
// A step comes when --roll says so, for the partition, and at the end for all.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/cli/command_line.h"
#include "lib/cli/record_sink.h"
#include "lib/cli/replay/file_template.h"
#include "lib/cli/replay/output_file.h"
#include "lib/cli/replay/state.h"
#include "lib/net/loop.h"

namespace eventd {

// When files are closed: by records, bytes of a file (compressed ones as far as they are written),
// or the time since the first record.
struct RollOptions {
  std::optional<uint64_t> count;
  std::optional<uint64_t> bytes;
  std::optional<std::chrono::milliseconds> age;
};
// "count=N", "bytes=SIZE" or "age=D"; bad_usage with what is wrong.
Result<RollOptions> parse_roll(std::string_view given);

class TemplateSink : public RecordSink {
 public:
  struct Options {
    FileTemplate names;
    RollOptions roll;
    RecordFormat format;
    std::vector<std::string> command;  // what another run must have in common to continue
    std::function<Instant()> now;      // a clock that only goes forward
  };
  // Finishes what an earlier run left. bad_usage if the folder is another command's, or what it
  // remembers is damaged. The disk outlives it. One at a time in a folder, which is the caller's to
  // see to.
  static Result<std::unique_ptr<TemplateSink>> open(Disk& disk, Options options);

  ~TemplateSink() override;

  Result<int64_t> begin(const TopicPartition& partition, int64_t from, int64_t until) override;
  Result<void> take(const FetchedRecord& record) override;
  Result<void> drained() override;
  Result<void> reached(const TopicPartition& partition, int64_t position) override;
  Result<void> finish(bool complete) override;

 private:
  // A file that lies aside.
  struct Part {
    std::string aside;
    std::string name;  // under which it appears
    std::unique_ptr<OutputFile> file;
    uint64_t records = 0;
  };
  struct Writing {
    int64_t next = 0;                   // all before it is in the parts, or in files
    std::map<std::string, Part> parts;  // by the period of the template
    std::optional<int64_t> last_instant;
    Part* last_part = nullptr;  // of that instant
    std::optional<Instant> first_record;
  };

  TemplateSink(Disk& disk, Options options) : disk_(disk), options_(std::move(options)) {}
  Result<void> recover();
  Result<void> finish_step(const ReplayStep& step);
  Result<void> clear_aside();
  Writing& writing_of(const TopicPartition& partition);
  Result<Part*> part_for(const TopicPartition& partition, Writing& writing,
                         const FetchedRecord& record);
  Result<void> limit_open(const Part* but);
  bool is_due(const Writing& writing, const Part& part) const;
  Result<void> publish(const std::vector<TopicPartition>& partitions);
  Result<void> prepare(Writing& writing, ReplayStep& step);
  std::string aside(const std::string& part) const;
  std::string in_folder(const std::string& name) const { return options_.names.folder() + name; }
  template <class T>
  T noted(T result);  // remembers that something failed

  Disk& disk_;
  const Options options_;
  ReplayState state_;
  bool is_stored_ = false;  // the state that stands in the file
  std::map<TopicPartition, Writing> writing_;
  const TopicPartition* last_name_ = nullptr;  // as the source handed it out
  Writing* last_writing_ = nullptr;
  std::vector<Part*> open_;  // the one that was used last comes last
  uint64_t parts_made_ = 0;
  bool failed_ = false;
  bool step_may_stand_ = false;  // in the file: then what lies aside must stay
};

}  // namespace eventd
