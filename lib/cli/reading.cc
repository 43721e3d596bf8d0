// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/reading.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "lib/base/text.h"

namespace eventd {

namespace {

constexpr int64_t kEnd = -1;
constexpr int64_t kStart = -2;
constexpr auto kGiveUpAfter = std::chrono::seconds(30);
constexpr auto kAskAgainAfter = std::chrono::milliseconds(100);
constexpr auto kLookEvery = std::chrono::seconds(1);

int64_t sum(int64_t a, int64_t b) {
  int64_t result = 0;
  return __builtin_add_overflow(a, b, &result) ? INT64_MAX : result;
}

}  // namespace

Reading::Reading(UvLoop& loop, const CommandLine& line, const ReadingOptions& options,
                 RecordSource& source, RecordSink& sink)
    : loop_(loop),
      line_(line),
      options_(options),
      source_(source),
      sink_(sink),
      interrupt_(loop, [this] { on_interrupt(); }),
      progress_(loop, !options.quiet && isatty(STDOUT_FILENO) == 0) {
  source_.set_callbacks(callbacks());
}

Fetcher::Callbacks Reading::callbacks() {
  Fetcher::Callbacks callbacks;
  callbacks.on_record = [this](const FetchedRecord& record) { return on_record(record); };
  callbacks.on_drained = [this] {
    accepted(sink_.drained());
    progress_.show(records_);
  };
  callbacks.on_position = [this](const TopicPartition& partition, int64_t position) {
    return on_position(partition, position);
  };
  callbacks.on_gap = [this](const TopicPartition& partition, int64_t from, int64_t start) {
    complain(line_.tool(), text(partition, ": records ", from, " to ", start - 1,
                                " were deleted before they were read"));
    status_ = worse_exit(status_, kExitItem);
  };
  callbacks.on_trouble = [this](const Error& error) { return on_trouble(error); };
  callbacks.on_answer = [this] { in_trouble_since_.reset(); };
  return callbacks;
}

// The first end counts.
void Reading::end(std::string by) {
  if (ended_by_.empty()) ended_by_ = std::move(by);
  source_.stop();
}

// Adds what there is of the topics; says, once, what is not. How many there are.
Result<size_t> Reading::add_topics(const std::vector<TopicInfo>& topics) {
  size_t found = 0;
  for (const TopicInfo& topic : topics) {
    if (topic.error != Code::none) {
      if (std::exchange(missing_[topic.name], topic.error) == topic.error) continue;
      Error error{topic.error, text("topic ", printable(topic.name), ": ", name_of(topic.error)),
                  0};
      if (options_.follow) {
        complain(line_.tool(), text(error.message, "; waiting for it"));
      } else {
        status_ = worse_exit(status_, complain(line_.tool(), error));
      }
      continue;
    }
    missing_.erase(topic.name);
    found++;
    Result<void> added = add_partitions(topic);
    if (!added) return pass(added);
  }
  return found;
}

// Those of the topic that were asked for, by -p or by the list of --from.
Result<void> Reading::add_partitions(const TopicInfo& topic) {
  auto count = static_cast<int32_t>(topic.partitions.size());
  auto check = [&](int32_t number) -> Result<void> {
    if (number < count && source_.has({topic.name, number})) return {};
    return fail(Code::invalid_partitions,
                text("topic ", topic.name, " has no partition ", number, ", but ", count));
  };
  for (int32_t number : options_.partitions) {
    if (Result<void> there = check(number); !there) return there;
  }
  bool by_list = options_.from && !options_.from->all;
  if (by_list) {
    for (const auto& [number, position] : options_.from->by_partition) {
      if (Result<void> there = check(number); !there) return there;
    }
  }
  for (int32_t number = 0; number < count; number++) {
    bool wanted = options_.partitions.empty() ||
                  std::ranges::find(options_.partitions, number) != options_.partitions.end();
    if (by_list && !options_.from->by_partition.contains(number)) wanted = false;
    if (!source_.has({topic.name, number})) wanted = false;
    if (wanted) partitions_.try_emplace({topic.name, number});
  }
  return {};
}

Task<Result<void>> Reading::find_topics() {
  while (ended_by_.empty()) {
    std::vector<std::string> names = options_.topics;
    Result<std::vector<TopicInfo>> topics = co_await source_.topics(std::move(names));
    if (!topics) co_return pass(topics);
    Result<size_t> found = add_topics(*topics);
    if (!found) co_return pass(found);
    if (*found > 0 || !options_.follow) break;
    Instant next = loop_.now() + kAskAgainAfter;
    co_await sleep_until(loop_, next);
  }
  co_return Result<void>{};
}

Task<Result<Reading::Offsets>> Reading::ask_all(int64_t question) {
  RecordSource::Times questions;
  for (const auto& [name, range] : partitions_) questions.emplace_back(name, question);
  Result<Offsets> answers = co_await source_.offsets(std::move(questions));
  co_return std::move(answers);
}

// The offsets of positions; partitions that a list does not name are left out.
Task<Result<Reading::Offsets>> Reading::place(const Positions* positions, const Offsets* starts,
                                              const Offsets* ends) {
  RecordSource::Times times;
  Offsets placed;
  for (const auto& [name, unused] : partitions_) {
    auto own = positions->by_partition.find(name.partition);
    if (own == positions->by_partition.end() && !positions->all) continue;
    Position position = own == positions->by_partition.end() ? *positions->all : own->second;
    int64_t offset = position.number;
    if (position.kind == Position::Kind::start) offset = sum(starts->at(name), position.number);
    if (position.kind == Position::Kind::end) offset = ends->at(name) - position.number;
    // Where no record is that new the end counts.
    if (position.kind == Position::Kind::time) {
      offset = ends->at(name);
      times.emplace_back(name, std::max<int64_t>(0, position.number));
    }
    placed[name] = std::max(offset, starts->at(name));
  }
  if (times.empty()) co_return std::move(placed);
  Result<Offsets> answers = co_await source_.offsets(std::move(times));
  if (!answers) co_return pass(answers);
  for (const auto& [name, offset] : *answers) {
    if (offset >= 0) placed[name] = offset;
  }
  co_return std::move(placed);
}

Task<Result<void>> Reading::resolve() {
  Result<Offsets> start_answers = co_await ask_all(kStart);
  if (!start_answers) co_return pass(start_answers);
  Result<Offsets> end_answers = co_await ask_all(kEnd);
  if (!end_answers) co_return pass(end_answers);
  const Offsets* starts = &*start_answers;
  const Offsets* ends = &*end_answers;
  Positions start;
  start.all = Position{};
  const Positions* from = options_.from ? &*options_.from : &start;
  Result<Offsets> begins = co_await place(from, starts, ends);
  if (!begins) co_return pass(begins);
  for (auto& [name, range] : partitions_) {
    range.from = begins->at(name);
    if (!options_.follow) range.until = ends->at(name);
  }
  for (const auto& [given, positions] : options_.until) {
    const Positions* until = &positions;
    bool later = positions.all && positions.all->kind == Position::Kind::time && options_.follow &&
                 positions.all->number > loop_.wall_now().ms;
    if (later) continue;  // arm_timers() sees to it
    Result<Offsets> limits = co_await place(until, starts, ends);
    if (!limits) co_return pass(limits);
    for (const auto& [name, limit] : *limits) {
      Range& range = partitions_[name];
      if (limit >= range.until) continue;
      range.until = limit;
      range.by = &given;
    }
  }
  co_return Result<void>{};
}

Task<int> Reading::run() {
  last_record_ = loop_.now();
  arm_timers();
  Result<void> done = co_await find_topics();
  if (done && !partitions_.empty()) done = co_await resolve();
  if (done && ended_by_.empty() && !partitions_.empty()) {
    for (auto& [name, range] : partitions_) {
      if (!begin(name, range)) break;
    }
    last_record_ = loop_.now();
    if (options_.idle_ms) spawn(watch_idleness());
    if (options_.follow) spawn(look_for_more());
    if (options_.count && *options_.count == 0) end("count=0");
    done = co_await source_.run();
    if (ended_by_.empty()) ended_by_ = "end";
    idle_wake_.notify();
    more_wake_.notify();
    source_.close();
    while (beside_ > 0) co_await beside_ended_.wait();
  }
  co_return finish(done);
}

// False if the sink has failed.
bool Reading::begin(const TopicPartition& partition, Range& range) {
  Result<int64_t> at = sink_.begin(partition, range.from, range.until);
  if (!at) return accepted(pass(at));
  range.from = std::max(range.from, *at);
  range.reached = range.from;
  if (range.from < range.until) source_.add(partition, range.from);
  return true;
}

// What a sink says about what it was given; an error ends the run.
bool Reading::accepted(const Result<void>& by_sink) {
  if (by_sink) return true;
  if (!std::exchange(sink_failed_, true)) {
    status_ = worse_exit(status_, complain(line_.tool(), by_sink.error()));
  }
  if (ended_by_ == "end") ended_by_ = "error";
  end("error");
  return false;
}

int Reading::finish(const Result<void>& read) {
  if (!read && (ended_by_.empty() || ended_by_ == "end")) {
    ended_by_ = "error";
    status_ = worse_exit(status_, complain(line_.tool(), read.error()));
  }
  if (ended_by_.empty()) ended_by_ = "end";
  bool found_nothing = partitions_.empty() && status_ != 0;  // which is no empty result
  bool complete = !timed_out_ && ended_by_ != "error" && !found_nothing;
  if (!sink_failed_) accepted(sink_.finish(complete));
  progress_.end();
  if (timed_out_) {
    complain(line_.tool(), "not ended within the timeout");
    status_ = worse_exit(status_, kExitUnmet);
  }
  if (options_.require && records_ < *options_.require) {
    complain(line_.tool(), text(records_, " records, ", *options_.require, " are required"));
    status_ = worse_exit(status_, kExitUnmet);
  }
  if (options_.stats) print(stats());
  return status_;
}

// What was read is written; nothing else is under way that would be lost.
void Reading::on_interrupt() {
  end("signal");
  if (!sink_failed_) accepted(sink_.finish(false));
  progress_.end();
  if (options_.stats) print(stats());
  die_by(interrupt_.signal());
}

void Reading::arm_timers() {
  if (options_.timeout_ms) {
    loop_.call_at(loop_.now() + std::chrono::milliseconds(*options_.timeout_ms), [this] {
      timed_out_ = ended_by_.empty();
      end("timeout");
    });
  }
  if (!options_.follow) return;
  for (const auto& [given, until] : options_.until) {
    if (!until.all || until.all->kind != Position::Kind::time) continue;
    int64_t left_ms = until.all->number - loop_.wall_now().ms;
    if (left_ms <= 0) continue;
    // Beyond a century a deadline would overflow, and nobody waits for it.
    constexpr int64_t kCenturyMs = int64_t{100} * 366 * 24 * 3600 * 1000;
    Instant when = loop_.now() + std::chrono::milliseconds(std::min(left_ms, kCenturyMs));
    loop_.call_at(when, [this, &given] { end(given); });
  }
}

Task<void> Reading::watch_idleness() {
  beside_++;
  auto idle = std::chrono::milliseconds(*options_.idle_ms);
  while (ended_by_.empty()) {
    Instant until = last_record_ + idle;
    if (loop_.now() >= until) {
      end(options_.idle_given);
      break;
    }
    co_await idle_wake_.wait_until(loop_, until);
  }
  if (--beside_ == 0) beside_ended_.notify();
}

// Looks for topics that were missing and for partitions that were added.
Task<void> Reading::look_for_more() {
  beside_++;
  while (true) {
    Instant next = loop_.now() + kLookEvery;
    co_await more_wake_.wait_until(loop_, next);
    if (!ended_by_.empty()) break;
    std::vector<std::string> names = options_.topics;
    Result<std::vector<TopicInfo>> topics = co_await source_.topics(std::move(names));
    if (!topics || !ended_by_.empty()) continue;  // the fetcher sees the trouble too
    std::vector<TopicPartition> fresh;
    Result<size_t> found = add_topics(*topics);
    if (!found) continue;  // the topic has fewer partitions than it had: it was made anew
    for (const auto& [name, range] : partitions_) {
      if (!range.reached) fresh.push_back(name);
    }
    if (!fresh.empty()) co_await add_later(std::move(fresh));
  }
  if (--beside_ == 0) beside_ended_.notify();
}

Task<void> Reading::add_later(std::vector<TopicPartition> fresh) {
  RecordSource::Times questions;
  for (const TopicPartition& name : fresh) questions.emplace_back(name, kStart);
  Result<Offsets> starts = co_await source_.offsets(std::move(questions));
  if (!starts || !ended_by_.empty()) co_return;  // asked again with the next look
  for (const auto& [name, start] : *starts) {
    Range& range = partitions_[name];
    range.from = start;
    if (!begin(name, range)) co_return;
  }
}

// The source hands out one address for each partition, and many records of one in a row.
Reading::Range& Reading::range_of(const TopicPartition& partition) {
  if (&partition != last_name_) {
    last_range_ = &partitions_.at(partition);
    last_name_ = &partition;
  }
  return *last_range_;
}

Fetcher::Next Reading::on_record(const FetchedRecord& record) {
  Range& range = range_of(*record.partition);
  if (record.offset >= range.until) {
    range.reached = range.until;
    return Fetcher::Next::partition;
  }
  last_record_ = loop_.now();
  range.reached = record.offset + 1;
  if (options_.key && (!record.key || text_of(*record.key) != *options_.key)) {
    return Fetcher::Next::record;
  }
  records_++;
  bytes_ += (record.key ? record.key->size() : 0) + (record.value ? record.value->size() : 0);
  if (!accepted(sink_.take(record))) return Fetcher::Next::nothing;
  if (options_.count && records_ >= *options_.count) {
    end(text("count=", *options_.count));
    return Fetcher::Next::nothing;
  }
  return Fetcher::Next::record;
}

bool Reading::on_position(const TopicPartition& partition, int64_t position) {
  Range& range = range_of(partition);
  range.reached = std::min(position, range.until);
  if (!accepted(sink_.reached(partition, *range.reached))) return false;
  return position < range.until;
}

// A connection that is lost, or something else that may pass.
bool Reading::on_trouble(const Error& error) {
  if (!ended_by_.empty()) return false;
  if (!in_trouble_since_) {
    in_trouble_since_ = loop_.now();
    complain(line_.tool(), text(error.message, "; trying again"));
  }
  return options_.follow || loop_.now() - *in_trouble_since_ < kGiveUpAfter;
}

RunStats Reading::stats() const {
  RunStats stats;
  stats.records = records_;
  stats.bytes = bytes_;
  stats.ended_by = ended_by_;
  for (const auto& [name, range] : partitions_) {
    if (ended_by_ == "end" && range.by != nullptr) stats.ended_by = *range.by;
    if (range.reached) stats.partitions.push_back({name, range.from, *range.reached});
  }
  return stats;
}

}  // namespace eventd
