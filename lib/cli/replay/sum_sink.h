// SPDX-License-Identifier: Apache-2.0
// A checksum of each partition: two that print the same line hold the same records.
//
//   SHA256 COUNT PARTITION TOPIC
//
// The sum goes over the records in the order of their offsets; each is, all big-endian:
//
//   i64  timestamp
//   key, then value: i32 length, -1 for null; the bytes
//   i32  number of headers; of each the name and the value, as key and value
//
// Offsets are not in it: a copy has the sum of its original.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "lib/base/bytes.h"
#include "lib/cli/record_sink.h"

namespace eventd {

// SHA-256 of what is added, piece by piece. Whoever makes one has asked load_openssl() before.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) = delete;
  void add(Bytes bytes);
  // 64 hexadecimal digits; nothing is added after it.
  std::string finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

// Appends the bytes of a record that a sum goes over.
void append_summed(Buffer& out, const FetchedRecord& record);

class SumSink : public RecordSink {
 public:
  // The lines go to this descriptor at the end.
  explicit SumSink(int descriptor) : descriptor_(descriptor) {}

  Result<int64_t> begin(const TopicPartition& partition, int64_t from, int64_t until) override;
  Result<void> take(const FetchedRecord& record) override;
  Result<void> drained() override { return {}; }
  Result<void> finish(bool complete) override;

 private:
  struct Sum {
    Sha256 hash;
    uint64_t count = 0;
    Buffer gathered;  // what the hash has not got yet
  };

  const int descriptor_;
  std::map<TopicPartition, Sum> sums_;
  const TopicPartition* last_name_ = nullptr;
  Sum* last_sum_ = nullptr;
};

}  // namespace eventd
