// SPDX-License-Identifier: Apache-2.0
// What a loop has done since the start. Each counter is added to by its own loop only and may be
// read by any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "lib/wire/api.h"

namespace eventd {

class Counter {
 public:
  void add(uint64_t amount) {
    // One writer: no locked instruction is needed.
    value_.store(value() + amount, std::memory_order_relaxed);
  }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

struct LoopCounters {
  static constexpr size_t kApis = 128;

  std::array<Counter, kApis> requests;  // by API key
  Counter bytes_in;                     // of whole frames
  Counter bytes_out;
  Counter waits;        // for a watermark, for more records, for room
  Counter errors;       // requests that were answered by closing the connection, and bad frames
  Counter connections;  // that were accepted

  Counter& of(ApiKey api) { return requests[static_cast<size_t>(api) % kApis]; }
};

// One line for the log: "3 connections, 12 requests (Produce 7, Fetch 5), 1234 bytes in, ..".
std::string summary(const std::vector<const LoopCounters*>& loops, uint64_t syncs);

}  // namespace eventd
