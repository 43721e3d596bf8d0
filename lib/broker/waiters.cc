// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/waiters.h"

#include <algorithm>
#include <utility>

namespace eventd {

void Waiters::add(Offset reaches, TicketPointer ticket) {
  std::lock_guard lock(mutex_);
  waiters_.push_back({reaches, std::move(ticket)});
  count_.store(waiters_.size());
}

void Waiters::remove(const TicketPointer& ticket) {
  std::lock_guard lock(mutex_);
  std::erase_if(waiters_, [&](const Waiter& waiter) { return waiter.ticket == ticket; });
  count_.store(waiters_.size());
}

void Waiters::pass(Offset offset) {
  if (!any()) return;
  std::lock_guard lock(mutex_);
  auto rest = std::partition(waiters_.begin(), waiters_.end(),
                             [&](const Waiter& waiter) { return waiter.reaches > offset; });
  for (auto at = rest; at != waiters_.end(); ++at) at->ticket->fire();
  waiters_.erase(rest, waiters_.end());
  count_.store(waiters_.size());
}

void Waiters::fire_all() {
  std::lock_guard lock(mutex_);
  for (Waiter& waiter : waiters_) waiter.ticket->fire();
  waiters_.clear();
  count_.store(0);
}

}  // namespace eventd
