// SPDX-License-Identifier: Apache-2.0
// SIGINT, SIGTERM and SIGHUP: the first asks the tool to finish, the second ends it at once.
#pragma once

#include <functional>
#include <vector>

#include "lib/net/task.h"
#include "lib/net/uv_loop.h"

namespace eventd {

class Interrupt {
 public:
  // `asked` runs on the loop, once. The loop outlives this.
  Interrupt(UvLoop& loop, std::function<void()> asked);
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  // The signal that came, or 0.
  int signal() const { return signal_; }

 private:
  std::function<void()> asked_;
  int signal_ = 0;
  std::vector<uv_signal_t*> handles_;
};

// Runs a tool's task on a loop of its own, until it ends.
int run_tool(const std::function<Task<int>(UvLoop&)>& body);

}  // namespace eventd
