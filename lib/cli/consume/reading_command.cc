// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/consume/reading_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "lib/base/text.h"

namespace eventd {

namespace {

constexpr std::string_view kCount = "count=";
constexpr std::string_view kIdle = "idle=";
constexpr std::string_view kMatch = "match=";

std::unexpected<Error> wrong(std::string why) { return fail(Code::bad_usage, std::move(why)); }

// A count that may be absent. Not CLI11's: to that -1 is a large number.
Result<std::optional<uint64_t>> count_of(std::string_view option,
                                         const std::optional<std::string>& given) {
  if (!given) return std::optional<uint64_t>();
  auto count = parse_number<uint64_t>(*given);
  if (!count) return wrong(text(option, " ", printable(*given), ": not a number from 0 on"));
  return count;
}

}  // namespace

const Property kReadingProperties[4] = {
    {"fetch.max.bytes", "how much a broker answers at once (50 MiB)"},
    {"fetch.max.wait.ms", "how long a broker waits for the first record (500ms)"},
    {"isolation.level", "read_committed or read_uncommitted (read_committed)"},
    {"max.partition.fetch.bytes", "how much of it may be of one partition (4 MiB)"},
};

ReadingCommand::ReadingCommand(CommandLine& line) : line_(line) {
  CLI::App& app = line.app();
  app.add_option("-p,--partition", partitions_, "Only these partitions, as 0,2-4")
      ->type_name("LIST");
  app.add_option("-k,--key", key_, "Only records with this key")->type_name("KEY");
  app.add_option("-H,--header", headers_, "Only records with this header")
      ->type_name("NAME[=VALUE]")
      ->allow_extra_args(false);
  app.add_option("--grep", grep_, "Only records whose value matches")
      ->type_name("REGEX")
      ->allow_extra_args(false);
  app.add_option("--where", where_, "Only records for which EXPR holds, as 'json.n > 9'")
      ->type_name("EXPR")
      ->allow_extra_args(false);
  app.add_flag("--regex", regex_, "A name is a pattern for whole names");
  app.add_option("--from", from_, "Where to begin: start, end-N, an offset, @TIME")
      ->type_name("POSITION");
  app.add_option("--until", until_, "Where to end: position, count=N, idle=D, match=REGEX")
      ->type_name("END")
      ->allow_extra_args(false);
  app.add_flag("-f,--follow", follow_, "Go on as more arrives");
  app.add_flag("--merge", merge_, "In order of timestamps over all partitions");
  app.add_option("--timeout", timeout_, "Exit 5 if not ended by itself within D")->type_name("D");
  app.add_option("--require", require_, "Exit 5 if fewer records are printed")->type_name("N");
  app.add_flag("--stats", stats_, "At the end one JSON of counts on stderr");
}

void ReadingCommand::add_last() {
  line_.app().add_option("-n,--last", last_, "Only the N newest records")->type_name("N");
}

std::optional<std::string> ReadingCommand::finish(ReadingOptions& options, WallTime now) const {
  options.follow = follow_;
  options.stats = stats_;
  options.merge = merge_;
  options.quiet = line_.common.quiet || line_.common.verbose;
  Result<void> parsed = parse(options, now);
  if (!parsed) return parsed.error().message;
  return std::nullopt;
}

Result<void> ReadingCommand::parse(ReadingOptions& options, WallTime now) const {
  for (const std::string& topic : options.topics) {
    if (!regex_) break;
    Result<Pattern> pattern = Pattern::compile(topic);
    if (!pattern) return pass(pattern, "--regex");
    options.patterns.push_back(std::move(*pattern));
  }
  if (partitions_) {
    Result<std::vector<int32_t>> partitions = parse_partitions(*partitions_);
    if (!partitions) return pass(partitions, "-p");
    options.partitions = std::move(*partitions);
  }
  if (from_) {
    Result<Positions> from = positions_of(*from_, options, now);
    if (!from) return pass(from, "--from");
    if (last_) return wrong("-n and --from contradict each other");
    if (partitions_ && !from->all) return wrong("-p and --from P:POSITION contradict each other");
    options.from = std::move(*from);
  }
  for (const std::string& until : until_) {
    Result<void> added = add_until(options, until, now);
    if (!added) return pass(added, "--until");
  }
  if (timeout_) {
    Result<int64_t> timeout = parse_duration_ms(*timeout_);
    if (!timeout) return pass(timeout, "--timeout");
    options.timeout_ms = *timeout;
  }
  Result<std::optional<uint64_t>> last = count_of("-n", last_);
  if (!last) return pass(last);
  options.last = *last;
  Result<std::optional<uint64_t>> require = count_of("--require", require_);
  if (!require) return pass(require);
  options.require = *require;
  return parse_filter(options.filter, now);
}

Result<void> ReadingCommand::parse_filter(RecordFilter& filter, WallTime now) const {
  filter.key = key_;
  for (const std::string& header : headers_) {
    size_t equals = header.find('=');
    std::optional<std::string> value;
    if (equals != std::string::npos) value = header.substr(equals + 1);
    filter.headers.emplace_back(header.substr(0, equals), std::move(value));
  }
  for (const std::string& regex : grep_) {
    Result<Pattern> pattern = Pattern::compile(regex);
    if (!pattern) return pass(pattern, "--grep");
    filter.values.push_back(std::move(*pattern));
  }
  for (const std::string& where : where_) {
    Result<FilterExpression> expression = FilterExpression::compile(where, now);
    if (!expression) return pass(expression);
    filter.expressions.push_back(std::move(*expression));
  }
  return {};
}

Result<Positions> ReadingCommand::positions_of(const std::string& given,
                                               const ReadingOptions& options, WallTime now) const {
  Result<Positions> parsed = parse_positions(given, now);
  if (parsed && !parsed->by_partition.empty() && (regex_ || options.topics.size() != 1)) {
    return wrong("PARTITION:POSITION is for a single topic");
  }
  return parsed;
}

Result<void> ReadingCommand::add_until(ReadingOptions& options, const std::string& given,
                                       WallTime now) const {
  std::string_view view = given;
  if (view.starts_with(kCount)) {
    auto count = parse_number<uint64_t>(view.substr(kCount.size()));
    if (!count) return wrong(text(printable(given), ": not a number"));
    options.count = std::min(options.count.value_or(UINT64_MAX), *count);
    return {};
  }
  if (view.starts_with(kIdle)) {
    Result<int64_t> idle = parse_duration_ms(view.substr(kIdle.size()));
    if (!idle) return pass(idle);
    if (options.idle_ms && *options.idle_ms <= *idle) return {};
    options.idle_ms = *idle;
    options.idle_given = given;
    return {};
  }
  if (view.starts_with(kMatch)) {
    Result<Pattern> pattern = Pattern::compile(given.substr(kMatch.size()));
    if (!pattern) return pass(pattern);
    options.matches.emplace_back(given, std::move(*pattern));
    return {};
  }
  Result<Positions> end = positions_of(given, options, now);
  if (!end) return pass(end);
  options.until.emplace_back(given, std::move(*end));
  return {};
}

}  // namespace eventd
