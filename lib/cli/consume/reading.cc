// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/consume/reading.h"

#include <algorithm>
#include <utility>

#include "lib/base/text.h"

namespace eventd {

namespace {

constexpr auto kAskAgainAfter = std::chrono::milliseconds(100);
constexpr size_t kMergeBytesMax = 64 << 20;

}  // namespace

Reading::Reading(UvLoop& loop, const CommandLine& line, const ReadingOptions& options,
                 RecordSource& source, RecordSink& sink)
    : loop_(loop),
      line_(line),
      options_(options),
      source_(source),
      sink_(sink),
      finder_(source, line, options),
      interrupt_(loop, [this] { on_interrupt(); }),
      progress_(loop, !options.quiet && !sink.is_on_terminal(), [this] { return advance(); }) {
  if (options_.merge) merge_.emplace(kMergeBytesMax);
  source_.set_callbacks(callbacks());
}

Fetcher::Callbacks Reading::callbacks() {
  Fetcher::Callbacks callbacks;
  callbacks.on_record = [this](const FetchedRecord& record) { return on_record(record); };
  callbacks.on_drained = [this] { on_drained(); };
  callbacks.on_position = [this](const TopicPartition& partition, int64_t position) {
    return on_position(partition, position);
  };
  callbacks.on_gap = [this](const TopicPartition& partition, int64_t from, int64_t start) {
    on_gap(partition, from, start);
  };
  callbacks.on_remade = [this](const TopicPartition& partition) { return on_remade(partition); };
  callbacks.on_trouble = [this](const Error& error) { return on_trouble(error); };
  callbacks.on_answer = [this] {
    last_answer_ = loop_.now();
    in_trouble_since_.reset();
  };
  return callbacks;
}

// By offsets, or, where there is no end to them, by the records that are wanted.
Advance Reading::advance() const {
  Advance advance{.records = records_};
  bool has_end = true;
  for (const auto& [name, range] : ranges_) {
    if (range.until == INT64_MAX) has_end = false;
    if (range.until <= range.from) continue;
    advance.total += static_cast<uint64_t>(range.until - range.from);
    int64_t reached = std::max(range.reached.value_or(range.from), range.from);
    advance.done += static_cast<uint64_t>(reached - range.from);
  }
  if (has_end) return advance;
  return {.records = records_, .done = records_, .total = options_.count.value_or(0)};
}

Task<int> Reading::run() {
  last_record_ = loop_.now();
  arm_timers();
  if (options_.count && *options_.count == 0) end("count=0");
  Result<void> done = co_await find_topics();
  WallTime now = loop_.wall_now();
  if (done && !ranges_.empty()) {
    done = co_await resolve_ranges(source_, options_, now, waited_, ranges_);
  }
  if (done && options_.last && !waited_ && ended_by_.empty()) done = co_await read_last();
  if (done && ended_by_.empty() && !ranges_.empty()) {
    for (auto& [name, range] : ranges_) {
      if (!range.reached && !begin(name, range)) break;
      read_from_here(name, range);
    }
    last_record_ = last_answer_ = loop_.now();
    if (options_.idle_ms) spawn(watch_idleness());
    if (options_.follow) spawn(look_for_more());
    if (options_.follow && merge_) spawn(watch_merge());
    if (ended_by_.empty()) done = co_await source_.run();
    if (ended_by_.empty()) ended_by_ = done ? "end" : "error";
    end_beside();
    while (beside_ > 0) co_await beside_ended_.wait();
  }
  co_return finish(done);
}

Task<Result<void>> Reading::find_topics() {
  while (ended_by_.empty()) {
    Result<size_t> found = co_await finder_.look(ranges_);
    if (!found) co_return pass(found);
    if (*found > 0 || !options_.follow) break;
    waited_ = true;
    bool is_idle = options_.idle_ms &&
                   loop_.now() - last_record_ >= std::chrono::milliseconds(*options_.idle_ms);
    if (is_idle) end(options_.idle_given);
    Instant next = loop_.now() + kAskAgainAfter;
    co_await sleep_until(loop_, next);
  }
  status_ = worse_exit(status_, finder_.status());
  co_return Result<void>{};
}

// Tells the sink of the partition. False if that failed.
bool Reading::begin(const TopicPartition& partition, PartitionRange& range) {
  Result<int64_t> at = sink_.begin(partition, range.from, range.until);
  if (!at) return accepted(pass(at));
  // What an earlier run had not read yet, and is gone.
  if (*at < range.from && !options_.from) on_gap(partition, *at, range.from);
  range.from = std::max(range.from, *at);
  range.reached = range.from;
  return true;
}

void Reading::read_from_here(const TopicPartition& partition, PartitionRange& range) {
  if (!range.reached || *range.reached >= range.until) return;
  if (merge_) {
    merge_->add(partition);
    merge_->set_silent(partition, options_.follow && *range.reached >= range.end);
  }
  source_.add(partition, *range.reached);
}

// The newest records, from the ranges of all partitions; what follows begins where those end.
Task<Result<void>> Reading::read_last() {
  newest_.emplace(*options_.last);
  for (auto& [name, range] : ranges_) {
    newest_->add(name, range.from, std::min(range.until, range.end));
  }
  while (ended_by_.empty()) {
    std::vector<LastRecords::Range> wanted = newest_->next_ranges();
    if (wanted.empty()) break;
    for (const LastRecords::Range& part : wanted) {
      newest_until_[part.partition] = part.until;
      source_.add(*part.partition, part.from);
    }
    last_answer_ = loop_.now();
    Result<void> done = co_await source_.run();
    if (!done) co_return pass(done);
  }
  std::vector<HeldRecord> found = std::move(*newest_).found();
  newest_.reset();
  for (auto& [name, range] : ranges_) range.from = std::min(range.until, range.end);
  Merge by_time(SIZE_MAX);
  for (auto record = found.rbegin(); record != found.rend(); ++record) {
    ranges_.at(record->partition()).from = record->offset();
  }
  for (const HeldRecord& record : found) {
    by_time.add(record.partition());
    record.use([&](const FetchedRecord& held) { by_time.push(held, loop_.now()); });
  }
  for (auto& [name, range] : ranges_) {
    if (!begin(name, range)) co_return Result<void>{};
    by_time.add(name);
    by_time.finish(name);
  }
  bool more = true;
  while (const HeldRecord* record = more ? by_time.next(loop_.now()) : nullptr) {
    PartitionRange& range = ranges_.at(record->partition());
    range.reached = record->offset() + 1;
    more = record->use([this](const FetchedRecord& held) { return print(held); });
    by_time.pop();
  }
  for (auto& [name, range] : ranges_) {
    if (more) range.reached = std::max(*range.reached, std::min(range.until, range.end));
  }
  on_drained();
  co_return Result<void>{};
}

// The source hands out one address for each partition, and many records of one in a row.
PartitionRanges::value_type& Reading::known(const TopicPartition& partition) {
  if (&partition != last_asked_) {
    last_known_ = &*ranges_.find(partition);
    last_asked_ = &partition;
  }
  return *last_known_;
}

Fetcher::Next Reading::on_record(const FetchedRecord& record) {
  auto& [name, range] = known(*record.partition);
  came_ = true;
  if (newest_) {
    if (record.offset >= newest_until_[&name]) return Next::partition;
    FetchedRecord named = record;
    named.partition = &name;
    newest_->take(named, options_.filter.passes(record));
    return Next::record;
  }
  if (record.offset >= range.until) {
    on_position(name, range.until);
    return Next::partition;
  }
  bool passes = options_.filter.passes(record);
  if (passes && merge_) return hold(record, name, range);
  range.reached = record.offset + 1;
  return !passes || print(record) ? Next::record : Next::nothing;
}

// Until no record of another partition can come before it.
Fetcher::Next Reading::hold(const FetchedRecord& record, const TopicPartition& partition,
                            PartitionRange& range) {
  if (merge_->is_full(partition, record.offset)) return Next::partition;
  FetchedRecord named = record;
  named.partition = &partition;
  merge_->push(named, loop_.now());
  range.reached = record.offset + 1;
  return print_merged() ? Next::record : Next::nothing;
}

// What is next, as far as that is certain. False if the run has ended.
bool Reading::print_merged() {
  bool is_stuck = in_trouble_since_ && loop_.now() - *in_trouble_since_ >= std::chrono::seconds(1);
  while (const HeldRecord* record = merge_->next(loop_.now(), options_.follow && is_stuck)) {
    bool more = record->use([this](const FetchedRecord& held) { return print(held); });
    merge_->pop();
    if (!more) return false;
  }
  for (const auto& [partition, offset] : merge_->room()) source_.add(*partition, offset);
  if (merge_is_idle_ && merge_->due()) merge_wake_.notify();
  return true;
}

// False if the run has ended.
bool Reading::print(const FetchedRecord& record) {
  records_++;
  bytes_ += (record.key ? record.key->size() : 0) + (record.value ? record.value->size() : 0);
  if (!accepted(sink_.take(record))) return false;
  for (const auto& [given, pattern] : options_.matches) {
    if (record.value && pattern.found_in(text_of(*record.value))) end(given);
  }
  if (options_.count && records_ >= *options_.count) end(text("count=", *options_.count));
  return ended_by_.empty();
}

bool Reading::on_position(const TopicPartition& partition, int64_t position) {
  auto& [name, range] = known(partition);
  if (newest_) return position < newest_until_[&name];
  range.reached = std::min(position, range.until);
  bool is_done = position >= range.until;
  if (merge_) {
    if (is_done) merge_->finish(name);
    if (position >= range.end) merge_->set_silent(name, options_.follow);
    if (!print_merged()) return false;
  }
  int64_t handed_over = *range.reached;
  if (merge_) handed_over = merge_->first_held(name).value_or(handed_over);
  if (!accepted(sink_.reached(name, handed_over))) return false;
  return !is_done;
}

void Reading::on_drained() {
  if (std::exchange(came_, false)) last_record_ = loop_.now();
  accepted(sink_.drained());
}

void Reading::on_gap(const TopicPartition& partition, int64_t from, int64_t start) {
  complain(line_.tool(), text(partition, ": records ", from, " to ", start - 1,
                              " were deleted before they were read"));
  status_ = worse_exit(status_, kExitItem);
}

// Another topic with the same name. Who follows reads on with it, as with one that appears later.
bool Reading::on_remade(const TopicPartition& partition) {
  auto& [name, range] = known(partition);
  if (options_.follow && sink_.takes_remade() && !newest_) {
    complain(line_.tool(), text(name, ": the topic was deleted and made again; reading it anew"));
    range.from = 0;
    range.reached = 0;
    return true;
  }
  Error error{Code::unknown_topic_id,
              text(name, ": the topic was deleted and made again while it was read"), 0};
  status_ = worse_exit(status_, complain(line_.tool(), error));
  end("error");
  return false;
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

}  // namespace eventd
