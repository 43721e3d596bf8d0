// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/replay/event_source.h"

#include <algorithm>

#include "lib/base/text.h"

namespace eventd {

namespace {
constexpr int64_t kEnd = -1;
constexpr int64_t kStart = -2;
constexpr uint64_t kTurnEvents = 4096;
}  // namespace

// Lines that are bad are said by the first look alone.
std::unique_ptr<EventFile> EventSource::open(size_t file, bool reports) {
  const auto& [name, path] = files_[file];
  auto report = reports ? report_ : [](const std::string&) {};
  auto opened = EventFile::open(disk_, path, name, report);
  if (!opened && reports) report_(opened.error().message);
  return opened ? std::move(*opened) : nullptr;
}

const TopicPartition* EventSource::name_of(const FileEvent& event) {
  bool is_last = last_name_ != nullptr && last_name_->partition == event.partition &&
                 last_name_->topic == event.topic;
  if (!is_last) {
    TopicPartition name{std::string(event.topic), event.partition};
    last_name_ = &found_.try_emplace(std::move(name)).first->first;
  }
  return last_name_;
}

void EventSource::advance(Cursor& cursor, const TopicPartition* only) {
  while (cursor.file && (cursor.event = cursor.file->next()) != nullptr) {
    const TopicPartition* name = name_of(*cursor.event);
    int64_t& number = cursor.numbers[*name];
    cursor.offset = cursor.event->offset.value_or(number);
    number = cursor.offset + 1;
    if (only == nullptr || only == name) return;
  }
  cursor.event = nullptr;
}

void EventSource::look() {
  for (size_t i = 0; i < files_.size(); i++) {
    Cursor cursor;
    cursor.file = open(i, true);
    while (advance(cursor, nullptr), cursor.event != nullptr) {
      Found& found = found_[*name_of(*cursor.event)];
      if (found.parts.empty() || found.parts.back().file != i) {
        found.parts.push_back({i, cursor.offset});
      }
      Part& part = found.parts.back();
      part.first = std::min(part.first, cursor.offset);
      found.start = std::min(found.start, cursor.offset);
      found.end = std::max(found.end, cursor.offset + 1);
    }
  }
  // Not stable_sort: g++'s needs what its own headers call deprecated, and clang minds.
  auto order = [](const Part& part) { return std::pair(part.first, part.file); };
  for (auto& [name, found] : found_) std::ranges::sort(found.parts, {}, order);
}

std::vector<std::string> EventSource::topic_names() const {
  std::vector<std::string> names;
  for (const auto& [name, found] : found_) {
    if (names.empty() || names.back() != name.topic) names.push_back(name.topic);
  }
  return names;
}

Task<Result<std::vector<TopicInfo>>> EventSource::topics(std::vector<std::string> names) {
  std::vector<TopicInfo> topics;
  for (const auto& [name, found] : found_) {
    if (!names.empty() && std::ranges::find(names, name.topic) == names.end()) continue;
    if (topics.empty() || topics.back().name != name.topic) {
      topics.emplace_back().name = name.topic;
    }
    topics.back().partitions.resize(static_cast<size_t>(name.partition) + 1);
  }
  co_return std::move(topics);
}

Task<Result<RecordSource::Offsets>> EventSource::offsets(Times wanted) {
  Offsets answers;
  std::map<const TopicPartition*, int64_t> times;
  for (const auto& [name, question] : wanted) {
    auto found = found_.find(name);
    int64_t& answer = answers[name];
    if (question == kStart) answer = found->second.start;
    if (question == kEnd) answer = found->second.end;
    if (question < 0) continue;
    answer = -1;
    times[&found->first] = question;
  }
  for (size_t i = 0; i < files_.size() && !times.empty(); i++) {
    Cursor cursor;
    cursor.file = open(i, false);
    while (advance(cursor, nullptr), cursor.event != nullptr) {
      auto time = times.find(name_of(*cursor.event));
      if (time == times.end() || cursor.event->timestamp < time->second) continue;
      int64_t& answer = answers[*time->first];
      if (answer < 0 || cursor.offset < answer) answer = cursor.offset;
    }
  }
  co_return std::move(answers);
}

void EventSource::add(const TopicPartition& partition, int64_t offset) {
  Found& found = found_.at(partition);
  found.next = offset;
  found.active = true;
}

Task<Result<void>> EventSource::run() {
  if (files_.size() == 1) {
    co_await read_file();
  } else {
    for (auto& [name, found] : found_) {
      if (found.active && !stopped_) co_await read_partition(&name);
    }
  }
  co_return Result<void>{};
}

// False: the run, or the partition, is at its end.
bool EventSource::hand_out(const TopicPartition& name, Found& found, const Cursor& cursor) {
  const FileEvent& event = *cursor.event;
  FetchedRecord record{&name,     cursor.offset, event.timestamp,
                       event.key, event.value,   &event.record};
  Fetcher::Next next = callbacks_.on_record(record);
  if (next == Fetcher::Next::nothing) stopped_ = true;
  if (next != Fetcher::Next::record) found.active = false;
  if (!found.active || stopped_) return false;
  found.next = cursor.offset + 1;
  if (!callbacks_.on_position(name, found.next)) found.active = false;
  return found.active;
}

// The only file, in its order.
Task<void> EventSource::read_file() {
  auto is_active = [](const auto& entry) { return entry.second.active; };
  std::map<const TopicPartition*, int64_t> reached;
  Cursor cursor;
  cursor.file = open(0, false);
  uint64_t count = 0;
  while (!stopped_ && (advance(cursor, nullptr), cursor.event != nullptr)) {
    const TopicPartition* name = name_of(*cursor.event);
    Found& found = found_[*name];
    int64_t& before = reached.try_emplace(name, -1).first->second;
    if (cursor.offset <= before) {
      report_(text(files_[0].first, " line ", cursor.event->line, ": ", *name, " offset ",
                   cursor.offset, " comes after ", before, "; passed over"));
      continue;
    }
    before = cursor.offset;
    if (found.active && cursor.offset >= found.next) (void)hand_out(*name, found, cursor);
    if (++count % kTurnEvents != 0) continue;
    if (std::ranges::none_of(found_, is_active)) break;
    callbacks_.on_drained();
    co_await next_turn(*loop_);
  }
  if (!stopped_) callbacks_.on_drained();
}

// One partition out of several files, by offsets.
Task<void> EventSource::read_partition(const TopicPartition* name) {
  Found& found = found_.at(*name);
  std::vector<std::unique_ptr<Cursor>> open_ones;
  size_t unopened = 0;
  uint64_t count = 0;
  int64_t before = -1;
  while (!stopped_ && found.active) {
    auto least =
        std::ranges::min_element(open_ones, {}, [](const auto& one) { return one->offset; });
    bool is_behind = least == open_ones.end() || (unopened < found.parts.size() &&
                                                  found.parts[unopened].first <= (*least)->offset);
    if (is_behind && unopened < found.parts.size()) {
      auto cursor = std::make_unique<Cursor>();
      cursor->file = open(found.parts[unopened++].file, false);
      advance(*cursor, name);
      if (cursor->event != nullptr) open_ones.push_back(std::move(cursor));
      continue;
    }
    if (least == open_ones.end()) break;
    Cursor& cursor = **least;
    if (cursor.offset <= before) {
      report_(text(*name, " offset ", cursor.offset, " stands twice, or comes after ", before,
                   "; passed over"));
    } else if (cursor.offset >= found.next) {
      (void)hand_out(*name, found, cursor);
    }
    before = std::max(before, cursor.offset);
    advance(cursor, name);
    if (cursor.event == nullptr) open_ones.erase(least);
    if (++count % kTurnEvents != 0 || stopped_) continue;
    callbacks_.on_drained();
    co_await next_turn(*loop_);
  }
  if (!stopped_) callbacks_.on_drained();
}

}  // namespace eventd
