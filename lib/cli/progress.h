// SPDX-License-Identifier: Apache-2.0
// How far a run has come, for people: one line on stderr that is rewritten, if stderr is a terminal
// and stdout is none, after a second.
#pragma once

#include <cstdint>

#include "lib/net/loop.h"

namespace eventd {

class Progress {
 public:
  // The loop outlives this.
  Progress(Loop& loop, bool wanted);

  // Cheap unless a line is due.
  void show(uint64_t records);
  // Takes the line away.
  void end();

 private:
  Loop& loop_;
  const bool wanted_;
  Instant next_;
  bool is_shown_ = false;
};

}  // namespace eventd
