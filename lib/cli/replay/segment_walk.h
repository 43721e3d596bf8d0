// SPDX-License-Identifier: Apache-2.0
// Reads the batches of a segment file from front to back, over damage, whoever writes to the file.
//
// Where no whole batch stands the next one behind is looked for, byte by byte; what lies between is
// damage. Behind the last whole batch it is a torn tail. Nothing is believed of what is read, and
// the file is only read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "lib/base/bytes.h"
#include "lib/base/result.h"
#include "lib/log/disk.h"
#include "lib/record/batch.h"

namespace eventd {

class SegmentWalk {
 public:
  // headers: fast, for what headers tell; the first that cannot be ends the walk as damage. Control
  // batches are checked. all: checksums too.
  enum class Check { headers, all };

  struct Batch {
    BatchHeader header;
    uint64_t position = 0;
    Bytes bytes;  // until the next call; of a walk by headers only those of control batches
  };
  struct Damage {
    uint64_t from = 0;
    uint64_t until = 0;  // where the next whole batch stands, or the end of the file
    std::string what;
    bool is_tail = false;  // nothing whole follows
    bool is_zeros = false;
  };

  struct Range {
    Offset base;              // of the segment
    Offset limit{INT64_MAX};  // of the one behind it: no offset reaches so far
    uint64_t position = 0;    // where a batch stands
    uint64_t end = 0;         // of the file, as it was looked at
    Offset expected;          // no batch begins before
  };

  // The file outlives the walk.
  SegmentWalk(File& file, const Range& range, Check check)
      : file_(file),
        base_(range.base),
        limit_(range.limit),
        position_(range.position),
        end_(range.end),
        expected_(range.expected),
        check_(check) {}

  // Nothing at the end. unsupported_for_message_format where a message of an old format stands; an
  // error of the system if the file cannot be read.
  Result<std::optional<Batch>> next();
  // What was passed over since it was asked for last.
  std::optional<Damage> take_damage() { return std::exchange(damage_, std::nullopt); }
  uint64_t position() const { return position_; }
  // The batch at this position, one that was handed out, comes again.
  void go_back(uint64_t position, Offset expected) {
    position_ = position;
    expected_ = expected;
  }

 private:
  Result<Bytes> window(uint64_t position, size_t size);
  Result<std::optional<Batch>> batch_at(uint64_t position, std::string& why);
  Result<bool> offset_is_wrong(const BatchHeader& header, uint64_t position);
  Result<void> refuse_old_format(uint64_t position);
  Result<bool> skip_damage(std::string why);
  Result<bool> only_zeros(uint64_t from);

  File& file_;
  const Offset base_;
  const Offset limit_;
  uint64_t position_;
  const uint64_t end_;
  Offset expected_;
  const Check check_;
  std::optional<Damage> damage_;
  Buffer buffer_;
  uint64_t buffer_at_ = 0;
};

}  // namespace eventd
