// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/serve.h"

#include <signal.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "lib/base/logger.h"
#include "lib/base/text.h"
#include "lib/broker/broker.h"

namespace eventd {

namespace {

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

}  // namespace

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

}  // namespace eventd
