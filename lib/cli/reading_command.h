// SPDX-License-Identifier: Apache-2.0
// The options of runs that read topics, and what they mean.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/cli/command_line.h"
#include "lib/cli/position.h"

namespace eventd {

struct ReadingOptions {
  std::vector<std::string> topics;
  std::vector<int32_t> partitions;  // empty: all
  std::optional<Positions> from;
  std::vector<std::pair<std::string, Positions>> until;  // as given, and what it means
  std::optional<uint64_t> count;
  std::optional<int64_t> idle_ms;
  std::string idle_given;
  std::optional<std::string> key;  // only records with this one
  std::optional<int64_t> timeout_ms;
  std::optional<uint64_t> require;
  bool follow = false;
  bool stats = false;
  bool quiet = false;
};

// Adds -p -k --from --until -f --timeout --require --stats; `finish` makes sense of them.
class ReadingCommand {
 public:
  explicit ReadingCommand(CommandLine& line);
  // Nothing if all is well, else what is wrong with the command line. The topics are there already.
  std::optional<std::string> finish(ReadingOptions& options, WallTime now) const;

 private:
  std::optional<std::string> add_until(ReadingOptions& options, const std::string& given,
                                       WallTime now) const;

  const CommandLine& line_;
  std::optional<std::string> partitions_;
  std::optional<std::string> from_;
  std::vector<std::string> until_;
  std::optional<std::string> key_;
  std::optional<std::string> timeout_;
  std::optional<uint64_t> require_;
  bool follow_ = false;
  bool stats_ = false;
};

// What -X takes where topics are read.
extern const Property kReadingProperties[1];

}  // namespace eventd
