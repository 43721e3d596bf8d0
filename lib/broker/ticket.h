// SPDX-License-Identifier: Apache-2.0
// How a coroutine on one loop waits for something that another thread brings about.
//
// The waiting side makes a ticket, hands references to whoever may fire it, looks once more whether
// what it waits for has happened meanwhile, and waits. Whoever holds a reference may fire it, from
// any thread, any number of times: the first wins a compare-and-swap and posts to the owner's loop.
// The owner may arm it again; a wake-up may then come without a cause, so waiters look again.
// A coroutine is therefore resumed by its own loop only, and a ticket that nobody waits for any
// more is inert. The loop outlives the ticket's waiter.
#pragma once

#include <atomic>
#include <memory>

#include "lib/base/clock.h"
#include "lib/net/loop.h"
#include "lib/net/task.h"

namespace eventd {

class Ticket : public std::enable_shared_from_this<Ticket> {
 public:
  explicit Ticket(Loop& loop) : loop_(loop) {}

  // Any thread.
  void fire();
  // The owner's loop: the ticket may fire once more, for whoever holds it. What it fired for before
  // is seen after this.
  void arm() { (void)fired_.exchange(false, std::memory_order_acq_rel); }
  bool was_fired() const { return fired_.load(std::memory_order_acquire); }

  // The owner's loop. Whether it was fired by `deadline`.
  Task<bool> wait(Instant deadline);

 private:
  Loop& loop_;
  std::atomic<bool> fired_{false};
  Signal signal_;  // touched by the owner's loop only
};

using TicketPointer = std::shared_ptr<Ticket>;  // shared by the waiter and all who may fire it

}  // namespace eventd
