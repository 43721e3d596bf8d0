// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/counters.h"

#include <optional>

#include "lib/base/text.h"

namespace eventd {

std::string summary(const std::vector<const LoopCounters*>& loops, uint64_t syncs) {
  auto sum = [&](Counter LoopCounters::*counter) {
    uint64_t total = 0;
    for (const LoopCounters* loop : loops) total += (loop->*counter).value();
    return total;
  };
  std::string by_api;
  uint64_t all = 0;
  for (size_t key = 0; key < LoopCounters::kApis; key++) {
    uint64_t count = 0;
    for (const LoopCounters* loop : loops) count += loop->requests[key].value();
    if (count == 0) continue;
    all += count;
    std::optional<ApiKey> api = api_key_of(static_cast<int16_t>(key));
    by_api += text(by_api.empty() ? " (" : ", ", api ? name_of(*api) : "?", " ", count);
  }
  if (!by_api.empty()) by_api += ")";
  return text(sum(&LoopCounters::connections), " connections, ", all, " requests", by_api, ", ",
              sum(&LoopCounters::bytes_in), " bytes in, ", sum(&LoopCounters::bytes_out),
              " bytes out, ", sum(&LoopCounters::waits), " waits, ", sum(&LoopCounters::errors),
              " errors, ", syncs, " syncs");
}

}  // namespace eventd
