// SPDX-License-Identifier: Apache-2.0
// How a reading ends, and what runs beside it until then.
#include <algorithm>
#include <utility>

#include "lib/base/text.h"
#include "lib/cli/consume/reading.h"

namespace eventd {

namespace {

constexpr auto kGiveUpAfter = std::chrono::seconds(30);
constexpr auto kLookEvery = std::chrono::seconds(1);
constexpr auto kMergeEvery = std::chrono::milliseconds(20);
constexpr int64_t kStart = -2;

}  // namespace

// The first end counts.
void Reading::end(std::string by) {
  if (ended_by_.empty()) ended_by_ = std::move(by);
  source_.stop();
}

// Of its own accord: nothing that waits for a broker is waited for.
void Reading::end_now(std::string by) {
  end(std::move(by));
  source_.close();
}

void Reading::arm_timers() {
  if (options_.timeout_ms) {
    loop_.call_at(loop_.now() + std::chrono::milliseconds(*options_.timeout_ms), [this] {
      timed_out_ = ended_by_.empty();
      end_now("timeout");
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
    loop_.call_at(when, [this, &given] { end_now(given); });
  }
}

Task<void> Reading::watch_idleness() {
  beside_++;
  auto idle = std::chrono::milliseconds(*options_.idle_ms);
  while (ended_by_.empty()) {
    Instant until = last_record_ + idle;
    if (loop_.now() >= until) {
      end_now(options_.idle_given);
      break;
    }
    co_await idle_wake_.wait_until(loop_, until);
  }
  if (--beside_ == 0) beside_ended_.notify();
}

// What waits for a silent partition goes out when it has waited long enough.
Task<void> Reading::watch_merge() {
  beside_++;
  while (ended_by_.empty()) {
    std::optional<Instant> due = merge_->due();
    if (!due) {
      merge_is_idle_ = true;
      co_await merge_wake_.wait();
      merge_is_idle_ = false;
      continue;
    }
    Instant until = std::max(*due, loop_.now() + kMergeEvery);
    co_await merge_wake_.wait_until(loop_, until);
    if (ended_by_.empty() && print_merged()) accepted(sink_.drained());
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
    Result<size_t> found = co_await finder_.look(ranges_);
    // The source sees trouble too. A topic that has fewer partitions than it had was made anew.
    if (!found || !ended_by_.empty()) continue;
    std::vector<TopicPartition> fresh;
    for (const auto& [name, range] : ranges_) {
      if (!range.reached) fresh.push_back(name);
    }
    if (!fresh.empty()) co_await add_later(std::move(fresh));
  }
  if (--beside_ == 0) beside_ended_.notify();
}

Task<void> Reading::add_later(std::vector<TopicPartition> fresh) {
  RecordSource::Times questions;
  for (const TopicPartition& name : fresh) questions.emplace_back(name, kStart);
  Result<RecordSource::Offsets> starts = co_await source_.offsets(std::move(questions));
  if (!starts || !ended_by_.empty()) co_return;  // asked again with the next look
  for (const auto& [name, start] : *starts) {
    auto place = ranges_.find(name);
    place->second.from = start;
    if (!begin(place->first, place->second)) co_return;
    read_from_here(place->first, place->second);
  }
}

void Reading::end_beside() {
  idle_wake_.notify();
  more_wake_.notify();
  merge_wake_.notify();
  source_.close();
}

// A connection that is lost, or something else that may pass.
bool Reading::on_trouble(const Error& error) {
  if (!ended_by_.empty()) return false;
  // Who begins past the end waits for it.
  bool is_ahead =
      options_.follow && error.code == Code::offset_out_of_range &&
      std::ranges::any_of(ranges_, [](const auto& one) {
        return one.second.reached == one.second.from && one.second.from > one.second.end;
      });
  if (is_ahead) return true;
  if (!in_trouble_since_) {
    // Who is silent has been lost for as long as we have heard nothing.
    in_trouble_since_ = error.code == Code::deadline_passed ? last_answer_ : loop_.now();
    complain(line_.tool(), text(error.message, "; trying again"));
  }
  return options_.follow || loop_.now() - *in_trouble_since_ < kGiveUpAfter;
}

// The rest goes to the sink, once, and the sink is finished.
void Reading::hand_over(bool complete) {
  if (std::exchange(handed_over_, true)) return;
  bool is_cut = ended_by_.starts_with("count=") || ended_by_.starts_with("match=");
  if (merge_ && !is_cut && !sink_failed_) {
    for (const auto& [name, range] : ranges_) {
      merge_->add(name);
      merge_->finish(name);
    }
    while (const HeldRecord* record = merge_->next(loop_.now())) {
      record->use([this](const FetchedRecord& held) { return print(held); });
      merge_->pop();
      if (sink_failed_ || (options_.count && records_ >= *options_.count)) break;
    }
  }
  for (auto& [name, range] : ranges_) {
    if (!range.reached || sink_failed_) continue;
    if (merge_) range.reached = merge_->first_held(name).value_or(*range.reached);
    accepted(sink_.reached(name, *range.reached));
  }
  if (!sink_failed_) accepted(sink_.finish(complete));
}

// What was read is written; nothing else is under way that would be lost.
void Reading::on_interrupt() {
  end("signal");
  hand_over(false);
  progress_.end();
  if (options_.stats) eventd::print(stats());
  die_by(interrupt_.signal());
}

int Reading::finish(const Result<void>& read) {
  if (!read && (ended_by_.empty() || ended_by_ == "error")) {
    ended_by_ = "error";
    status_ = worse_exit(status_, complain(line_.tool(), read.error()));
  }
  if (ended_by_.empty()) ended_by_ = "end";
  bool found_nothing = ranges_.empty() && status_ != 0;  // which is no empty result
  hand_over(!timed_out_ && ended_by_ != "error" && !found_nothing);
  progress_.end();
  if (timed_out_) {
    complain(line_.tool(), "not ended within the timeout");
    status_ = worse_exit(status_, kExitUnmet);
  }
  if (options_.require && records_ < *options_.require) {
    complain(line_.tool(), text(records_, " records, ", *options_.require, " are required"));
    status_ = worse_exit(status_, kExitUnmet);
  }
  if (options_.stats) eventd::print(stats());
  return status_;
}

RunStats Reading::stats() const {
  RunStats stats;
  stats.records = records_;
  stats.bytes = bytes_;
  stats.ended_by = ended_by_;
  for (const auto& [name, range] : ranges_) {
    if (ended_by_ == "end" && range.by != nullptr) stats.ended_by = *range.by;
    if (range.reached) stats.partitions.push_back({name, range.from, *range.reached});
  }
  return stats;
}

}  // namespace eventd
