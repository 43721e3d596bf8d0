// SPDX-License-Identifier: Apache-2.0
// The tickets of those who wait for an offset of one partition to be passed: acks=all, fetches at
// the end of the log, ListOffsets.
//
// add() first, then look at the offset again: pass() either finds the ticket or has stored the
// offset before the waiter looks. That holds because both sides are sequentially consistent.
#pragma once

#include <atomic>
#include <mutex>
#include <vector>

#include "lib/base/ids.h"
#include "lib/broker/ticket.h"

namespace eventd {

class Waiters {
 public:
  // Fires `ticket` once `reaches` is reached.
  void add(Offset reaches, TicketPointer ticket);
  // Forgets it, if it is still there.
  void remove(const TicketPointer& ticket);

  // To be called after the offset has been stored, seq_cst.
  void pass(Offset offset);
  // Wakes all: the partition failed, went away or closes.
  void fire_all();

  bool any() const { return count_.load() > 0; }

 private:
  struct Waiter {
    Offset reaches;
    TicketPointer ticket;
  };
  std::atomic<size_t> count_{0};
  std::mutex mutex_;
  std::vector<Waiter> waiters_;
};

}  // namespace eventd
