// SPDX-License-Identifier: Apache-2.0
// Writes to stdout on a thread of its own, for a tool whose work must go on (deadlines, signals)
// while whoever reads stdout takes nothing.
//
// Memory is bounded if who writes heeds is_full(). A thread that hangs in a write when the writer
// goes stays behind and touches nothing.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "lib/base/result.h"
#include "lib/net/loop.h"
#include "lib/net/task.h"

namespace eventd {

class StdoutWriter {
 public:
  // `failed` runs on the loop, once, after a write that failed. The loop outlives this.
  StdoutWriter(Loop& loop, std::function<void()> failed);
  ~StdoutWriter();
  StdoutWriter(const StdoutWriter&) = delete;
  StdoutWriter& operator=(const StdoutWriter&) = delete;

  // Behind all that was given before; after a failure it is dropped.
  void write(std::string bytes);
  // Whether so much waits that no more should be made.
  bool is_full() const;
  // One waits at a time. Until some of it was written, or wake().
  Task<void> progress();
  void wake() { changed()->notify(); }
  // Until all is written, or cannot be; after hurry() also if nothing was taken for a second.
  Task<void> settle();
  // The tool is told to end: it should not be held up by who takes nothing.
  void hurry();
  // Why a write failed; connection_closed if nobody reads stdout.
  std::optional<Error> error() const;

 private:
  struct State;
  static void write_all(std::shared_ptr<State> state);
  bool has_left() const;
  std::shared_ptr<Signal> changed() const;
  Task<bool> progress_until(Instant deadline);
  const std::shared_ptr<State> state_;  // shared with the thread
  Loop& loop_;
  bool hurried_ = false;
};

}  // namespace eventd
