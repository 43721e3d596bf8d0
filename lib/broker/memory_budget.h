// SPDX-License-Identifier: Apache-2.0
// How much memory the frames of all connections may take together (queued.max.request.bytes).
//
// Small frames are always let in; a large one that finds the budget spent is read on later, and
// its peer waits. Any thread. The budget outlives its charges.
#pragma once

#include <atomic>
#include <cstddef>
#include <limits>
#include <utility>

namespace eventd {

class MemoryBudget {
 public:
  static constexpr size_t kUnlimited = std::numeric_limits<size_t>::max();
  explicit MemoryBudget(size_t bytes_max) : bytes_max_(bytes_max) {}

  size_t used() const { return used_.load(std::memory_order_relaxed); }

 private:
  friend class MemoryCharge;
  bool take(size_t bytes, bool always) {
    size_t used = used_.fetch_add(bytes, std::memory_order_relaxed);
    // Whoever finds anything left may take what it needs, so that no frame is too large to come in.
    if (always || used < bytes_max_) return true;
    give_back(bytes);
    return false;
  }
  void give_back(size_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }

  const size_t bytes_max_;
  std::atomic<size_t> used_{0};
};

// What one frame has taken.
class MemoryCharge {
 public:
  MemoryCharge() = default;
  explicit MemoryCharge(MemoryBudget& budget) : budget_(&budget) {}
  MemoryCharge(MemoryCharge&& other) noexcept
      : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  MemoryCharge& operator=(MemoryCharge&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~MemoryCharge() {
    if (budget_ != nullptr) budget_->give_back(bytes_);
  }

  // Raises what is held to `bytes`; false, and nothing more is held, if the budget is spent.
  bool grow_to(size_t bytes, bool always) {
    if (bytes <= bytes_) return true;
    if (!budget_->take(bytes - bytes_, always)) return false;
    bytes_ = bytes;
    return true;
  }

 private:
  MemoryBudget* budget_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace eventd
