// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/options.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "lib/base/logger.h"
#include "lib/base/text.h"
#include "lib/base/units.h"

namespace eventd {

namespace {

constexpr size_t kConfigMax = 1 << 20;

// To its end, whatever it is: the shell's <(..) has no size.
Result<std::string> read_config_file(const std::string& path) {
  int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return fail_with_errno(errno, text("open ", printable(path)));
  std::string contents;
  char some[4096];
  ssize_t got = 0;
  while ((got = read(descriptor, some, sizeof some)) != 0 && contents.size() <= kConfigMax) {
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) break;
    contents.append(some, static_cast<size_t>(got));
  }
  int error = errno;
  close(descriptor);
  if (got < 0) return fail_with_errno(error, text("read ", printable(path)));
  if (contents.size() > kConfigMax) {
    return fail(Code::too_large, text(printable(path), " is no config: it has more than 1 MiB"));
  }
  return contents;
}

}  // namespace

int complain(int status, std::string_view line) {
  std::string out = text("eventd: ", line, "\n");
  (void)!write(STDERR_FILENO, out.data(), out.size());  // there is nowhere else to say it
  return status;
}

int complain(const Error& error) {
  switch (error.code) {
    case Code::bad_config:
    case Code::bad_usage:
      return complain(kExitUsage, error.message);
    case Code::in_use:
      return complain(kExitTaken, error.message);
    case Code::disk_full:
      return complain(kExitDisk, text(error.message, "; it starts once there is space"));
    default:
      break;
  }
  bool refused = error.system_error == EACCES || error.system_error == EPERM ||
                 error.system_error == EROFS || error.system_error == ENOTDIR;
  return complain(kExitDisk, refused ? text(error.message, "; --data-dir names another folder")
                                     : error.message);
}

Result<BrokerConfig> load_config(const Options& options) {
  ConfigSources sources;
  sources.listen_anywhere = options.listen_anywhere;
  if (!options.config_file.empty()) {
    Result<std::string> file = read_config_file(options.config_file);
    if (!file) return fail(Code::bad_config, file.error().message);
    Result<std::vector<Setting>> settings = parse_properties(*file);
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
    std::string key = setting.substr(0, equals);
    std::string_view given = trim(std::string_view(setting).substr(equals + 1));
    Result<std::string> value = in_kafka_units(key, given);
    if (!value) return fail(Code::bad_config, text("-X ", printable(value.error().message)));
    sources.overrides.emplace_back(std::move(key), std::move(*value));
  }
  std::vector<std::string> warnings;
  Result<BrokerConfig> config = make_broker_config(sources, warnings);
  for (const std::string& warning : warnings) log_warning(warning);
  return config;
}

}  // namespace eventd
