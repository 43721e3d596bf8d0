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

  // Reads [position, end) of `file`, which outlives the scanner.
  BatchScanner(File& file, uint64_t position, uint64_t end)
      : file_(file), position_(position), end_(end), from_device_(true) {}
  // Reads [0, end) of a file that has been synced. Batches that lie wholly below `believed` are
  // taken without a look at their checksum; where they end, the rest of the file is dropped from
  // the page cache, so that it comes from the device.
  BatchScanner(File& file, uint64_t end, Offset believed)
      : file_(file), end_(end), believed_(believed) {}

  // Nothing at the end of the file, and where no whole batch stands: then stopped_at() < end.
  Result<std::optional<Batch>> next();
  uint64_t stopped_at() const { return position_; }

  // Whether a whole batch with a base offset of at least `from` stands anywhere behind. What looks
  // like a batch again and again, and never is one, is taken for one after a while: bytes that were
  // made to look so must not hold up a start.
  Result<bool> finds_another(Offset from);

 private:
  Result<Bytes> window(uint64_t position, size_t size);
  void read_from_device();

  File& file_;
  uint64_t position_ = 0;
  const uint64_t end_;
  const Offset believed_;
  bool from_device_ = false;  // or wherever it comes from
  Buffer buffer_;
  uint64_t buffer_at_ = 0;
};

}  // namespace eventd
