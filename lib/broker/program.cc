// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/program.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "lib/base/logger.h"
#include "lib/base/text.h"
#include "lib/broker/broker.h"
#include "lib/broker/child.h"
#include "lib/log/no_sync_disk.h"

namespace eventd {

namespace {

constexpr int kExitUsage = 2;
constexpr int kExitTaken = 3;
constexpr int kExitDisk = 4;
constexpr size_t kConfigMax = 1 << 20;

struct Options {
  std::string config_file;
  std::string data_dir;
  std::string port_file;
  std::optional<uint16_t> port;
  bool listen_anywhere = false;
  bool verbose = false;
  bool quiet = false;
  std::vector<std::string> settings;
};

int complain(int status, std::string_view line) {
  std::string out = text("eventd: ", line, "\n");
  (void)!write(STDERR_FILENO, out.data(), out.size());  // there is nowhere else to say it
  return status;
}

void add_common(CLI::App& app, Options& options) {
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.add_option("--data-dir", options.data_dir, "Keep everything in this folder");
  app.add_option("-X,--set", options.settings, "Set a broker config by Kafka's name")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  app.add_flag("-v,--verbose", options.verbose, "Log more");
  app.add_flag("-q,--quiet", options.quiet, "Log only warnings and errors");
}

void add_options(CLI::App& app, Options& options) {
  add_common(app, options);
  app.add_option("CONFIG", options.config_file, "A server.properties of Kafka");
  app.add_option("--port", options.port, "Listen on this port of 127.0.0.1; 0: a free one");
  app.add_option("--port-file", options.port_file, "Write the port to this file once it is open");
  app.add_flag("--listen-anywhere", options.listen_anywhere,
               "Allow addresses that other machines reach");
  app.set_version_flag("-V,--version", "eventd " EVENTD_VERSION, "Print the version and exit");
  app.footer(
      "eventd run [--data-dir D] [-X K=V].. [--] CMD..   a broker for one command\n\n"
      "Examples:\n"
      "  eventd                                a broker on 127.0.0.1:9092\n"
      "  eventd --data-dir ./data --port 0     on a free port, printed on stdout\n"
      "  eventd server.properties              as Kafka would start\n"
      "  eventd run -- ./my-test.sh            a broker that lives as long as a command");
}

Result<BrokerConfig> load_config(Disk& disk, const Options& options) {
  ConfigSources sources;
  sources.listen_anywhere = options.listen_anywhere;
  if (!options.config_file.empty()) {
    Result<Buffer> file = read_file(disk, options.config_file, kConfigMax);
    if (!file) return fail(Code::bad_config, file.error().message);
    Result<std::vector<Setting>> settings = parse_properties(text_of(*file));
    if (!settings) return pass(settings, options.config_file);
    sources.file = std::move(*settings);
  }
  if (!options.data_dir.empty()) sources.overrides.emplace_back("log.dirs", options.data_dir);
  if (options.port) {
    sources.overrides.emplace_back("listeners", text("PLAINTEXT://127.0.0.1:", *options.port));
  }
  for (const std::string& setting : options.settings) {
    size_t equals = setting.find('=');
    if (equals == std::string::npos || equals == 0) {
      return fail(Code::bad_config, text("-X ", printable(setting), ": not KEY=VALUE"));
    }
    sources.overrides.emplace_back(setting.substr(0, equals), setting.substr(equals + 1));
  }
  std::vector<std::string> warnings;
  Result<BrokerConfig> config = make_broker_config(sources, warnings);
  for (const std::string& warning : warnings) log_warning(warning);
  return config;
}

int status_of(const Error& error) {
  switch (error.code) {
    case Code::bad_config:
    case Code::bad_usage:
      return kExitUsage;
    case Code::in_use:
      return kExitTaken;
    default:
      return kExitDisk;
  }
}

// Stops the broker on the first signal; Broker::stop() ends the process on the second.
class Signals {
 public:
  Signals(Broker& broker, std::initializer_list<int> numbers) {
    for (int number : numbers) {
      auto* handle = new uv_signal_t;
      uv_signal_init(broker.main_loop().handle(), handle);
      handle->data = &broker;
      uv_signal_start(
          handle, [](uv_signal_t* signal, int) { static_cast<Broker*>(signal->data)->stop(); },
          number);
      handles_.push_back(handle);
    }
  }
  ~Signals() {
    for (uv_signal_t* handle : handles_) {
      uv_close(reinterpret_cast<uv_handle_t*>(handle),
               [](uv_handle_t* closed) { delete reinterpret_cast<uv_signal_t*>(closed); });
    }
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  std::vector<uv_signal_t*> handles_;
};

void announce(const Broker& broker) {
  for (const ListenerConfig& listener : broker.bound()) {
    std::string line = text("listening on ", to_string(listener.address), "\n");
    (void)!write(STDOUT_FILENO, line.data(), line.size());  // a closed stdout is no reason to stop
  }
}

Result<void> write_port_file(Disk& disk, const std::string& path, const Broker& broker) {
  std::string port = text(broker.bound().front().address.port, "\n");
  return replace_file(disk, path, bytes_of(port));
}

void apply_verbosity(const Options& options) {
  if (options.quiet) set_log_level(LogLevel::warning);
  if (options.verbose) set_log_level(LogLevel::debug);
}

int serve(const Options& options) {
  apply_verbosity(options);
  PosixDisk disk;
  Result<BrokerConfig> config = load_config(disk, options);
  if (!config) return complain(kExitUsage, config.error().message);
  Result<std::unique_ptr<Broker>> broker = Broker::start(*config, disk);
  if (!broker) return complain(status_of(broker.error()), broker.error().message);
  int status = 0;
  {
    Signals signals(**broker, {SIGTERM, SIGINT, SIGHUP});
    if (!options.port_file.empty()) {
      Result<void> written = write_port_file(disk, options.port_file, **broker);
      if (!written) return complain(kExitDisk, written.error().message);
    }
    announce(**broker);
    status = (*broker)->run();
  }
  return status;
}

// -- eventd run

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

// Options of `run` end at the first word that is none, or at "--"; the rest is the command.
int run_main(int argc, char** argv) {
  Options options;
  CLI::App app("A broker on a free port and in a folder of its own, for one command", "eventd run");
  add_common(app, options);
  app.prefix_command();
  app.footer("CMD finds the broker by KAFKA_BOOTSTRAP_SERVERS and EVENT_BROKERS.");
  try {
    app.parse(argc - 1, argv + 1);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return complain(kExitOwnFailure, text("run: ", error.what()));
  }
  std::vector<std::string> command = app.remaining();
  if (!command.empty() && command.front() == "--") command.erase(command.begin());
  if (command.empty()) return complain(kExitOwnFailure, "run: a command is missing");
  return run_command(options, command);
}

}  // namespace

int eventd_main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  if (argc > 1 && std::string_view(argv[1]) == "run") return run_main(argc, argv);
  Options options;
  CLI::App app("The event broker: speaks Kafka's protocol, keeps Kafka's files", "eventd");
  add_options(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    return complain(kExitUsage, error.what());
  }
  return serve(options);
}

}  // namespace eventd
