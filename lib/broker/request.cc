// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/request.h"

#include <utility>

#include "lib/broker/broker.h"

namespace eventd {

size_t Reply::size_bytes() const {
  size_t size = 0;
  for (const Piece& piece : pieces) {
    const auto* bytes = std::get_if<Buffer>(&piece);
    size += bytes != nullptr ? bytes->size() : std::get<FilePiece>(piece).size_bytes;
  }
  return size;
}

void Request::give_up() {
  gave_up_ = true;
  if (ticket_) ticket_->fire();
}

void Request::abandon() {
  abandoned_ = true;
  give_up();
}

Task<void> Request::await_appends() {
  while (!appends_done_) co_await appended_.wait();
}

Task<bool> Request::wait_for(Partition& partition, Offset reaches, Instant deadline) {
  while (partition.high_watermark() < reaches) {
    if (abandoned_ || partition.failed() || partition.retired()) co_return false;
    if (loop.now() >= deadline) co_return false;
    ticket_ = std::make_shared<Ticket>(loop);
    partition.await_watermark(reaches, ticket_);
    broker.counters(loop_index).waits.add(1);
    co_await ticket_->wait(deadline);
    partition.forget(ticket_);
    ticket_.reset();
  }
  co_return true;
}

Task<bool> Request::wait_for_room(Partition& partition, Instant deadline) {
  while (partition.is_clogged()) {
    if (gave_up_ || partition.failed() || partition.retired()) co_return false;
    if (loop.now() >= deadline) co_return false;
    ticket_ = std::make_shared<Ticket>(loop);
    partition.await_watermark(partition.log_end(), ticket_);
    broker.counters(loop_index).waits.add(1);
    co_await ticket_->wait(deadline);
    partition.forget(ticket_);
    ticket_.reset();
  }
  co_return true;
}

}  // namespace eventd
