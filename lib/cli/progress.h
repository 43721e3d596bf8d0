// SPDX-License-Identifier: Apache-2.0
// How far a run has come, for people: one line on stderr that is rewritten, if stderr is a terminal
// and we are in its foreground, from the first second on. It goes away before anything else is said
// there, and at the end.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include "lib/net/loop.h"

namespace eventd {

// How far it is. `done` of `total` in a unit of their own (offsets, bytes); a total of 0: not
// known.
struct Advance {
  uint64_t records = 0;
  uint64_t done = 0;
  uint64_t total = 0;
};

// "5000 records, 1000 a second, 50%, 5s left". `before` is an older look at the same run.
std::string progress_line(const Advance& before, const Advance& now, Duration between);

class Progress {
 public:
  using Ask = std::function<Advance()>;

  // `ask` runs on the loop, a few times a second; both outlive this. `wanted` is false for who
  // writes records to a terminal.
  Progress(Loop& loop, bool wanted, Ask ask, int descriptor = 2);
  ~Progress() { end(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Takes the line away for good.
  void end();

 private:
  void draw();

  struct Look {
    Instant at;
    Advance advance;
  };
  Loop& loop_;
  const Ask ask_;
  const int descriptor_;
  std::deque<Look> looks_;
  Loop::TimerId timer_ = 0;
};

// Takes the line away until it is due again. Who says something else on stderr calls it first. For
// the terminal is the process's, this needs no Progress at hand.
void clear_progress();

}  // namespace eventd
