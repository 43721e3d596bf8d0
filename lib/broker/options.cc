// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/options.h"

#include <unistd.h>

#include "lib/base/logger.h"
#include "lib/base/text.h"

namespace eventd {

namespace {
constexpr size_t kConfigMax = 1 << 20;
}  // namespace

int complain(int status, std::string_view line) {
  std::string out = text("eventd: ", line, "\n");
  (void)!write(STDERR_FILENO, out.data(), out.size());  // there is nowhere else to say it
  return status;
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

}  // namespace eventd
