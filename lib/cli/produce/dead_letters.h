// SPDX-License-Identifier: Apache-2.0
// The file of --dead-letter: what was bad or not acknowledged is appended to it, as it was read.
//
// Records that are on their way are kept in memory until it is known what became of them: no more
// than the producer holds. Each is written with its delimiter, or its length in front.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/cli/command_line.h"
#include "lib/cli/produce/record_splitter.h"

namespace eventd {

class DeadLetters {
 public:
  // The format outlives this.
  explicit DeadLetters(const RecordFormat& format) : format_(format) {}
  ~DeadLetters();
  DeadLetters(const DeadLetters&) = delete;
  DeadLetters& operator=(const DeadLetters&) = delete;

  Result<void> open(const std::string& path);
  bool is_open() const { return descriptor_ >= 0; }
  // Whether that is the same file as ours: an input that grows while it is read.
  bool is_file(const std::string& path) const;

  // Of the record in hand. Lines come in ascending order.
  void keep(uint64_t line, const InputRecord& record);
  void write(const InputRecord& record);
  // Of one that was kept.
  void acknowledged(uint64_t line) { release(line, false); }
  void lost(uint64_t line) { release(line, true); }
  // Whether so much is kept that records should be waited for.
  bool is_full() const { return kept_bytes_ > kKeptMax; }
  // Writes what has gathered.
  Result<void> flush();

 private:
  static constexpr size_t kKeptMax = 64 << 20;

  struct Kept {
    uint64_t line = 0;
    size_t end = 0;  // in the block's bytes
  };
  struct Block {
    std::string bytes;
    std::vector<Kept> records;
    uint64_t last_line = 0;
    size_t left = 0;  // of the records, whose end is not known
  };
  void append_raw(std::string& out, const InputRecord& record) const;
  void release(uint64_t line, bool is_lost);

  const RecordFormat& format_;
  int descriptor_ = -1;
  std::string buffer_;
  std::deque<Block> blocks_;
  size_t kept_bytes_ = 0;
};

}  // namespace eventd
