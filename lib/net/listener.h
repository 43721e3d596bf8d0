// SPDX-License-Identifier: Apache-2.0
// Accepts connections on one address.
//
// Where the process runs out of descriptors, a spare one is given up to accept and close the
// waiting connection, so that the client learns of it. Where even that fails, or the system has no
// memory, nothing is accepted for a moment: the loop never spins on a socket that stays readable.
#pragma once

#include <functional>
#include <memory>

#include "lib/base/result.h"
#include "lib/net/address.h"
#include "lib/net/loop.h"

namespace eventd {

class Listener {
 public:
  using Accepted = std::function<void(int descriptor)>;  // owns it from then on

  // in_use if somebody listens there. The port 0 becomes a free one. The loop outlives the
  // listener.
  static Result<std::unique_ptr<Listener>> listen(Loop& loop, const Address& address,
                                                  Accepted accepted);
  ~Listener();

  const Address& address() const { return address_; }

  // Nothing is accepted until resume(): connections wait in the system's queue. May be called by
  // `accepted`.
  void pause();
  void resume();

 private:
  Listener(Loop& loop, int descriptor, Accepted accepted);
  void accept_some();
  bool refuse_one();
  void rest();
  void arm();

  Loop& loop_;
  int descriptor_;
  int spare_;
  Accepted accepted_;
  Address address_;
  std::unique_ptr<Watch> watch_;
  bool paused_ = false;
  Loop::TimerId resting_ = 0;
  uint64_t refused_ = 0;  // since the last warning
  Instant warn_again_{};
};

}  // namespace eventd
