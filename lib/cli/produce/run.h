// SPDX-License-Identifier: Apache-2.0
// A run of event-produce: finds broker and topic, reads its inputs to their ends, cuts them into
// records, and sees every record acknowledged or says which was not.
//
// After the first signal nothing more is read; what was read is delivered. After a record that the
// cluster did not take nothing more is sent: what was read already is counted with it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/cli/interrupt.h"
#include "lib/cli/produce/input.h"
#include "lib/cli/produce/outcome.h"
#include "lib/cli/produce/placed_records.h"
#include "lib/cli/produce/produce.h"
#include "lib/cli/produce/record_splitter.h"
#include "lib/cli/produce/topics.h"
#include "lib/cli/progress.h"
#include "lib/cli/text/event_parser.h"
#include "lib/client/producer.h"

namespace eventd {

class ProduceRun {
 public:
  // The command outlives the run.
  ProduceRun(UvLoop& loop, const ProduceCommand& command, ClientConfig client,
             ProducerConfig producer);

  // The exit code.
  Task<int> run();
  // That the process is to end by, or 0.
  int signal() const { return is_stdout_closed_ ? SIGPIPE : interrupt_.signal(); }

 private:
  Task<Result<void>> prepare();
  Task<Result<void>> find_topic();
  Result<void> start_placing();
  Task<void> read_file(std::string path);
  std::unique_ptr<RecordSplitter> new_splitter() const;
  Task<void> take(RecordSplitter* splitter);
  bool take_record(const InputRecord& record);
  void take_text(const InputRecord& record);
  bool take_event(const InputRecord& record);
  Task<void> take_event_of_new_topic(InputRecord record);
  void send(OutgoingRecord& outgoing, const InputRecord& record);
  void append(const OutgoingRecord& record);
  Task<void> go_easy();
  void input_failed(const Error& error);
  void stop_reading();
  void report_failed();
  Advance advance() const;

  UvLoop& loop_;
  const ProduceCommand& command_;
  const RecordFormat& format_;
  Client client_;
  ProduceOutcome outcome_;
  Producer producer_;
  ProduceTopics topics_;
  std::unique_ptr<PlacedRecords> placed_;  // with --partitioner-command
  std::unique_ptr<InputReader> reader_;
  EventParser parser_;
  Interrupt interrupt_;
  Progress progress_;

  std::vector<std::pair<std::string, std::optional<std::string>>> given_names_and_values_;
  std::vector<RecordHeader> given_headers_;  // views of them
  std::vector<RecordHeader> headers_;        // of the event in hand
  ProduceTopic* topic_ = nullptr;            // TOPIC
  std::string new_topic_;                    // of the event in hand, which is not known yet
  int64_t now_ms_ = 0;                       // when the chunk in hand came
  Instant next_due_{};                       // of a record, with --rate
  uint64_t bytes_taken_ = 0;
  uint64_t bytes_to_take_ = 0;  // 0: not known
  size_t turn_bytes_ = 0;       // that were taken since other work had its turn
  Signal woken_;                // of one that waits for its time
  bool begun_ = false;
  bool stopped_ = false;
  bool is_broken_ = false;  // what is read cannot be cut into records any more
  bool is_stdout_closed_ = false;
  bool has_no_partitions_ = false;  // the partitioner command failed
};

}  // namespace eventd
