// SPDX-License-Identifier: Apache-2.0
// What the command lines of eventd and of `eventd run` can say, and the config that comes of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/broker/config/broker_config.h"

namespace eventd {

inline constexpr int kExitUsage = 2;
inline constexpr int kExitTaken = 3;
inline constexpr int kExitDisk = 4;

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

// Says it in one line on stderr; returns `status`.
int complain(int status, std::string_view line);
// Why a broker does not start, and what to try; returns the exit status for it.
int complain(const Error& error);

// The config file, under the options, under -X. bad_config with what is wrong.
Result<BrokerConfig> load_config(const Options& options);

}  // namespace eventd
