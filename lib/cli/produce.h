// SPDX-License-Identifier: Apache-2.0
// event-produce: lines, or events as JSON, from stdin and files into topics.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/cli/command_line.h"

namespace eventd {

// The command line of event-produce.
struct ProduceCommand {
  ProduceCommand();

  CommandLine line;
  std::string topic;
  std::vector<std::string> files;
  std::optional<int32_t> partition;
  std::optional<std::string> key;
  bool keep_partition = false;

  // Nothing if all fits together, else what does not.
  std::optional<std::string> check() const;
};

int event_produce(int argc, char** argv);

}  // namespace eventd
