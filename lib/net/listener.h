// SPDX-License-Identifier: Apache-2.0
// Accepts connections on one address.
//
// The file of a unix socket is ours: one that a dead process has left is replaced, and ours goes
// with the listener, unless somebody has put another in its place.
//
// Where the process runs out of descriptors, a spare one is given up to accept and close the
// waiting connection, so that the client learns of it. Where even that fails, or the system has no
// memory, nothing is accepted for a moment: the loop never spins on a socket that stays readable.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "lib/base/result.h"
#include "lib/net/address.h"
#include "lib/net/loop.h"

namespace eventd {

// A file, whatever its name is by now.
struct FileId {
  uint64_t device = 0;
  uint64_t inode = 0;
  bool operator==(const FileId&) const = default;
};

class Listener {
 public:
  using Accepted = std::function<void(int descriptor)>;  // owns it from then on

  // in_use if somebody listens there. The port 0 becomes a free one. The loop outlives the
  // listener.
  static Result<std::unique_ptr<Listener>> listen(Loop& loop, const Address& address,
                                                  Accepted accepted);
  // Takes a socket that listens already, of whoever started us.
  static Result<std::unique_ptr<Listener>> adopt(Loop& loop, int descriptor, Accepted accepted);
  ~Listener();

  const Address& address() const { return address_; }

  // Nothing is accepted until resume(): connections wait in the system's queue. May be called by
  // `accepted`.
  void pause();
  void resume();

 private:
  Listener(Loop& loop, int descriptor, Accepted accepted);
  Result<void> begin();
  void accept_some();
  bool refuse_one();
  void rest();
  void arm();

  Loop& loop_;
  int descriptor_;
  int spare_;
  Accepted accepted_;
  Address address_;
  std::optional<FileId> file_;  // of the unix socket that we made
  std::unique_ptr<Watch> watch_;
  bool paused_ = false;
  Loop::TimerId resting_ = 0;
  uint64_t refused_ = 0;  // since the last warning
  Instant warn_again_{};
};

}  // namespace eventd
