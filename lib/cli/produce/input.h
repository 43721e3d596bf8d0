// SPDX-License-Identifier: Apache-2.0
// What comes in from a file or stdin: a thread opens and reads it, because it may be a file, a pipe
// or a terminal, and the loop gets what has come. Of stdin what is there already is read at once: a
// run of a line or two needs no thread.
//
// Memory is bounded: the thread waits while unread chunks are enough. With `tee` it writes to
// stdout what it has handed over, so that a reader who takes nothing holds up the input, never the
// loop. A thread that hangs in a read or write when the reader goes stays behind and touches
// nothing.
#pragma once

#include <memory>
#include <string>

#include "lib/base/bytes.h"
#include "lib/base/result.h"
#include "lib/net/loop.h"
#include "lib/net/task.h"

namespace eventd {

class InputReader {
 public:
  // "-" is stdin. The loop outlives this.
  InputReader(Loop& loop, std::string path, bool tee);
  ~InputReader();
  InputReader(const InputReader&) = delete;
  InputReader& operator=(const InputReader&) = delete;

  // The next chunk, not empty but at the end: an empty one then. An error of the system otherwise.
  Task<Result<Buffer>> next();
  // Whether that error was of stdout: connection_closed if nobody reads it.
  bool has_failed_to_tee() const;
  // Gives back a chunk, for its memory.
  void reuse(Buffer chunk);
  // Whether next() would wait.
  bool is_drained() const;
  // Nothing more is read. next() gives what was read already, if the input is not a file that can
  // be read again, and then says that the end has come.
  void stop();

 private:
  struct State;
  static bool read_what_is_there(State& state);
  static void read_all(std::shared_ptr<State> state);
  const std::shared_ptr<State> state_;  // shared with the thread
};

}  // namespace eventd
