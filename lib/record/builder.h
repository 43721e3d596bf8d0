// SPDX-License-Identifier: Apache-2.0
// Builds record batches: for producers, for our own logs, and where a broker must recompress.
//
// Records are encoded into place as they are appended; compression happens at the end. The first
// timestamp becomes the base. A builder may be used again after finish(), which keeps its memory.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "lib/base/bytes.h"
#include "lib/base/ids.h"
#include "lib/base/result.h"
#include "lib/record/batch.h"
#include "lib/record/codec.h"
#include "lib/record/record.h"

namespace eventd {

struct BatchOptions {
  Codec codec = Codec::none;
  int level = kDefaultLevel;
  Offset base_offset{0};
  LeaderEpoch leader_epoch = kNoLeaderEpoch;
  ProducerId producer_id = kNoProducer;
  ProducerEpoch producer_epoch{-1};
  int32_t base_sequence = kNoSequence;
  TimestampType timestamp_type = TimestampType::create_time;
  bool transactional = false;
  bool control = false;
};

class BatchBuilder {
 public:
  BatchBuilder() { start(); }
  BatchBuilder(BatchBuilder&&) = default;  // the source may only be destroyed or assigned to
  BatchBuilder& operator=(BatchBuilder&&) = default;

  // Appends one record, numbered one after the last.
  void append(int64_t timestamp, std::optional<Bytes> key, std::optional<Bytes> value,
              std::span<const RecordHeader> headers = {}) {
    append_at(next_delta_, timestamp, key, value, headers);
  }

  // As append(), with an offset delta that is larger than those before: what compaction leaves.
  void append_at(int32_t offset_delta, int64_t timestamp, std::optional<Bytes> key,
                 std::optional<Bytes> value, std::span<const RecordHeader> headers = {});

  int32_t record_count() const { return record_count_; }
  bool empty() const { return record_count_ == 0; }

  // The batch as it is now, uncompressed: what a size limit is held against while filling.
  size_t size_bytes() const { return static_cast<size_t>(at_ - buffer_.data()); }

  // What one more record with these sizes would add at most, headers apart.
  static size_t record_size_max(size_t key_size, size_t value_size);

  // The finished batch, checksum included. Fails only if the codec does. The builder is empty then.
  Result<Buffer> finish(const BatchOptions& options);

  // As finish(), but the bytes are a view that holds until the builder is used again.
  Result<Bytes> finish_view(const BatchOptions& options);

  // As finish(), but where nothing is compressed the bytes are not copied: the builder goes on in
  // `spare`, a buffer with any content.
  Result<Buffer> finish(const BatchOptions& options, Buffer spare);

  // Drops what was appended.
  void clear() { start(); }

 private:
  void start();
  void grow(size_t size);

  // buffer_ is all room; at_ is where the next record goes. The header's place is kept free.
  Buffer buffer_;
  uint8_t* at_ = nullptr;
  uint8_t* end_ = nullptr;
  Buffer compressed_;
  int64_t base_timestamp_ = kNoTimestamp;
  int64_t max_timestamp_ = kNoTimestamp;
  int32_t next_delta_ = 0;
  int32_t record_count_ = 0;
};

}  // namespace eventd
