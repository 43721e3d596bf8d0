// SPDX-License-Identifier: Apache-2.0
// event-replay: history, from topics or straight from files, to stdout, into files, or as sums.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/cli/command_line.h"
#include "lib/cli/consume/reading_command.h"

namespace eventd {

// The command line of event-replay.
struct ReplayCommand {
  ReplayCommand();

  CommandLine line;
  ReadingOptions options;
  std::optional<ReadingCommand> reading;
  std::vector<std::string> sources;
  std::vector<std::string> topics;  // -t
  std::optional<std::string> to;
  std::optional<std::string> roll;
  std::optional<std::string> import;
  std::optional<std::string> pace;
  std::optional<std::string> gap_max;
  bool sum = false;
  bool verify = false;

  // What tells this command from others, for those who continue it: not where the brokers are, nor
  // what is said on stderr.
  std::vector<std::string> identity() const;
};

int event_replay(int argc, char** argv);

}  // namespace eventd
