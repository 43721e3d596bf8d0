// SPDX-License-Identifier: Apache-2.0
#include "lib/net/timer_wheel.h"

#include <algorithm>
#include <utility>

namespace eventd {

namespace {

constexpr int64_t kTickNs = 1'000'000;

// Up, so that nothing runs early.
int64_t tick_of(Instant when) {
  int64_t ns = when.time_since_epoch().count();
  return ns / kTickNs + (ns % kTickNs != 0 ? 1 : 0);
}

Instant instant_of(int64_t tick) { return Instant(Duration(tick * kTickNs)); }

}  // namespace

TimerWheel::TimerId TimerWheel::add(Instant when, Callback callback) {
  uint32_t index = 0;
  if (free_.empty()) {
    index = static_cast<uint32_t>(entries_.size());
    entries_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  Entry& entry = entries_[index];
  entry.callback = std::move(callback);
  entry.tick = std::max(tick_of(when), passed_ + 1);
  entry.used = true;
  link(index);
  count_++;
  return id_of(index);
}

void TimerWheel::cancel(TimerId timer) {
  auto index = static_cast<uint32_t>(timer);
  if (index >= entries_.size()) return;
  Entry& entry = entries_[index];
  if (!entry.used || entry.generation != timer >> 32) return;
  unlink(index);
}

void TimerWheel::link(uint32_t index) {
  uint32_t& head = slots_[static_cast<size_t>(entries_[index].tick) % kSlots];
  entries_[index].previous = kNone;
  entries_[index].next = head;
  if (head != kNone) entries_[head].previous = index;
  head = index;
}

void TimerWheel::unlink(uint32_t index) {
  Entry& entry = entries_[index];
  if (entry.previous != kNone) {
    entries_[entry.previous].next = entry.next;
  } else {
    slots_[static_cast<size_t>(entry.tick) % kSlots] = entry.next;
  }
  if (entry.next != kNone) entries_[entry.next].previous = entry.previous;
  entry.callback = nullptr;
  entry.used = false;
  entry.generation++;
  free_.push_back(index);
  count_--;
}

void TimerWheel::advance(Instant now) {
  int64_t until = now.time_since_epoch().count() / kTickNs;
  if (until <= passed_) return;
  std::vector<std::pair<int64_t, TimerId>> due;
  int64_t slots_to_pass = std::min<int64_t>(until - passed_, kSlots);
  for (int64_t i = 0; i < slots_to_pass && count_ > 0; i++) {
    uint32_t index = slots_[static_cast<size_t>(until - i) % kSlots];
    for (; index != kNone; index = entries_[index].next) {
      const Entry& entry = entries_[index];
      if (entry.tick <= until) due.emplace_back(entry.tick, id_of(index));
    }
  }
  passed_ = until;
  std::sort(due.begin(), due.end());
  for (auto& [tick, timer] : due) {
    // A callback that ran before may have cancelled this one.
    auto index = static_cast<uint32_t>(timer);
    if (!entries_[index].used || id_of(index) != timer) continue;
    Callback callback = std::move(entries_[index].callback);
    unlink(index);
    callback();
  }
}

Instant TimerWheel::next() const {
  if (count_ == 0) return Instant::max();
  int64_t earliest = INT64_MAX;
  for (const Entry& entry : entries_) {
    if (entry.used) earliest = std::min(earliest, entry.tick);
  }
  return instant_of(earliest);
}

}  // namespace eventd
