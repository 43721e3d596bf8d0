// SPDX-License-Identifier: Apache-2.0
// A run that reads topics: where it begins, where it ends, which records it prints.
//
// Positions are resolved for each partition when the run starts. Without following, a run ends when
// each partition's position, not its last record, is at the end that it had at the start. The first
// of several ends counts.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/cli/command_line.h"
#include "lib/cli/interrupt.h"
#include "lib/cli/output.h"
#include "lib/cli/position.h"
#include "lib/client/client.h"
#include "lib/client/fetcher.h"

namespace eventd {

struct ReadingOptions {
  std::vector<std::string> topics;
  std::vector<int32_t> partitions;  // empty: all
  std::optional<Positions> from;
  std::vector<Positions> until;
  std::optional<uint64_t> count;
  std::optional<int64_t> idle_ms;
  std::optional<std::string> key;
  std::optional<int64_t> timeout_ms;
  std::optional<uint64_t> require;
  bool follow = false;
  bool stats = false;
};

// Adds -p -k --from --until -f --timeout --require --stats; `finish` makes sense of them.
class ReadingCommand {
 public:
  explicit ReadingCommand(CommandLine& line);
  // Nothing if all is well, else what is wrong with the command line.
  std::optional<std::string> finish(ReadingOptions& options, WallTime now) const;

 private:
  std::string partitions_;
  std::string from_;
  std::vector<std::string> until_;
  std::string key_;
  std::string timeout_;
  std::optional<uint64_t> require_;
  bool follow_ = false;
  bool stats_ = false;
};

class Reading {
 public:
  Reading(UvLoop& loop, const CommandLine& line, ReadingOptions options, ClientConfig client,
          Output& output);

  // The exit code.
  Task<int> run();
  int signal() const { return interrupt_.signal(); }

 private:
  struct Ends {
    int64_t from = 0;
    int64_t until = INT64_MAX;
  };
  Task<Result<void>> find_topics();
  Task<Result<void>> resolve();
  Task<Result<std::map<TopicPartition, int64_t>>> resolve_all(const Positions& positions);
  bool on_record(const FetchedRecord& record);
  void on_drained();
  void end(const char* by);
  void arm_timers();
  void print_stats() const;

  UvLoop& loop_;
  const CommandLine& line_;
  const ReadingOptions options_;
  Client client_;
  Output& output_;
  Fetcher fetcher_;
  Interrupt interrupt_;

  std::map<TopicPartition, Ends> partitions_;
  std::map<TopicPartition, int64_t> reached_;
  uint64_t records_ = 0;
  uint64_t bytes_ = 0;
  Instant last_record_{};
  const char* ended_by_ = "end";
  bool timed_out_ = false;
  bool was_in_trouble_ = false;
  int status_ = 0;
};

}  // namespace eventd
