// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/child.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>

#include "lib/base/text.h"

extern char** environ;

namespace eventd {

namespace {

std::vector<std::string> environment_of_child(const ChildEnvironment& changes) {
  auto replaced = [&](std::string_view entry) {
    std::string_view name = entry.substr(0, entry.find('='));
    return std::ranges::any_of(changes.set, [&](auto& pair) { return pair.first == name; }) ||
           std::ranges::any_of(changes.unset, [&](auto& unset) { return unset == name; });
  };
  std::vector<std::string> entries;
  for (char** entry = environ; *entry != nullptr; entry++) {
    if (!replaced(*entry)) entries.emplace_back(*entry);
  }
  for (auto& [name, value] : changes.set) entries.push_back(text(name, "=", value));
  return entries;
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (const std::string& string : strings) out.push_back(const_cast<char*>(string.c_str()));
  out.push_back(nullptr);
  return out;
}

constexpr std::array kHandled{SIGPIPE, SIGINT, SIGQUIT, SIGTERM, SIGHUP};

// Between fork and exec only async-signal-safe calls are allowed: other threads may have held
// locks.
[[noreturn]] void become(char* const* command, char** environment, const SignalState& signals,
                         pid_t parent, int report) {
  for (int number : kHandled) ::signal(number, SIG_DFL);
  for (int number : signals.ignored) ::signal(number, SIG_IGN);
  sigprocmask(SIG_SETMASK, &signals.blocked, nullptr);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(kExitOwnFailure);  // it died before the line above
  environ = environment;
  execvp(command[0], command);
  int error = errno;
  ssize_t written = write(report, &error, sizeof error);
  _exit(written == sizeof error ? kExitNotFound : kExitOwnFailure);
}

}  // namespace

SignalState SignalState::now() {
  SignalState state;
  for (int number : kHandled) {
    struct sigaction action{};
    sigaction(number, nullptr, &action);
    if (action.sa_handler == SIG_IGN) state.ignored.push_back(number);
  }
  sigprocmask(SIG_SETMASK, nullptr, &state.blocked);
  return state;
}

Result<pid_t> start_child(const std::vector<std::string>& command,
                          const ChildEnvironment& environment) {
  std::vector<std::string> entries = environment_of_child(environment);
  std::vector<char*> environment_pointers = pointers(entries);
  std::vector<char*> command_pointers = pointers(command);
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) return fail_with_errno(errno, "make a pipe");
  pid_t parent = getpid();
  pid_t child = fork();
  if (child == 0) {
    become(command_pointers.data(), environment_pointers.data(), environment.signals, parent,
           report[1]);
  }
  int fork_error = errno;
  close(report[1]);
  if (child < 0) {
    close(report[0]);
    return fail_with_errno(fork_error, "fork");
  }
  int exec_error = 0;
  ssize_t got = 0;
  do got = read(report[0], &exec_error, sizeof exec_error);
  while (got < 0 && errno == EINTR);
  close(report[0]);
  if (got != sizeof exec_error) return child;  // the pipe closed because exec succeeded
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return fail(exec_error == ENOENT ? Code::not_found : Code::unsupported,
              text(printable(command[0]), ": ", std::strerror(exec_error)));
}

void end_like_child(int wait_status) {
  if (WIFSIGNALED(wait_status)) {
    int number = WTERMSIG(wait_status);
    rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);  // the command has left the core dump, if there is one
    ::signal(number, SIG_DFL);
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, number);
    kill(getpid(), number);
    pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
    _exit(128 + number);
  }
  _exit(WEXITSTATUS(wait_status));
}

}  // namespace eventd
