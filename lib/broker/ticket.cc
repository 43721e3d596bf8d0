// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/ticket.h"

#include <utility>

namespace eventd {

void Ticket::fire() {
  if (fired_.exchange(true, std::memory_order_acq_rel)) return;
  loop_.post([self = shared_from_this()] { self->signal_.notify(); });
}

Task<bool> Ticket::wait(Instant deadline) {
  if (was_fired()) co_return true;
  bool notified = co_await signal_.wait_until(loop_, deadline);
  co_return notified || was_fired();
}

}  // namespace eventd
