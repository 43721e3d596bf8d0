// SPDX-License-Identifier: Apache-2.0
// A run of event-produce: finds broker and topic, reads its inputs to their ends, cuts them into
// records, and sees every record acknowledged or says which was not.
//
// What is wrong with a line is said by its number, the line is skipped, and the run goes on (1).
// After a record that the cluster did not take in time nothing more is read (4).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/cli/input.h"
#include "lib/cli/interrupt.h"
#include "lib/cli/produce.h"
#include "lib/cli/progress.h"
#include "lib/client/producer.h"

namespace eventd {

class ProduceRun {
 public:
  // The command outlives the run.
  ProduceRun(UvLoop& loop, const ProduceCommand& command, ClientConfig client,
             ProducerConfig producer);

  // The exit code.
  Task<int> run();
  int signal() const { return interrupt_.signal(); }

 private:
  struct Topic {
    TopicInfo info;
    size_t batch_max = 0;  // its max.message.bytes
  };
  struct Source {
    uint64_t first_line = 0;  // counted over all sources
    std::string name;
  };
  Task<Result<const Topic*>> find_topic(std::string name);
  Task<size_t> batch_max_of(std::string topic);
  Task<Result<void>> prepare();
  Task<void> read_file(std::string path);
  Task<void> take(std::string_view chunk, RecordSplitter* splitter);
  Task<void> take_event(std::string_view record);
  void take_text(std::string_view record);
  void send(const Topic& topic, int32_t partition, int64_t timestamp, std::optional<Bytes> key,
            std::optional<Bytes> value, std::span<const RecordHeader> headers);
  void delivered(const Delivery& delivery);
  void skip(uint64_t line, std::string_view why);
  std::string place_of(uint64_t line) const;
  void stop_reading();
  bool is_null(std::string_view token) const {
    return format_.null_token && token == *format_.null_token;
  }

  UvLoop& loop_;
  const ProduceCommand& command_;
  const RecordFormat& format_;
  Client client_;
  const bool compresses_;
  Producer producer_;
  std::unique_ptr<InputReader> reader_;
  Interrupt interrupt_;
  Progress progress_;

  std::vector<Source> sources_;
  uint64_t line_ = 0;  // of the record in hand, counted over all sources
  std::map<std::string, Topic, std::less<>> topics_;
  std::map<std::string, Error, std::less<>> missing_;
  int status_ = 0;
  bool begun_ = false;
  bool stopped_ = false;
  uint64_t lost_ = 0;
  uint64_t first_lost_ = 0;
  std::string why_lost_;
};

}  // namespace eventd
