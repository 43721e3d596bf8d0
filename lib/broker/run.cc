// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/run.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>

#include "lib/base/logger.h"
#include "lib/base/text.h"
#include "lib/broker/broker.h"
#include "lib/broker/child.h"
#include "lib/log/no_sync_disk.h"

namespace eventd {

namespace {

// A folder that is removed with its contents.
class OwnFolder {
 public:
  static Result<std::unique_ptr<OwnFolder>> make() {
    const char* tmpdir = std::getenv("TMPDIR");
    std::string path =
        text(std::string_view(tmpdir != nullptr ? tmpdir : "/tmp"), "/eventd-run-XXXXXX");
    if (mkdtemp(path.data()) == nullptr) return fail_with_errno(errno, text("make ", path));
    return std::unique_ptr<OwnFolder>(new OwnFolder(path));
  }
  ~OwnFolder() {
    std::error_code ignored;  // whatever is left is in TMPDIR
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  explicit OwnFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

struct Run {
  Broker& broker;
  pid_t child = 0;
  int wait_status = 0;
  bool ended = false;
};

void on_child(uv_signal_t* signal, int) {
  auto* run = static_cast<Run*>(signal->data);
  if (run->ended || waitpid(run->child, &run->wait_status, WNOHANG) != run->child) return;
  run->ended = true;
  run->broker.stop();
}

void pass_on(uv_signal_t* signal, int number) {
  auto* run = static_cast<Run*>(signal->data);
  if (!run->ended) kill(run->child, number);
}

}  // namespace

int run_command(const Options& options, const std::vector<std::string>& command) {
  set_log_level(options.verbose ? LogLevel::info : LogLevel::warning);
  std::unique_ptr<OwnFolder> folder;
  Options own = options;
  own.port = 0;
  if (own.data_dir.empty()) {
    Result<std::unique_ptr<OwnFolder>> made = OwnFolder::make();
    if (!made) return complain(kExitOwnFailure, made.error().message);
    folder = std::move(*made);
    own.data_dir = folder->path();
  }
  PosixDisk real;
  NoSyncDisk disk(real);
  Result<BrokerConfig> config = load_config(disk, own);
  if (!config) return complain(kExitOwnFailure, config.error().message);
  Result<std::unique_ptr<Broker>> broker = Broker::start(*config, disk);
  if (!broker) return complain(kExitOwnFailure, broker.error().message);
  std::string address = to_string((*broker)->bound().front().address);
  ChildEnvironment environment{{{"KAFKA_BOOTSTRAP_SERVERS", address}, {"EVENT_BROKERS", address}},
                               {"EVENT_PROFILE"}};
  Run run{**broker};
  int status = 0;
  {
    // Before the child, so that its end is not missed.
    std::vector<uv_signal_t*> handles;
    auto watch = [&](int number, uv_signal_cb callback) {
      auto* handle = new uv_signal_t;
      uv_signal_init((*broker)->main_loop().handle(), handle);
      handle->data = &run;
      uv_signal_start(handle, callback, number);
      handles.push_back(handle);
    };
    watch(SIGCHLD, on_child);
    watch(SIGTERM, pass_on);
    watch(SIGHUP, pass_on);
    // These are the command's: the terminal sends them to it too.
    watch(SIGINT, [](uv_signal_t*, int) {});
    watch(SIGQUIT, [](uv_signal_t*, int) {});
    Result<pid_t> child = start_child(command, environment);
    if (child) {
      run.child = *child;
      status = (*broker)->run();
    } else {
      complain(0, child.error().message);
      status = child.error().code == Code::not_found     ? kExitNotFound
               : child.error().code == Code::unsupported ? kExitNotExecutable
                                                         : kExitOwnFailure;
    }
    for (uv_signal_t* handle : handles) {
      uv_close(reinterpret_cast<uv_handle_t*>(handle),
               [](uv_handle_t* closed) { delete reinterpret_cast<uv_signal_t*>(closed); });
    }
  }
  broker->reset();
  if (run.child > 0 && !run.ended) {
    // The broker ended before its command did.
    kill(run.child, SIGTERM);
    waitpid(run.child, &run.wait_status, 0);
    folder.reset();
    return kExitOwnFailure;
  }
  folder.reset();
  if (run.child == 0) return status;
  end_like_child(run.wait_status);
}

}  // namespace eventd
