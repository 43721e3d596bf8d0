// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/reading_command.h"

#include <algorithm>

#include "lib/base/text.h"

namespace eventd {

namespace {

constexpr std::string_view kCount = "count=";
constexpr std::string_view kIdle = "idle=";

Result<Positions> positions_of(const std::string& given, size_t topics, WallTime now) {
  Result<Positions> parsed = parse_positions(given, now);
  if (parsed && !parsed->by_partition.empty() && topics != 1) {
    return fail(Code::bad_usage, "PARTITION:POSITION is for a single topic");
  }
  return parsed;
}

}  // namespace

const Property kReadingProperties[1] = {
    {"isolation.level", "read_committed or read_uncommitted (read_committed)"},
};

ReadingCommand::ReadingCommand(CommandLine& line) : line_(line) {
  CLI::App& app = line.app();
  app.add_option("-p,--partition", partitions_, "Only these partitions, as 0,2-4")
      ->type_name("LIST");
  app.add_option("-k,--key", key_, "Only records with this key")->type_name("KEY");
  app.add_option("--from", from_, "Where to begin: start, end-N, an offset, @TIME")
      ->type_name("POSITION");
  app.add_option("--until", until_, "Where to end: a position, count=N, idle=DURATION")
      ->type_name("END")
      ->allow_extra_args(false);
  app.add_flag("-f,--follow", follow_, "Go on as more arrives");
  app.add_option("--timeout", timeout_, "Exit 5 if not ended by itself within D")->type_name("D");
  app.add_option("--require", require_, "Exit 5 if fewer records are printed")->type_name("N");
  app.add_flag("--stats", stats_, "At the end one JSON of counts on stderr");
}

std::optional<std::string> ReadingCommand::finish(ReadingOptions& options, WallTime now) const {
  options.follow = follow_;
  options.stats = stats_;
  options.require = require_;
  options.key = key_;
  options.quiet = line_.common.quiet;
  if (partitions_) {
    Result<std::vector<int32_t>> parsed = parse_partitions(*partitions_);
    if (!parsed) return parsed.error().message;
    options.partitions = std::move(*parsed);
  }
  if (from_) {
    Result<Positions> from = positions_of(*from_, options.topics.size(), now);
    if (!from) return from.error().message;
    options.from = std::move(*from);
  }
  for (const std::string& until : until_) {
    if (auto wrong = add_until(options, until, now)) return wrong;
  }
  if (timeout_) {
    Result<int64_t> timeout = parse_duration_ms(*timeout_);
    if (!timeout) return timeout.error().message;
    options.timeout_ms = *timeout;
  }
  return std::nullopt;
}

std::optional<std::string> ReadingCommand::add_until(ReadingOptions& options,
                                                     const std::string& given, WallTime now) const {
  if (given.starts_with(kCount)) {
    auto count = parse_number<uint64_t>(std::string_view(given).substr(kCount.size()));
    if (!count) return text("--until ", printable(given), ": not a number");
    options.count = std::min(options.count.value_or(UINT64_MAX), *count);
    return std::nullopt;
  }
  if (given.starts_with(kIdle)) {
    Result<int64_t> idle = parse_duration_ms(std::string_view(given).substr(kIdle.size()));
    if (!idle) return idle.error().message;
    if (options.idle_ms && *options.idle_ms <= *idle) return std::nullopt;
    options.idle_ms = *idle;
    options.idle_given = given;
    return std::nullopt;
  }
  Result<Positions> end = positions_of(given, options.topics.size(), now);
  if (!end) return end.error().message;
  options.until.emplace_back(given, std::move(*end));
  return std::nullopt;
}

}  // namespace eventd
