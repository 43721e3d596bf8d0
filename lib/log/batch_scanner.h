// SPDX-License-Identifier: Apache-2.0
// Reads a file of batches from front to back, a megabyte at a time.
//
// What it hands out is checked: a whole batch of format 2 whose checksum holds. It stops at the
// first place where none stands, and can look for the next one beyond.
#pragma once

#include <cstdint>
#include <optional>

#include "lib/base/bytes.h"
#include "lib/base/result.h"
#include "lib/log/disk.h"
#include "lib/record/batch.h"

namespace eventd {

class BatchScanner {
 public:
  struct Batch {
    BatchHeader header;
    uint64_t position = 0;
    Bytes bytes;  // until the next call
  };

  // Reads [position, end) of `file`, which outlives the scanner. Batches below `checked_from` were
  // synced and are believed without their checksum.
  BatchScanner(File& file, uint64_t position, uint64_t end, uint64_t checked_from = 0)
      : file_(file), position_(position), end_(end), checked_from_(checked_from) {}

  // Nothing at the end of the file, and where no whole batch stands: then stopped_at() < end.
  Result<std::optional<Batch>> next();
  uint64_t stopped_at() const { return position_; }

  // Whether a whole batch with a base offset of at least `from` stands anywhere behind.
  Result<bool> finds_another(Offset from);

 private:
  Result<Bytes> window(uint64_t position, size_t size);

  File& file_;
  uint64_t position_;
  const uint64_t end_;
  const uint64_t checked_from_;
  Buffer buffer_;
  uint64_t buffer_at_ = 0;
};

}  // namespace eventd
