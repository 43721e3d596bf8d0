// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/serve.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "lib/base/logger.h"
#include "lib/base/text.h"
#include "lib/broker/broker.h"
#include "lib/broker/stop_signals.h"
#include "lib/broker/systemd.h"
#include "lib/log/no_sync_disk.h"

namespace eventd {

namespace {

// A file that is left from an earlier start would tell a port before there is one.
bool is_plain_file(const std::string& path) {
  struct stat status{};
  return lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

bool is_there(const std::string& path) {
  struct stat status{};
  return lstat(path.c_str(), &status) == 0;
}

// Whoever sees the file sees the whole port. What is no plain file (a pipe, /dev/stdout) is written
// to. Not synced: after a power cut there is no such broker.
Result<void> write_port_file(Disk& disk, const std::string& path, uint16_t port) {
  std::string line = text(port, "\n");
  if (!is_there(path) || is_plain_file(path)) {
    NoSyncDisk fast(disk);
    return replace_file(fast, path, bytes_of(line));
  }
  int descriptor = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return fail_with_errno(errno, text("open ", path));
  ssize_t written = write(descriptor, line.data(), line.size());
  int error = written < 0 ? errno : EIO;
  close(descriptor);
  if (written == static_cast<ssize_t>(line.size())) return {};
  return fail_with_errno(error, text("write ", path));
}

// One line on stdout; further listeners are for the log.
void announce(const Broker& broker) {
  bool first = true;
  for (const ListenerConfig& listener : broker.bound()) {
    std::string line = text("listening on ", to_string(listener.address));
    if (first) {
      line += '\n';
      (void)!write(STDOUT_FILENO, line.data(), line.size());  // a closed stdout: no reason to stop
    } else {
      log_info("also ", line);
    }
    first = false;
  }
}

// That of the first listener which has one; 0 where all are unix sockets.
uint16_t port_of(const Broker& broker) {
  for (const ListenerConfig& listener : broker.bound()) {
    if (!listener.address.is_unix) return listener.address.port;
  }
  return 0;
}

int run_broker(const Options& options, Disk& disk, Broker& broker, StopSignals& signals) {
  signals.tell(broker.main_loop(), [&broker] {
    notify_supervisor("STOPPING=1");
    broker.stop();
  });
  Result<void> written;
  if (!options.port_file.empty()) {
    written = write_port_file(disk, options.port_file, port_of(broker));
  }
  if (written) {
    announce(broker);
    notify_supervisor("READY=1");
  } else {
    complain(kExitDisk, text("--port-file: ", written.error().message));
    broker.stop();  // in order: the next start need not check anything
  }
  int status = broker.run();
  // What hangs on a failed disk is not waited for.
  if (status == kExitDisk) _exit(status);
  signals.forget();
  return written ? status : kExitDisk;
}

}  // namespace

int serve(const Options& options) {
  if (options.quiet) set_log_level(LogLevel::warning);
  if (options.verbose) set_log_level(LogLevel::debug);
  PosixDisk disk;
  Result<BrokerConfig> config = load_config(options);
  if (!config) return complain(kExitUsage, config.error().message);
  Result<std::vector<int>> sockets = take_inherited_sockets(options.listen_anywhere);
  if (!sockets) return complain(kExitUsage, sockets.error().message);
  config->sockets = std::move(*sockets);
  if (is_plain_file(options.port_file)) unlink(options.port_file.c_str());
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);  // a limit on the size of files: as a disk that is full
  StopSignals signals;
  Result<std::unique_ptr<Broker>> broker = Broker::start(*config, disk);
  if (!broker) return complain(broker.error());
  return run_broker(options, disk, **broker, signals);
}

}  // namespace eventd
