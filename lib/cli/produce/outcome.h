// SPDX-License-Identifier: Apache-2.0
// What became of the records of a run of event-produce: counts, complaints by line, the report, the
// dead letters, and the exit code that follows.
//
// A record that is bad is said by its line, and the run goes on (1). One that is refused for what
// is in it is said so too (4; for its size 1). After one that is not acknowledged nothing more is
// read (4), and the end says how many there are and which is the first.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/cli/command_line.h"
#include "lib/cli/produce/dead_letters.h"
#include "lib/cli/produce/produce.h"
#include "lib/cli/stats.h"
#include "lib/cli/stdout_writer.h"
#include "lib/client/producer.h"

namespace eventd {

class ProduceOutcome {
 public:
  // Both outlive this. `unreported` runs on the loop when the report cannot be written.
  ProduceOutcome(Loop& loop, const ProduceCommand& command, std::function<void()> unreported);

  Result<void> open_dead_letters();
  // The records from now on are of that file.
  void begin_source(std::string name);
  void next_line() { line_++; }
  uint64_t line() const { return line_; }

  // The record in hand is on its way; what it is of, for --stats.
  void sent(const InputRecord& record) {
    if (dead_letters_.is_open()) dead_letters_.keep(line_, record);
  }
  // It is bad, or was not sent because others before it were not acknowledged.
  void skip(const InputRecord& record, std::string_view why);
  void not_sent(const InputRecord& record);
  // A part of one that is too long.
  void part(const InputRecord& record) { dead_letters_.write(record); }
  // One that was sent, or said to be, is bad after all.
  void skip_sent(uint64_t line, std::string_view why);
  // It was not acknowledged, and will not be.
  void lose(uint64_t line, const Error& why);
  void worsen(int status) { status_ = worse_exit(status_, status); }
  // A source, a topic, a stream is bad.
  void complain(std::string_view line, int status);

  void delivered(const Delivery& delivery);
  // Whether records were lost, or can be told of no more: nothing should be read.
  bool is_over() const { return lost_ > 0 || broken_; }
  // The report, or nothing: who reads it may be slow.
  StdoutWriter* report_writer() { return report_ ? &*report_ : nullptr; }
  // After a failure of the report: says it, if it is not only that nobody reads it. Whether it is
  // only that.
  bool report_failed();
  // Whether so much is kept for the dead letters that acknowledgements should be waited for.
  bool is_full() const { return dead_letters_.is_full(); }
  // Writes what the dead letters have gathered.
  void flush();
  // Says what is left to say.
  void finish(std::string_view ended_by);
  // The exit code.
  int status() const { return status_; }

 private:
  struct Source {
    uint64_t first_line = 0;
    std::string name;
  };
  std::string place_of(uint64_t line) const;
  void refuse(uint64_t line, const Error& error);
  void report(const Delivery& delivery);
  void count(const Delivery& delivery);

  const ProduceCommand& command_;
  DeadLetters dead_letters_;
  std::optional<StdoutWriter> report_;
  std::vector<Source> sources_;
  uint64_t line_ = 0;  // of the record in hand, counted over all sources
  int status_ = 0;
  bool broken_ = false;
  uint64_t lost_ = 0;
  uint64_t first_lost_ = 0;
  std::string why_lost_;
  bool timed_out_ = false;
  RunStats stats_;
  std::map<TopicPartition, size_t> ranges_;  // in stats_
};

}  // namespace eventd
