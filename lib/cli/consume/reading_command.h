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
#include "lib/cli/text/pattern.h"
#include "lib/cli/text/record_filter.h"

namespace eventd {

struct ReadingOptions {
  std::vector<std::string> topics;
  std::vector<Pattern> patterns;    // --regex: what the topics mean
  std::vector<int32_t> partitions;  // empty: all
  std::optional<Positions> from;
  // Ends as given, and what they mean.
  std::vector<std::pair<std::string, Positions>> until;
  std::vector<std::pair<std::string, Pattern>> matches;
  std::optional<uint64_t> count;
  std::optional<int64_t> idle_ms;
  std::string idle_given;
  RecordFilter filter;
  std::optional<uint64_t> last;  // only the newest
  bool merge = false;
  std::optional<int64_t> timeout_ms;
  std::optional<uint64_t> require;
  bool follow = false;
  bool stats = false;
  bool quiet = false;
};

// Adds -p -k -H --grep --where --regex --from --until -f --merge --timeout --require --stats;
// `finish` makes sense of them.
class ReadingCommand {
 public:
  explicit ReadingCommand(CommandLine& line);
  // Adds -n.
  void add_last();
  // Nothing if all is well, else what is wrong with the command line. The topics are there already.
  std::optional<std::string> finish(ReadingOptions& options, WallTime now) const;

 private:
  Result<void> parse(ReadingOptions& options, WallTime now) const;
  Result<void> parse_filter(RecordFilter& filter, WallTime now) const;
  Result<void> add_until(ReadingOptions& options, const std::string& given, WallTime now) const;
  Result<Positions> positions_of(const std::string& given, const ReadingOptions& options,
                                 WallTime now) const;

  CommandLine& line_;
  std::optional<std::string> partitions_;
  std::optional<std::string> from_;
  std::vector<std::string> until_;
  std::optional<std::string> key_;
  std::vector<std::string> headers_;
  std::vector<std::string> grep_;
  std::vector<std::string> where_;
  std::optional<std::string> timeout_;
  std::optional<std::string> require_;
  std::optional<std::string> last_;
  bool regex_ = false;
  bool merge_ = false;
  bool follow_ = false;
  bool stats_ = false;
};

// What -X takes where topics are read.
extern const Property kReadingProperties[4];

}  // namespace eventd
