// SPDX-License-Identifier: Apache-2.0
// Accepts connections on one address.
//
// Where the process runs out of descriptors, a spare one is given up to accept and close the
// waiting connection, so that the client learns of it and the loop does not spin.
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

 private:
  Listener(int descriptor, Accepted accepted);
  void accept_some();
  void refuse_one();

  int descriptor_;
  int spare_;
  Accepted accepted_;
  Address address_;
  std::unique_ptr<Watch> watch_;
};

}  // namespace eventd
