// SPDX-License-Identifier: Apache-2.0
// Records from files and stdin: a thread reads, because a descriptor may be a file, a pipe or a
// terminal, and the loop gets what has come.
//
// Memory is bounded: the thread waits while unread chunks are enough, and a record that is longer
// than its limit is passed over and named.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "lib/base/result.h"
#include "lib/net/loop.h"
#include "lib/net/task.h"

namespace eventd {

// Cuts chunks into records. The last needs no delimiter.
class RecordSplitter {
 public:
  // The delimiter is not empty.
  RecordSplitter(std::string delimiter, size_t record_max)
      : delimiter_(std::move(delimiter)), record_max_(record_max) {}

  void feed(std::string_view chunk);
  // Nothing follows: what has no delimiter yet is a record too.
  void finish() { finished_ = true; }
  // False: no record is complete. `record` is nothing if one was too long, else a view that holds
  // until the next call of any of these.
  bool next(std::optional<std::string_view>& record);

 private:
  const std::string delimiter_;
  const size_t record_max_;
  std::string buffer_;
  size_t at_ = 0;       // where the next record begins
  size_t scanned_ = 0;  // no delimiter begins before
  bool too_long_ = false;
  bool finished_ = false;
};

// Reads a descriptor on a thread of its own.
class InputReader {
 public:
  // Takes the descriptor.
  InputReader(Loop& loop, int descriptor);
  ~InputReader();
  InputReader(const InputReader&) = delete;
  InputReader& operator=(const InputReader&) = delete;

  // The next chunk; empty at the end. An error of the system otherwise.
  Task<Result<std::string>> next();
  // next() then answers as if the end had come.
  void stop();

 private:
  void read_all();
  void wake();

  Loop& loop_;
  const int descriptor_;
  std::mutex mutex_;
  std::condition_variable room_;
  std::vector<std::string> chunks_;
  size_t waiting_bytes_ = 0;
  std::optional<Error> error_;
  bool ended_ = false;
  bool stopped_ = false;
  // Shared with posts that may run after us.
  std::shared_ptr<Signal> ready_ = std::make_shared<Signal>();
  std::thread thread_;
};

}  // namespace eventd
