// SPDX-License-Identifier: Apache-2.0
// One client's connection: two coroutines on one loop.
//
// The reader takes frames off the stream and starts requests in their order. A Produce is appended
// at once, so that several in a row share a sync; any other request first waits until all before it
// have been answered. The writer sends the replies in the order of the requests, each when it is
// ready.
//
// Reading ends at the peer's end of stream, at a frame that is no request, by stop() or by silence;
// what was read before is still answered. A peer that closed its side may have closed only that
// side: it gets its answers too, but nothing waits for more to come. When writing ends, all ends:
// requests under way are waited for, because they refer to the connection, but wait for nothing.
//
//   frame:  i32 size, then so many bytes
//
// Memory for a frame grows with the bytes that arrive, never by the size that it declares. Between
// frames none is held.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "lib/broker/request.h"
#include "lib/net/stream.h"
#include "lib/net/task.h"

namespace eventd {

struct ConnectionLimits {
  int32_t frame_bytes_max = 100 << 20;
  size_t pipelined_max = 5;
  size_t pipelined_bytes_max = 8 << 20;
  std::chrono::milliseconds idle_max{600'000};
  // A frame must be whole by then, and a second later for each so many bytes of it that came.
  std::chrono::milliseconds frame_time_max{60'000};
  size_t frame_bytes_per_second = 256 << 10;
  // After so much work without waiting the loop serves others first.
  int turns_max = 8;
  size_t turn_bytes_max = 1 << 20;
};

class Connection {
 public:
  // The broker and the loop outlive the connection.
  Connection(Broker& broker, Loop& loop, size_t loop_index, std::unique_ptr<Stream> stream,
             Peer peer, const ConnectionLimits& limits);

  // Serves until either side closes.
  Task<void> run();
  // Loop's thread: no further requests; those under way are answered, then run() returns. A frame
  // that has not come whole is no request yet.
  void stop();
  // Loop's thread: ends without answers.
  void abort();

 private:
  // A request whose reply is not sent yet.
  struct Pending {
    std::unique_ptr<Request> request;
    Reply reply;
    bool ready = false;
  };

  Task<void> read_requests();
  Task<void> write_replies();
  Task<void> answer(std::shared_ptr<Pending> pending);
  Task<Result<void>> fill(size_t needed);
  Task<Result<Buffer>> read_frame(MemoryCharge& charge);
  Task<Result<void>> read_rest(Buffer& frame, size_t total, MemoryCharge& charge);
  Task<Result<void>> await_memory(MemoryCharge& charge, size_t size, Instant deadline);
  Instant frame_deadline(size_t bytes_so_far) const;
  Task<void> take_turn();
  Task<void> await_unmuted();
  Task<bool> start(Buffer frame, MemoryCharge charge);
  void note_end(const Error& error);
  void peer_left();
  bool has_room() const;
  bool takes_more() const { return !failed_ && !stopping_; }

  Broker& broker_;
  Loop& loop_;
  const size_t loop_index_;
  std::unique_ptr<Stream> stream_;
  Peer peer_;
  const ConnectionLimits limits_;

  Buffer input_;  // bytes read and not yet parsed stand in [input_at_, input_end_)
  size_t input_at_ = 0;
  size_t input_end_ = 0;

  // Shared with the coroutine that answers.
  std::deque<std::shared_ptr<Pending>> pending_;
  size_t pending_bytes_ = 0;
  Signal replied_;  // the first of pending_ is ready, or reading has ended
  Signal drained_;  // a reply has left
  Signal unmuted_;  // before its time: the connection ends
  Instant muted_until_ = Instant::min();
  bool reading_ended_ = false;
  bool failed_ = false;     // nothing more is written
  bool peer_left_ = false;  // sends no more
  bool stopping_ = false;
  Instant frame_began_{};
  int turns_ = 0;
  size_t turn_bytes_ = 0;
  uint64_t turn_began_ = 0;  // what read_waits() was then
};

}  // namespace eventd
