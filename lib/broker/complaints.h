// SPDX-License-Identifier: Apache-2.0
// Log lines that a peer can cause: so many in a while, the others are counted. Any thread.
#pragma once

#include <cstdint>
#include <mutex>
#include <string_view>

#include "lib/base/clock.h"
#include "lib/base/logger.h"

namespace eventd {

class Complaints {
 public:
  static constexpr int kLinesMax = 20;
  static constexpr std::chrono::seconds kPeriod{10};

  // About a peer.
  template <class... Pieces>
  void info(const Pieces&... pieces) {
    if (logs(LogLevel::info) && peers_.passes(monotonic_now())) log_info(pieces...);
  }
  // About ourselves, where each request may find the same fault.
  template <class... Pieces>
  void error(const Pieces&... pieces) {
    if (faults_.passes(monotonic_now())) log_error(pieces...);
  }

  class Gate {
   public:
    // Whether one more line may be written; says how many were not, once some may again.
    bool passes(Instant now);

   private:
    std::mutex mutex_;
    Instant began_{};
    int passed_ = 0;
    uint64_t held_back_ = 0;
  };

 private:
  Gate peers_;
  Gate faults_;
};

}  // namespace eventd
