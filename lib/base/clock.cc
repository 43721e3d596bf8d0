// SPDX-License-Identifier: Apache-2.0
#include "lib/base/clock.h"

namespace eventd {

Instant monotonic_now() { return std::chrono::steady_clock::now(); }

WallTime wall_now() {
  auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::milliseconds>(since_1970).count()};
}

}  // namespace eventd
