// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/connection.h"

#include <algorithm>
#include <utility>

#include "lib/base/big_endian.h"
#include "lib/base/logger.h"
#include "lib/base/text.h"
#include "lib/broker/broker.h"
#include "lib/broker/handlers/handlers.h"

namespace eventd {

namespace {
constexpr size_t kInputSize = 64 << 10;
constexpr size_t kFrameStep = 1 << 20;
constexpr size_t kFramePrefix = 4;
}  // namespace

Connection::Connection(Broker& broker, Loop& loop, size_t loop_index,
                       std::unique_ptr<Stream> stream, Peer peer, const ConnectionLimits& limits)
    : broker_(broker),
      loop_(loop),
      loop_index_(loop_index),
      stream_(std::move(stream)),
      peer_(std::move(peer)),
      limits_(limits) {}

Task<void> Connection::run() {
  stream_->on_disconnect([this] { abort(); });
  spawn(read_requests());
  co_await write_replies();
  stream_->shutdown();
  give_up_all();
  // Requests that were under way refer to this connection; their answers go nowhere.
  while (!reading_ended_ || !pending_.empty()) {
    while (!pending_.empty() && pending_.front()->ready) pending_.pop_front();
    drained_.notify();
    if (!reading_ended_ || !pending_.empty()) co_await replied_.wait();
  }
}

void Connection::stop() {
  stopping_ = true;
  // Also within a frame: what is not whole was promised nothing.
  stream_->cancel_read();
  for (auto& pending : pending_) pending->request->hurry();
}

void Connection::abort() {
  failed_ = true;
  stream_->shutdown();
  give_up_all();
  replied_.notify();
  drained_.notify();
}

void Connection::give_up_all() {
  for (auto& pending : pending_) pending->request->give_up();
}

// Makes at least `needed` bytes stand in input_.
Task<Result<void>> Connection::fill(size_t needed) {
  while (input_end_ - input_at_ < needed) {
    if (input_at_ == input_end_) input_at_ = input_end_ = 0;
    if (input_.empty()) input_.resize(kInputSize);
    if (input_at_ + needed > input_.size()) {
      std::copy(input_.begin() + static_cast<ptrdiff_t>(input_at_),
                input_.begin() + static_cast<ptrdiff_t>(input_end_), input_.begin());
      input_end_ -= input_at_;
      input_at_ = 0;
    }
    MutableBytes room = MutableBytes(input_).subspan(input_end_);
    Result<size_t> got = co_await stream_->read_some(room);
    if (!got) co_return pass(got);
    if (*got == 0) co_return fail(Code::connection_closed, "the peer closed");
    input_end_ += *got;
  }
  co_return Result<void>{};
}

Task<Result<Buffer>> Connection::read_frame() {
  stream_->set_read_deadline(loop_.now() + limits_.idle_max);
  Result<void> prefix = co_await fill(kFramePrefix);
  if (!prefix) co_return pass(prefix);
  auto size = load_big_endian<int32_t>(input_.data() + input_at_);
  input_at_ += kFramePrefix;
  if (size < 0 || size > limits_.frame_bytes_max) {
    co_return fail(Code::invalid_request, text("a frame of ", size, " bytes; at most ",
                                               limits_.frame_bytes_max, " are served"));
  }
  stream_->set_read_deadline(loop_.now() + limits_.frame_time_max);
  auto total = static_cast<size_t>(size);
  size_t have = std::min(total, input_end_ - input_at_);
  Buffer frame(input_.begin() + static_cast<ptrdiff_t>(input_at_),
               input_.begin() + static_cast<ptrdiff_t>(input_at_ + have));
  input_at_ += have;
  while (frame.size() < total) {
    // A declared size is not believed beyond a step: then it doubles with what has come.
    size_t filled = frame.size();
    frame.resize(std::min(total, std::max(filled * 2, kFrameStep)));
    MutableBytes room = MutableBytes(frame).subspan(filled);
    Result<void> got = co_await stream_->read_exactly(room);
    if (!got) co_return pass(got);
  }
  co_return std::move(frame);
}

Task<void> Connection::take_turn() {
  turns_ = 0;
  turn_bytes_ = 0;
  co_await next_turn(loop_);
}

bool Connection::has_room() const {
  return pending_.size() < limits_.pipelined_max && pending_bytes_ < limits_.pipelined_bytes_max;
}

Task<void> Connection::read_requests() {
  while (!failed_ && !stopping_) {
    if (++turns_ > limits_.turns_max || turn_bytes_ > limits_.turn_bytes_max) {
      co_await take_turn();
    }
    Result<Buffer> frame = co_await read_frame();
    if (!frame) {
      if (frame.error().code == Code::invalid_request) {
        log_info("closing ", peer_.remote, ": ", frame.error().message);
      }
      if (!stopping_) failed_ = true;
      break;
    }
    turn_bytes_ += frame->size();
    bool started = co_await start(std::move(*frame));
    if (!started) {
      failed_ = true;
      break;
    }
  }
  reading_ended_ = true;
  if (failed_) give_up_all();
  replied_.notify();
}

// False where the connection must end: what cannot be parsed gets no answer.
Task<bool> Connection::start(Buffer frame) {
  auto request = std::make_unique<Request>(broker_, loop_, loop_index_, peer_, std::move(frame));
  Result<void> parsed = parse_request(*request);
  if (!parsed) {
    log_info("closing ", peer_.remote, ": ", parsed.error().message);
    co_return false;
  }
  bool overlaps = may_overlap(*request);
  while (!failed_ && !(overlaps ? has_room() : pending_.empty())) co_await drained_.wait();
  if (failed_) co_return false;
  if (!pending_.empty()) {
    // Not the reply, only the appends: what comes later must not overtake them.
    std::shared_ptr<Pending> previous = pending_.back();
    co_await previous->request->await_appends();
  }
  auto pending = std::make_shared<Pending>();
  pending_bytes_ += request->size_bytes();
  if (stopping_) request->hurry();
  request->view = broker_.view(loop_index_);
  request->arrived = loop_.now();
  pending->request = std::move(request);
  pending_.push_back(pending);
  spawn(answer(std::move(pending)));
  co_return true;
}

Task<void> Connection::answer(std::shared_ptr<Pending> pending) {
  Request& request = *pending->request;
  pending->reply = co_await handle(request);
  request.appends_done();
  pending->ready = true;
  if (!pending_.empty() && pending_.front() == pending) replied_.notify();
}

Task<void> Connection::write_replies() {
  while (true) {
    while (pending_.empty() ? !reading_ended_ : !pending_.front()->ready) {
      if (failed_) co_return;
      co_await replied_.wait();
    }
    if (pending_.empty()) co_return;
    std::shared_ptr<Pending> pending = pending_.front();
    Result<void> sent;
    if (pending->reply.kind == Reply::Kind::close) {
      failed_ = true;
    } else if (pending->reply.kind == Reply::Kind::pieces) {
      sent = co_await stream_->write(std::move(pending->reply.pieces));
      if (!sent) failed_ = true;
    }
    pending_.pop_front();
    pending_bytes_ -= pending->request->size_bytes();
    drained_.notify();
    if (failed_) {
      if (!sent) log_debug("closing ", peer_.remote, ": ", sent.error().message);
      co_return;
    }
  }
}

}  // namespace eventd
