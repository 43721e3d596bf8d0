// SPDX-License-Identifier: Apache-2.0
// Whom to slow down. Every answer passes here once: what is decided is told in its throttle time,
// and its connection is muted for so long, as in Kafka since KIP-219.
#pragma once

#include <chrono>

namespace eventd {

class Request;

class Throttle {
 public:
  virtual ~Throttle() = default;
  // On the loop of the request, when its answer is about to be encoded.
  virtual std::chrono::milliseconds delay_after(const Request& request) = 0;
};

// There are no quotas, so nobody is beyond one.
class NoQuotas : public Throttle {
 public:
  std::chrono::milliseconds delay_after(const Request&) override {
    return std::chrono::milliseconds(0);
  }
};

}  // namespace eventd
