// SPDX-License-Identifier: Apache-2.0
// The pause before something that failed is tried again, as Kafka's clients make it (KIP-580):
// twice as long each time, up to a limit, and a fifth more or less, so that many clients do not all
// come at the same moment.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace eventd {

struct Backoff {
  std::chrono::milliseconds first;
  std::chrono::milliseconds longest;

  // After so many failures in a row, at least one; `random` chooses within the fifth.
  std::chrono::milliseconds pause(size_t failures, uint32_t random) const {
    int64_t most = longest.count();
    int64_t pause = std::min(first.count(), most);
    for (size_t i = 1; i < failures && pause < most; i++) pause = std::min(pause * 2, most);
    int64_t spread = pause / 5;
    return std::chrono::milliseconds(pause - spread + random % (2 * spread + 1));
  }
};

}  // namespace eventd
