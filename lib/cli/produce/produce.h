// SPDX-License-Identifier: Apache-2.0
// event-produce: lines, frames, whole files, or events as JSON, from stdin and files into topics.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
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
  std::vector<std::string> headers;  // NAME or NAME=VALUE
  bool keep_partition = false;
  std::optional<std::string> partitioner;
  std::optional<std::string> partitioner_command;
  std::optional<std::string> dead_letter;
  std::optional<uint32_t> rate;  // records a second
  bool report = false;
  bool tee = false;
  bool whole = false;
  bool sync = false;
  bool stats = false;

  // Nothing if all fits together, else what does not.
  std::optional<std::string> check() const;
  Result<ProducerConfig> producer_config() const;
};

// A header as -H has it: without "=" its value is null.
std::pair<std::string, std::optional<std::string>> parse_header(const std::string& given);

int event_produce(int argc, char** argv);

}  // namespace eventd
