// SPDX-License-Identifier: Apache-2.0
// event-consume: topics to stdout.
#pragma once

#include <optional>
#include <string>

#include "lib/cli/command_line.h"
#include "lib/cli/consume/reading_command.h"

namespace eventd {

// The command line of event-consume.
struct ConsumeCommand {
  ConsumeCommand();

  CommandLine line;
  ReadingOptions options;
  std::optional<ReadingCommand> reading;
};

int event_consume(int argc, char** argv);

}  // namespace eventd
