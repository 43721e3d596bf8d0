// SPDX-License-Identifier: Apache-2.0
// SIGINT, SIGTERM and SIGHUP: the first asks the tool to finish, the second ends it at once, also
// where the loop is stuck in a write. One that was ignored when we were started (nohup, a job in
// the background of a script) stays ignored.
#pragma once

#include <functional>
#include <memory>

#include "lib/net/task.h"
#include "lib/net/uv_loop.h"

namespace eventd {

// One at a time in a process.
class Interrupt {
 public:
  // `asked` runs on the loop, once. The loop outlives this.
  Interrupt(UvLoop& loop, std::function<void()> asked);
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  // The signal that came, or 0.
  int signal() const;
  // The same where no Interrupt is at hand; 0 also if there is none.
  static int pending();

 private:
  struct Wake;
  std::unique_ptr<Wake> wake_;
};

// Ends the process by a signal, as the shell expects it.
[[noreturn]] void die_by(int signal);

// Runs a tool's task on a loop of its own, until it ends. Descriptors 0 to 2 that were closed are
// occupied first, so that no socket gets their numbers.
int run_tool(const std::function<Task<int>(UvLoop&)>& body);

}  // namespace eventd
