// SPDX-License-Identifier: Apache-2.0
// The command of `eventd run`: started with the environment that finds our broker, and ended by us
// when we are.
//
// It keeps our stdin, stdout, stderr, terminal and process group. If we die, whatever the reason,
// the kernel sends it SIGTERM (PR_SET_PDEATHSIG); that is tied to the thread that started it, so
// start() belongs into the main thread.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "lib/base/result.h"

namespace eventd {

// How env(1) ends when the command itself cannot run.
inline constexpr int kExitOwnFailure = 125;
inline constexpr int kExitNotExecutable = 126;
inline constexpr int kExitNotFound = 127;

// Which of the signals that we handle were ignored, and which were blocked.
struct SignalState {
  std::vector<int> ignored;
  sigset_t blocked{};
  // As they are now. Ask before any of them is changed.
  static SignalState now();
};

// What the command does not inherit from us as it is.
struct ChildEnvironment {
  std::vector<std::pair<std::string, std::string>> set;
  std::vector<std::string> unset;
  SignalState signals;  // ours, as they were when we started
};

// The process id, once the command runs. not_found if there is no such command, unsupported if it
// cannot be executed, io_error for what is our own fault.
Result<pid_t> start_child(const std::vector<std::string>& command,
                          const ChildEnvironment& environment);

// Ends this process as `wait_status` (of waitpid) says its child ended: the same exit status, or
// the same signal. Runs no destructors.
[[noreturn]] void end_like_child(int wait_status);

}  // namespace eventd
