// SPDX-License-Identifier: Apache-2.0
// Timers by the millisecond, in a hashed wheel: adding and cancelling cost the same whatever their
// number. Pure: the time is an argument.
//
// A timer stands in the slot of its tick modulo the wheel's size; those of later rounds stand there
// too and are passed over. Ids are never used twice in 2^32 uses of a place.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "lib/net/loop.h"

namespace eventd {

class TimerWheel {
 public:
  using TimerId = Loop::TimerId;

  // Runs no earlier than `when`, at most a tick later than advance() could.
  TimerId add(Instant when, Callback callback);
  void cancel(TimerId timer);

  // Takes what is due by `now` out of the wheel and runs it, in the order of ticks. Timers that the
  // callbacks add may run in the next call at the earliest.
  void advance(Instant now);

  // The earliest moment at which advance() has something to do; Instant::max() if there is nothing.
  Instant next() const;
  bool empty() const { return count_ == 0; }

 private:
  static constexpr size_t kSlots = 1024;
  static constexpr uint32_t kNone = UINT32_MAX;

  struct Entry {
    Callback callback;
    int64_t tick = 0;
    uint32_t generation = 1;
    uint32_t next = kNone;
    uint32_t previous = kNone;
    bool used = false;
  };

  TimerId id_of(uint32_t index) const {
    return (uint64_t{entries_[index].generation} << 32) | index;
  }
  void link(uint32_t index);
  void unlink(uint32_t index);

  std::vector<Entry> entries_;
  std::vector<uint32_t> free_;
  std::array<uint32_t, kSlots> slots_ = [] {
    std::array<uint32_t, kSlots> empty{};
    empty.fill(kNone);
    return empty;
  }();
  size_t count_ = 0;
  int64_t passed_ = -1;  // all ticks up to this one are done
};

}  // namespace eventd
