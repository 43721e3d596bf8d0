// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/run.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <utility>

#include "lib/base/logger.h"
#include "lib/base/text.h"
#include "lib/broker/broker.h"
#include "lib/broker/child.h"
#include "lib/broker/own_folder.h"
#include "lib/log/no_sync_disk.h"

namespace eventd {

namespace {

// Those of the terminal reach the command by themselves; the others are passed on to it.
constexpr std::initializer_list<int> kTerminal{SIGINT, SIGQUIT};
constexpr std::initializer_list<int> kPassedOn{SIGTERM, SIGHUP};

sigset_t set_of_all() {
  sigset_t set;
  sigemptyset(&set);
  for (int number : kTerminal) sigaddset(&set, number);
  for (int number : kPassedOn) sigaddset(&set, number);
  return set;
}

// The command, and the signals that concern it. They are held back from the start on: one that
// comes before there is a command ends us, with nothing left behind.
class Command {
 public:
  Command() : before_(SignalState::now()) {
    sigset_t held = set_of_all();
    sigprocmask(SIG_BLOCK, &held, nullptr);
  }
  ~Command() { unwatch(); }
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  // The signal that came before the command, or 0.
  static int early_signal() {
    sigset_t pending;
    sigpending(&pending);
    for (auto numbers : {kPassedOn, kTerminal}) {
      for (int number : numbers) {
        if (sigismember(&pending, number) == 1) return number;
      }
    }
    return 0;
  }

  Result<void> start(const std::vector<std::string>& command, const std::string& broker_address,
                     Broker& broker) {
    broker_ = &broker;
    // Before the command, so that its end is not missed.
    watch(SIGCHLD, [](uv_signal_t* signal, int) { of(signal).look(); });
    for (int number : kTerminal) watch(number, [](uv_signal_t*, int) {});
    for (int number : kPassedOn) {
      watch(number, [](uv_signal_t* signal, int which) { of(signal).send(which); });
    }
    ChildEnvironment environment{
        {{"KAFKA_BOOTSTRAP_SERVERS", broker_address},
         {"EVENT_BROKERS", broker_address},
         {"EVENT_RUN_BROKER", broker_address}},  // the tools leave nothing behind of this one
        {"EVENT_PROFILE"},
        before_};
    Result<pid_t> child = start_child(command, environment);
    if (!child) return pass(child);
    child_ = *child;
    sigprocmask(SIG_SETMASK, &before_.blocked, nullptr);
    return {};
  }

  bool has_ended() const { return ended_; }
  void send(int number) const {
    if (!ended_) kill(child_, number);
  }
  void wait() {
    while (!ended_) {
      pid_t got = waitpid(child_, &status_, 0);
      ended_ = got == child_ || (got < 0 && errno != EINTR);
    }
  }
  int status() const { return status_; }

  void unwatch() {
    for (uv_signal_t* handle : std::exchange(handles_, {})) {
      uv_close(reinterpret_cast<uv_handle_t*>(handle),
               [](uv_handle_t* closed) { delete reinterpret_cast<uv_signal_t*>(closed); });
    }
  }

 private:
  static Command& of(uv_signal_t* signal) { return *static_cast<Command*>(signal->data); }

  void watch(int number, uv_signal_cb callback) {
    auto* handle = new uv_signal_t;
    uv_signal_init(broker_->main_loop().handle(), handle);
    handle->data = this;
    uv_signal_start(handle, callback, number);
    handles_.push_back(handle);
  }

  void look() {
    if (ended_ || waitpid(child_, &status_, WNOHANG) != child_) return;
    ended_ = true;
    broker_->stop();
  }

  const SignalState before_;
  Broker* broker_ = nullptr;  // outlives the watching
  std::vector<uv_signal_t*> handles_;
  pid_t child_ = 0;
  int status_ = 0;
  bool ended_ = false;
};

int own_failure(const Error& error) {
  return complain(kExitOwnFailure, text("run: ", error.message));
}

int status_of(const Error& error) {
  switch (error.code) {
    case Code::not_found:
      return complain(kExitNotFound, text("run: ", error.message));
    case Code::unsupported:
      return complain(kExitNotExecutable, text("run: ", error.message));
    default:
      return own_failure(error);
  }
}

// The signal that ended us early, as the parent is to see it: a wait status.
[[noreturn]] void end_by(int number) { end_like_child(number & 0x7f); }

// The exit status where the command did not run. `folder` is gone when this returns.
int run_in(const Options& options, const std::vector<std::string>& words,
           std::unique_ptr<OwnFolder> folder, Command& command) {
  PosixDisk real;
  NoSyncDisk disk(real);
  Result<BrokerConfig> config = load_config(options);
  if (!config) return own_failure(config.error());
  Result<std::unique_ptr<Broker>> broker = Broker::start(*config, disk);
  if (!broker) return own_failure(broker.error());
  if (Command::early_signal() != 0) return 0;
  std::string address = to_string((*broker)->bound().front().address);
  Result<void> started = command.start(words, address, **broker);
  if (!started) {
    command.unwatch();
    return status_of(started.error());
  }
  int status = (*broker)->run();
  if (!command.has_ended()) {
    log_error("the broker has failed: its command gets SIGTERM");
    command.send(SIGTERM);
    command.wait();
    folder.reset();
    _exit(kExitOwnFailure);  // work may hang on the disk
  }
  if (status == 0) {
    command.unwatch();
    broker->reset();
  }
  folder.reset();
  end_like_child(command.status());
}

}  // namespace

int run_command(const Options& options, const std::vector<std::string>& words) {
  set_log_level(options.verbose ? LogLevel::info : LogLevel::warning);
  Command command;
  signal(SIGPIPE, SIG_IGN);
  Options own = options;
  own.port = 0;
  std::unique_ptr<OwnFolder> folder;
  if (own.data_dir.empty()) {
    Result<std::unique_ptr<OwnFolder>> made = OwnFolder::make();
    if (!made) return own_failure(made.error());
    folder = std::move(*made);
    own.data_dir = folder->data_dir();
  }
  int status = run_in(own, words, std::move(folder), command);
  if (int number = Command::early_signal(); number != 0) end_by(number);
  return status;
}

}  // namespace eventd
