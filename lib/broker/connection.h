// SPDX-License-Identifier: Apache-2.0
// One client's connection: two coroutines on one loop.
//
// The reader takes frames off the stream and starts requests in their order. A Produce is appended
// at once, so that several in a row share a sync; any other request first waits until all before it
// have been answered. The writer sends the replies in the order of the requests, each when it is
// ready. Whichever of the two fails ends the stream, which wakes the other; requests under way are
// waited for, because they refer to the connection.
//
//   frame:  i32 size, then so many bytes
//
// Memory for a frame grows with the bytes that arrive, never by the size that it declares.
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
  std::chrono::milliseconds frame_time_max{60'000};
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
  // Loop's thread: no further requests; those under way are answered, then run() returns.
  void stop();
  // Loop's thread: ends at once.
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
  Task<Result<Buffer>> read_frame();
  Task<void> take_turn();
  Task<bool> start(Buffer frame);
  bool has_room() const;
  void give_up_all();

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
  bool reading_ended_ = false;
  bool failed_ = false;
  bool stopping_ = false;
  int turns_ = 0;
  size_t turn_bytes_ = 0;
};

}  // namespace eventd
