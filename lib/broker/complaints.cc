// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/complaints.h"

namespace eventd {

bool Complaints::Gate::passes(Instant now) {
  std::lock_guard lock(mutex_);
  if (passed_ == 0 || now - began_ >= kPeriod) {
    if (held_back_ > 0) log_info(held_back_, " more such lines were left out");
    held_back_ = 0;
    passed_ = 0;
    began_ = now;
  }
  if (passed_ >= kLinesMax) {
    held_back_++;
    return false;
  }
  passed_++;
  return true;
}

}  // namespace eventd
