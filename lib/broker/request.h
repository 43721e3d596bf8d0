// SPDX-License-Identifier: Apache-2.0
// A request on its way through a handler, and the reply that comes out.
//
// A handler is a coroutine on its connection's loop. What it needs stands here and lives until the
// reply is encoded: the frame (which decoded messages look into), the view of the metadata as it
// was when the request began, and whatever the handler asks to keep.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/clock.h"
#include "lib/broker/authorizer.h"
#include "lib/broker/memory_budget.h"
#include "lib/broker/ticket.h"
#include "lib/broker/view.h"
#include "lib/log/log.h"
#include "lib/net/loop.h"
#include "lib/net/stream.h"
#include "lib/wire/api.h"
#include "lib/wire/message.h"

namespace eventd {

class Broker;

// What a connection knows of its peer. Its loop writes it; handlers of the connection read it.
struct Peer {
  std::string listener = "PLAINTEXT";
  std::string local_host;  // the address that the client connected to
  int32_t local_port = 0;
  std::string remote;  // for logs
  Principal principal;
  std::string software;  // from ApiVersions, for logs
};

// A reply to send, or none (acks=0), or the end of the connection.
struct Reply {
  enum class Kind { pieces, none, close };
  Kind kind = Kind::none;
  std::vector<Piece> pieces;
  std::chrono::milliseconds mute{0};  // nothing more is read for so long after it was sent

  size_t size_bytes() const;

  static Reply none() { return {}; }
  static Reply close() { return {Kind::close, {}, {}}; }
};

class Request {
 public:
  Request(Broker& broker, Loop& loop, size_t loop_index, Peer& peer, Buffer frame)
      : broker(broker), loop(loop), loop_index(loop_index), peer(peer), frame_(std::move(frame)) {}

  Broker& broker;  // outlives all requests, as does the loop
  Loop& loop;
  const size_t loop_index;
  Peer& peer;  // of the connection, which waits for its requests before it goes

  ApiKey api{};
  int16_t version = 0;
  int32_t correlation_id = 0;
  std::string_view client_id;  // in the frame
  Instant arrived{};
  View view;

  // The slices of files that stand in the reply, in the order of its omitted records.
  std::vector<LogSlice> slices;

  Bytes frame() const { return frame_; }
  // Produce stamps its batches in place. `view` looks into the frame.
  MutableBytes mutable_view(Bytes view) {
    return MutableBytes(frame_).subspan(static_cast<size_t>(view.data() - frame_.data()),
                                        view.size());
  }
  Bytes body() const { return frame().subspan(body_at_); }
  void set_body_at(size_t position) { body_at_ = position; }
  size_t size_bytes() const { return frame_.size(); }

  // Keeps a text until the reply is encoded.
  std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }
  // Keeps anything else that the response looks into.
  template <class T>
  const T& keep(std::shared_ptr<const T> thing) {
    const T& kept = *thing;
    things_.push_back(std::move(thing));
    return kept;
  }

  // A Produce may wait for room before it appends: the next of the connection comes after that.
  void appends_done() {
    appends_done_ = true;
    appended_.notify();
  }
  Task<void> await_appends();

  // Waits for `partition` to bring its watermark to `reaches`. False at the deadline, after
  // abandon(), and where the partition fails or retires first.
  Task<bool> wait_for(Partition& partition, Offset reaches, Instant deadline);
  // Waits until so little of the partition is unsynced that appends are welcome. False likewise,
  // and after give_up().
  Task<bool> wait_for_room(Partition& partition, Instant deadline);

  // The peer sends no more, or the broker stops: whoever waits for others to bring something
  // answers with what there is. What the request itself has begun is still waited for.
  void give_up();
  bool gave_up() const { return gave_up_; }
  // Nobody will get the answer: nothing is waited for any more.
  void abandon();
  // What these two fire, besides whoever else holds it.
  void set_ticket(TicketPointer ticket) { ticket_ = std::move(ticket); }

  // Memory that the frame holds of the broker's budget; returned with the request.
  void set_charge(MemoryCharge charge) { charge_ = std::move(charge); }

  WallTime wall_now() const { return loop.wall_now(); }

 private:
  Buffer frame_;
  size_t body_at_ = 0;
  std::deque<std::string> texts_;
  std::vector<std::shared_ptr<const void>> things_;  // shared with whoever made them
  TicketPointer ticket_;
  MemoryCharge charge_;
  bool gave_up_ = false;
  bool abandoned_ = false;
  bool appends_done_ = false;
  Signal appended_;
};

}  // namespace eventd
