// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/request.h"

#include <utility>

namespace eventd {

void Request::give_up() {
  gave_up_ = true;
  if (ticket_) ticket_->fire();
}

void Request::hurry() {
  hurried_ = true;
  if (ticket_) ticket_->fire();
}

Task<void> Request::await_appends() {
  while (!appends_done_) co_await appended_.wait();
}

Task<bool> Request::wait_for(Partition& partition, Offset reaches, Instant deadline) {
  while (partition.high_watermark() < reaches) {
    if (gave_up_ || partition.failed() || partition.retired()) co_return false;
    ticket_ = std::make_shared<Ticket>(loop);
    partition.await_watermark(reaches, ticket_);
    bool fired = co_await ticket_->wait(deadline);
    partition.forget(ticket_);
    ticket_.reset();
    if (!fired) co_return partition.high_watermark() >= reaches;
  }
  co_return true;
}

}  // namespace eventd
