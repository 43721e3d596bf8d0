// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/reading.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "lib/base/text.h"
#include "lib/cli/event_json.h"

namespace eventd {

namespace {

constexpr int64_t kEnd = -1;
constexpr int64_t kStart = -2;
constexpr auto kGiveUpAfter = std::chrono::seconds(30);
constexpr std::string_view kCount = "count=";
constexpr std::string_view kIdle = "idle=";

// What ListOffsets is asked for a position; a plain offset needs no question.
std::optional<int64_t> question_of(const Position& position) {
  switch (position.kind) {
    case Position::Kind::start:
      return kStart;
    case Position::Kind::end:
      return kEnd;
    case Position::Kind::time:
      return position.number;
    default:
      return std::nullopt;
  }
}

}  // namespace

ReadingCommand::ReadingCommand(CommandLine& line) {
  CLI::App& app = line.app();
  app.add_option("-p,--partition", partitions_, "Only these partitions")->type_name("LIST");
  app.add_option("-k,--key", key_, "Only records with this key");
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
  if (!key_.empty()) options.key = key_;
  auto positions = [&](const std::string& given, auto use) -> std::optional<std::string> {
    Result<Positions> parsed = parse_positions(given, now);
    if (!parsed) return parsed.error().message;
    if (!parsed->by_partition.empty() && options.topics.size() != 1) {
      return "PARTITION:POSITION is for a single topic";
    }
    use(std::move(*parsed));
    return std::nullopt;
  };
  if (!partitions_.empty()) {
    Result<std::vector<int32_t>> parsed = parse_partitions(partitions_);
    if (!parsed) return parsed.error().message;
    options.partitions = std::move(*parsed);
  }
  if (!from_.empty()) {
    auto wrong = positions(from_, [&](Positions from) { options.from = std::move(from); });
    if (wrong) return wrong;
  }
  for (const std::string& until : until_) {
    if (until.starts_with(kCount)) {
      auto count = parse_number<uint64_t>(std::string_view(until).substr(kCount.size()));
      if (!count) return text("--until ", until, ": not a number");
      options.count = options.count ? std::min(*options.count, *count) : *count;
      continue;
    }
    if (until.starts_with(kIdle)) {
      Result<int64_t> idle = parse_duration_ms(std::string_view(until).substr(kIdle.size()));
      if (!idle) return idle.error().message;
      options.idle_ms = *idle;
      continue;
    }
    auto wrong = positions(until, [&](Positions end) { options.until.push_back(std::move(end)); });
    if (wrong) return wrong;
  }
  if (!timeout_.empty()) {
    Result<int64_t> timeout = parse_duration_ms(timeout_);
    if (!timeout) return timeout.error().message;
    options.timeout_ms = *timeout;
  }
  return std::nullopt;
}

Reading::Reading(UvLoop& loop, const CommandLine& line, ReadingOptions options, ClientConfig client,
                 Output& output)
    : loop_(loop),
      line_(line),
      options_(std::move(options)),
      client_(loop, std::move(client)),
      output_(output),
      fetcher_(client_, {},
               {.on_record = [this](const FetchedRecord& record) { return on_record(record); },
                .on_drained = [this] { on_drained(); },
                .on_position =
                    [this](const TopicPartition& partition, int64_t position) {
                      reached_[partition] = position;
                      return position < partitions_[partition].until;
                    },
                .on_gap =
                    [this](const TopicPartition& partition, int64_t from, int64_t start) {
                      complain(line_.tool(), text(partition, ": records ", from, " to ", start - 1,
                                                  " were deleted before they were read"));
                      status_ = worse_exit(status_, kExitItem);
                    },
                .on_trouble =
                    [this](const Error& error) {
                      if (interrupt_.signal() != 0 || ended_by_ != std::string_view("end")) {
                        return false;
                      }
                      if (!std::exchange(was_in_trouble_, true)) {
                        last_record_ = loop_.now();
                        complain(line_.tool(), text(error.message, "; trying again"));
                      }
                      return options_.follow || loop_.now() - last_record_ < kGiveUpAfter;
                    }}),
      interrupt_(loop, [this] { end("signal"); }) {}

void Reading::end(const char* by) {
  ended_by_ = by;
  fetcher_.stop();
}

Task<Result<void>> Reading::find_topics() {
  bool told = false;
  while (true) {
    std::vector<std::string> names = options_.topics;
    Result<std::vector<TopicInfo>> topics = co_await client_.topics(std::move(names), false);
    if (!topics) co_return pass(topics);
    Error missing{Code::none, "", 0};
    partitions_.clear();
    for (const TopicInfo& topic : *topics) {
      if (topic.error != Code::none) {
        missing = {topic.error, text("topic ", printable(topic.name), ": ", name_of(topic.error)),
                   0};
        continue;
      }
      for (size_t i = 0; i < topic.partitions.size(); i++) {
        auto number = static_cast<int32_t>(i);
        bool wanted = options_.partitions.empty() ||
                      std::ranges::find(options_.partitions, number) != options_.partitions.end();
        bool placed =
            !options_.from || options_.from->all || options_.from->by_partition.contains(number);
        if (wanted && placed) partitions_[{topic.name, number}] = {};
      }
      for (int32_t number : options_.partitions) {
        if (number < static_cast<int32_t>(topic.partitions.size())) continue;
        co_return fail(Code::unknown_topic_or_partition,
                       text("topic ", topic.name, " has no partition ", number));
      }
    }
    if (missing.code == Code::none) co_return Result<void>{};
    // With -f it is waited for.
    if (!options_.follow || interrupt_.signal() != 0) co_return std::unexpected(missing);
    if (!std::exchange(told, true))
      complain(line_.tool(), text(missing.message, "; waiting for it"));
    Instant next = loop_.now() + client_.config().retry_backoff;
    co_await sleep_until(loop_, next);
  }
}

// Offsets of positions; partitions that a list does not name are left out.
Task<Result<std::map<TopicPartition, int64_t>>> Reading::resolve_all(const Positions& positions) {
  std::vector<std::pair<TopicPartition, int64_t>> questions;
  std::vector<std::pair<TopicPartition, int64_t>> ends;
  std::map<TopicPartition, Position> wanted;
  for (const auto& [name, unused] : partitions_) {
    auto own = positions.by_partition.find(name.partition);
    if (own == positions.by_partition.end() && !positions.all) continue;
    Position position = own == positions.by_partition.end() ? *positions.all : own->second;
    wanted[name] = position;
    if (auto question = question_of(position)) questions.emplace_back(name, *question);
    ends.emplace_back(name, kEnd);
  }
  auto answers = co_await client_.offsets(std::move(questions), true);
  if (!answers) co_return pass(answers);
  auto log_ends = co_await client_.offsets(std::move(ends), true);
  if (!log_ends) co_return pass(log_ends);
  std::map<TopicPartition, int64_t> offsets;
  for (const auto& [name, position] : wanted) {
    int64_t offset = position.number;
    int64_t end = (*log_ends)[name];
    if (position.kind == Position::Kind::start) offset = (*answers)[name] + position.number;
    if (position.kind == Position::Kind::end) offset = (*answers)[name] - position.number;
    if (position.kind == Position::Kind::time) {
      offset = (*answers)[name] < 0 ? end : (*answers)[name];
    }
    offsets[name] = std::max<int64_t>(0, offset);
  }
  co_return std::move(offsets);
}

Task<Result<void>> Reading::resolve() {
  Positions start;
  start.all = Position{};
  Result<std::map<TopicPartition, int64_t>> starts = co_await resolve_all(start);
  if (!starts) co_return pass(starts);
  const Positions& from = options_.from ? *options_.from : start;
  Result<std::map<TopicPartition, int64_t>> begins = co_await resolve_all(from);
  if (!begins) co_return pass(begins);
  for (auto& [name, ends] : partitions_) ends.from = std::max((*begins)[name], (*starts)[name]);
  if (!options_.follow) {
    Positions last;
    last.all = Position{Position::Kind::end, 0};
    Result<std::map<TopicPartition, int64_t>> log_ends = co_await resolve_all(last);
    if (!log_ends) co_return pass(log_ends);
    for (auto& [name, ends] : partitions_) ends.until = (*log_ends)[name];
  }
  for (const Positions& until : options_.until) {
    Result<std::map<TopicPartition, int64_t>> limits = co_await resolve_all(until);
    if (!limits) co_return pass(limits);
    for (const auto& [name, limit] : *limits) {
      partitions_[name].until = std::min(partitions_[name].until, limit);
    }
  }
  for (auto& [name, ends] : partitions_) reached_[name] = ends.from;
  co_return Result<void>{};
}

Task<int> Reading::run() {
  last_record_ = loop_.now();
  Result<void> done = co_await find_topics();
  if (done) done = co_await resolve();
  if (!done) {
    if (interrupt_.signal() == 0) complain(line_.tool(), done.error().message);
    co_return exit_for(done.error());
  }
  for (const auto& [name, ends] : partitions_) {
    if (ends.from < ends.until) fetcher_.add(name, ends.from);
  }
  if (options_.count && *options_.count == 0) end("count");
  arm_timers();
  last_record_ = loop_.now();
  done = co_await fetcher_.run();
  Result<void> flushed = output_.flush();
  if (!flushed) {
    complain(line_.tool(), flushed.error().message);
    status_ = worse_exit(status_, kExitLost);
  }
  if (!done && ended_by_ == std::string_view("end")) {
    complain(line_.tool(), done.error().message);
    status_ = worse_exit(status_, exit_for(done.error()));
  }
  if (timed_out_) {
    complain(line_.tool(), "not ended within the timeout");
    status_ = worse_exit(status_, kExitUnmet);
  }
  if (options_.require && records_ < *options_.require) {
    complain(line_.tool(), text(records_, " records, ", *options_.require, " are required"));
    status_ = worse_exit(status_, kExitUnmet);
  }
  if (options_.stats) print_stats();
  co_return status_;
}

void Reading::arm_timers() {
  if (options_.timeout_ms) {
    loop_.call_at(loop_.now() + std::chrono::milliseconds(*options_.timeout_ms), [this] {
      timed_out_ = true;
      end("timeout");
    });
  }
  if (!options_.idle_ms) return;
  auto look = [](Reading& reading) -> Task<void> {
    auto idle = std::chrono::milliseconds(*reading.options_.idle_ms);
    while (reading.ended_by_ == std::string_view("end")) {
      Instant until = reading.last_record_ + idle;
      if (reading.loop_.now() >= until) reading.end("idle");
      co_await sleep_until(reading.loop_, until);
    }
  };
  spawn(look(*this));
}

bool Reading::on_record(const FetchedRecord& record) {
  last_record_ = loop_.now();
  was_in_trouble_ = false;
  if (options_.key && (!record.key || text_of(*record.key) != *options_.key)) return true;
  records_++;
  bytes_ += (record.key ? record.key->size() : 0) + (record.value ? record.value->size() : 0);
  append_record(output_.buffer(), line_.format, record, output_.is_terminal());
  Result<void> written = output_.record_done();
  if (!written) {
    complain(line_.tool(), written.error().message);
    status_ = worse_exit(status_, kExitLost);
    end("error");
    return false;
  }
  if (options_.count && records_ >= *options_.count) {
    end("count");
    return false;
  }
  return interrupt_.signal() == 0;
}

void Reading::on_drained() {
  Result<void> written = output_.flush();
  if (written) return;
  complain(line_.tool(), written.error().message);
  status_ = worse_exit(status_, kExitLost);
  end("error");
}

void Reading::print_stats() const {
  std::string out = text("{\"records\":", records_, ",\"bytes\":", bytes_, ",\"failed\":0",
                         ",\"ended_by\":\"", std::string_view(ended_by_), "\",\"partitions\":[");
  char separator = ' ';
  for (const auto& [name, ends] : partitions_) {
    if (separator == ',') out += ',';
    separator = ',';
    out += "{\"topic\":";
    append_json_string(out, name.topic);
    out += text(",\"partition\":", name.partition, ",\"from\":", ends.from,
                ",\"until\":", reached_.at(name), "}");
  }
  out += "]}\n";
  (void)!write(STDERR_FILENO, out.data(), out.size());  // there is nowhere else to say it
}

}  // namespace eventd
