// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/connection.h"

#include <algorithm>
#include <utility>

#include "lib/base/big_endian.h"
#include "lib/base/ensure.h"
#include "lib/base/logger.h"
#include "lib/base/text.h"
#include "lib/broker/broker.h"
#include "lib/broker/handlers/handlers.h"

namespace eventd {

namespace {
constexpr size_t kInputSize = 64 << 10;
constexpr size_t kFrameStep = 1 << 20;
// Frames up to this size need no room in the budget.
constexpr size_t kFrameAlways = 64 << 10;
constexpr std::chrono::milliseconds kMemoryPoll{10};
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
  stream_->on_disconnect([this] { peer_left(); });
  spawn(read_requests());
  co_await write_replies();
  abort();
  // Requests that were under way refer to this connection; their answers go nowhere.
  while (!reading_ended_ || !pending_.empty()) {
    while (!pending_.empty() && pending_.front()->ready) pending_.pop_front();
    drained_.notify();
    if (!reading_ended_ || !pending_.empty()) co_await replied_.wait();
  }
  // Whoever woke this up may be a member of the connection or of its stream, and goes on after it.
  co_await next_turn(loop_);
}

void Connection::stop() {
  stopping_ = true;
  for (auto& pending : pending_) pending->request->give_up();
  stream_->end_reads();
  unmuted_.notify();
}

void Connection::abort() {
  failed_ = true;
  for (auto& pending : pending_) pending->request->abandon();
  stream_->shutdown();
  replied_.notify();
  drained_.notify();
  unmuted_.notify();
}

void Connection::peer_left() {
  peer_left_ = true;
  unmuted_.notify();
  for (auto& pending : pending_) pending->request->give_up();
}

// Makes at least `needed` bytes stand in input_.
Task<Result<void>> Connection::fill(size_t needed) {
  while (input_end_ - input_at_ < needed) {
    if (input_at_ == input_end_) {
      // Silent connections are many, and hold no buffer.
      input_ = {};
      input_at_ = input_end_ = 0;
      Result<void> ready = co_await stream_->readable();
      if (!ready) co_return pass(ready);
    }
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
    if (input_end_ - input_at_ < needed) {
      // The first bytes of a frame: from now on it must come.
      if (frame_began_ == Instant::max()) frame_began_ = loop_.now();
      stream_->set_read_deadline(frame_deadline(0));
    }
  }
  co_return Result<void>{};
}

Instant Connection::frame_deadline(size_t bytes_so_far) const {
  auto more = std::chrono::seconds(bytes_so_far / limits_.frame_bytes_per_second);
  return frame_began_ + limits_.frame_time_max + more;
}

Task<Result<Buffer>> Connection::read_frame(MemoryCharge& charge) {
  frame_began_ = input_end_ > input_at_ ? loop_.now() : Instant::max();
  while (input_end_ - input_at_ < kFramePrefix) {
    bool begun = frame_began_ != Instant::max();
    stream_->set_read_deadline(begun ? frame_deadline(0) : loop_.now() + limits_.idle_max);
    Result<void> prefix = co_await fill(kFramePrefix);
    if (prefix) break;
    // Who waits for answers is not idle.
    bool silent = prefix.error().code == Code::deadline_passed && frame_began_ == Instant::max();
    if (!silent || pending_.empty()) co_return pass(prefix);
  }
  if (frame_began_ == Instant::max()) frame_began_ = loop_.now();
  auto size = load_big_endian<int32_t>(input_.data() + input_at_);
  input_at_ += kFramePrefix;
  if (size < 0 || size > limits_.frame_bytes_max) {
    co_return fail(Code::invalid_request, text("a frame of ", size, " bytes; at most ",
                                               limits_.frame_bytes_max, " are served"));
  }
  auto total = static_cast<size_t>(size);
  size_t have = std::min(total, input_end_ - input_at_);
  ENSURE(charge.grow_to(have, true));
  Buffer frame(input_.begin() + static_cast<ptrdiff_t>(input_at_),
               input_.begin() + static_cast<ptrdiff_t>(input_at_ + have));
  input_at_ += have;
  if (have < total) {
    Result<void> rest = co_await read_rest(frame, total, charge);
    if (!rest) co_return pass(rest);
  }
  co_return std::move(frame);
}

Task<Result<void>> Connection::read_rest(Buffer& frame, size_t total, MemoryCharge& charge) {
  while (frame.size() < total) {
    // A declared size is not believed beyond a step: then it doubles with what has come.
    size_t filled = frame.size();
    size_t next = std::min(total, std::max(filled * 2, kFrameStep));
    Instant deadline = frame_deadline(filled);
    if (!charge.grow_to(next, next <= kFrameAlways)) {
      Result<void> memory = co_await await_memory(charge, next, deadline);
      if (!memory) co_return pass(memory);
    }
    frame.resize(next);
    MutableBytes room = MutableBytes(frame).subspan(filled);
    while (!room.empty()) {
      stream_->set_read_deadline(frame_deadline(next - room.size()));
      Result<size_t> got = co_await stream_->read_some(room);
      if (!got) co_return pass(got);
      if (*got == 0) co_return fail(Code::connection_closed, "the peer closed within a frame");
      room = room.subspan(*got);
    }
  }
  co_return Result<void>{};
}

// Other connections have taken the memory that there is for large frames.
Task<Result<void>> Connection::await_memory(MemoryCharge& charge, size_t size, Instant deadline) {
  broker_.counters(loop_index_).waits.add(1);
  while (!charge.grow_to(size, false)) {
    if (!takes_more()) co_return fail(Code::cancelled, "no longer read");
    if (loop_.now() >= deadline) co_return fail(Code::deadline_passed, "there was no memory");
    co_await sleep_until(loop_, loop_.now() + kMemoryPoll);
  }
  co_return Result<void>{};
}

Task<void> Connection::take_turn() {
  turns_ = 0;
  turn_bytes_ = 0;
  co_await next_turn(loop_);
}

// Of a client beyond its quota, whose next request is not taken yet.
Task<void> Connection::await_unmuted() {
  stream_->watch_disconnect();
  while (takes_more() && !peer_left_ && loop_.now() < muted_until_) {
    co_await unmuted_.wait_until(loop_, muted_until_);
  }
}

bool Connection::has_room() const {
  return pending_.size() < limits_.pipelined_max && pending_bytes_ < limits_.pipelined_bytes_max;
}

Task<void> Connection::read_requests() {
  while (takes_more()) {
    if (turns_ >= limits_.turns_max || turn_bytes_ > limits_.turn_bytes_max) {
      co_await take_turn();
    }
    MemoryCharge charge(broker_.frame_memory());
    Result<Buffer> frame = co_await read_frame(charge);
    if (!frame) {
      note_end(frame.error());
      break;
    }
    if (std::exchange(turn_began_, stream_->read_waits()) != stream_->read_waits()) {
      turns_ = 0;
      turn_bytes_ = 0;
    }
    turns_++;
    turn_bytes_ += frame->size();
    bool started = co_await start(std::move(*frame), std::move(charge));
    if (!started) break;
  }
  reading_ended_ = true;
  replied_.notify();
}

void Connection::note_end(const Error& error) {
  if (error.code == Code::invalid_request) {
    broker_.counters(loop_index_).errors.add(1);
    broker_.complaints().info("closing ", peer_.remote, ": ", error.message);
  } else {
    log_debug("closing ", peer_.remote, ": ", error.message);
  }
  if (error.code == Code::connection_closed) peer_left();
}

// False where reading must end: what cannot be parsed gets no answer.
Task<bool> Connection::start(Buffer frame, MemoryCharge charge) {
  LoopCounters& counters = broker_.counters(loop_index_);
  counters.bytes_in.add(frame.size() + kFramePrefix);
  auto request = std::make_unique<Request>(broker_, loop_, loop_index_, peer_, std::move(frame));
  request->set_charge(std::move(charge));
  Result<void> parsed = parse_request(*request);
  if (!parsed) {
    counters.errors.add(1);
    broker_.complaints().info("closing ", peer_.remote, ": ", parsed.error().message);
    co_return false;
  }
  bool overlaps = may_overlap(*request);
  while (!failed_ && !(overlaps ? has_room() : pending_.empty())) {
    // Nothing is read meanwhile, so the peer's end must be told.
    stream_->watch_disconnect();
    co_await drained_.wait();
  }
  if (!failed_ && !pending_.empty()) {
    // Not the reply, only the appends: what comes later must not overtake them.
    std::shared_ptr<Pending> previous = pending_.back();
    stream_->watch_disconnect();
    co_await previous->request->await_appends();
  }
  if (loop_.now() < muted_until_) co_await await_unmuted();
  if (failed_) co_return false;
  counters.of(request->api).add(1);
  auto pending = std::make_shared<Pending>();
  pending_bytes_ += request->size_bytes();
  request->view = broker_.view(loop_index_);
  request->arrived = loop_.now();
  if (peer_left_ || stopping_) request->give_up();
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
    if (failed_ || pending_.empty()) co_return;
    std::shared_ptr<Pending> pending = pending_.front();
    if (pending->reply.kind == Reply::Kind::close) {
      broker_.counters(loop_index_).errors.add(1);
      co_return;
    }
    if (pending->reply.kind == Reply::Kind::pieces) {
      broker_.counters(loop_index_).bytes_out.add(pending->reply.size_bytes());
      Result<void> sent = co_await stream_->write(std::move(pending->reply.pieces));
      if (!sent) {
        log_debug("closing ", peer_.remote, ": ", sent.error().message);
        co_return;
      }
    }
    if (pending->reply.mute.count() > 0) muted_until_ = loop_.now() + pending->reply.mute;
    pending_.pop_front();
    pending_bytes_ -= pending->request->size_bytes();
    pending.reset();
    drained_.notify();
  }
}

}  // namespace eventd
