// SPDX-License-Identifier: Apache-2.0
// A record that is kept after its batch is gone.
#pragma once

#include <cstddef>
#include <memory>

#include "lib/client/fetcher.h"
#include "lib/record/record.h"

namespace eventd {

class HeldRecord {
 public:
  // Copies key, value and headers, in one piece of memory.
  explicit HeldRecord(const FetchedRecord& record);

  const TopicPartition& partition() const { return *partition_; }
  int64_t offset() const { return offset_; }
  int64_t timestamp() const { return timestamp_; }
  // What it takes, itself included.
  size_t size_bytes() const { return sizeof *this + size_; }
  // Calls `use` with the record as it was; views hold for the call.
  template <class Use>
  auto use(Use&& use) const {
    FetchedRecord fetched;
    fetched.partition = partition_;
    fetched.offset = offset_;
    fetched.timestamp = timestamp_;
    fetched.key = record_.key;
    fetched.value = record_.value;
    fetched.record = &record_;
    return use(fetched);
  }

 private:
  const TopicPartition* partition_;
  int64_t offset_;
  int64_t timestamp_;
  Record record_;  // its views look into memory_
  size_t size_ = 0;
  std::unique_ptr<uint8_t[]> memory_;
};

}  // namespace eventd
