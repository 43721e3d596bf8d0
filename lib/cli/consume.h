// SPDX-License-Identifier: Apache-2.0
// event-consume and event-replay: topics to stdout or into a file.
#pragma once

#include <optional>
#include <string>

#include "lib/cli/command_line.h"
#include "lib/cli/reading_command.h"

namespace eventd {

// The command line of event-consume.
struct ConsumeCommand {
  ConsumeCommand();

  CommandLine line;
  ReadingOptions options;
  std::optional<ReadingCommand> reading;
};

// The command line of event-replay.
struct ReplayCommand {
  ReplayCommand();

  CommandLine line;
  ReadingOptions options;
  std::optional<ReadingCommand> reading;
  std::optional<std::string> to;
};

int event_consume(int argc, char** argv);
int event_replay(int argc, char** argv);

}  // namespace eventd
