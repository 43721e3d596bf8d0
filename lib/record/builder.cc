// SPDX-License-Identifier: Apache-2.0
#include "lib/record/builder.h"

#include <algorithm>
#include <cstring>

#include "lib/base/ensure.h"
#include "lib/base/varint.h"

namespace eventd {
namespace {

// Length, attributes, timestamp delta, offset delta, key size, value size and header count.
constexpr size_t kRecordOverheadMax = 5 + 1 + 10 + 5 + 5 + 5 + 5;

size_t encoded_size(const RecordHeader& header) {
  size_t size = varint_size(static_cast<int32_t>(header.key.size())) + header.key.size();
  if (!header.value) return size + 1;
  return size + varint_size(static_cast<int32_t>(header.value->size())) + header.value->size();
}

inline uint8_t* put_bytes(uint8_t* out, const void* from, size_t size) {
  if (size != 0) std::memcpy(out, from, size);
  return out + size;
}

inline uint8_t* put_nullable(uint8_t* out, const std::optional<Bytes>& bytes) {
  if (!bytes) {
    *out = 1;  // -1, folded
    return out + 1;
  }
  out = put_varint(out, static_cast<int32_t>(bytes->size()));
  return put_bytes(out, bytes->data(), bytes->size());
}

inline size_t nullable_size(const std::optional<Bytes>& bytes) {
  if (!bytes) return 1;
  return varint_size(static_cast<int32_t>(bytes->size())) + bytes->size();
}

}  // namespace

size_t BatchBuilder::record_size_max(size_t key_size, size_t value_size) {
  return kRecordOverheadMax + key_size + value_size;
}

void BatchBuilder::start() {
  if (buffer_.size() < kBatchHeaderSize) buffer_.resize(4096);
  at_ = buffer_.data() + kBatchHeaderSize;
  end_ = buffer_.data() + buffer_.size();
  base_timestamp_ = kNoTimestamp;
  max_timestamp_ = kNoTimestamp;
  next_delta_ = 0;
  record_count_ = 0;
}

void BatchBuilder::grow(size_t size) {
  size_t used = size_bytes();
  buffer_.resize(std::max(buffer_.size() * 2, used + size));
  at_ = buffer_.data() + used;
  end_ = buffer_.data() + buffer_.size();
}

void BatchBuilder::append_at(int32_t offset_delta, int64_t timestamp, std::optional<Bytes> key,
                             std::optional<Bytes> value, std::span<const RecordHeader> headers) {
  ENSURE(offset_delta >= next_delta_);
  if (record_count_ == 0) base_timestamp_ = max_timestamp_ = timestamp;
  max_timestamp_ = std::max(max_timestamp_, timestamp);
  // Timestamps are foreign: far apart, their difference wraps, and wraps back when it is added.
  auto timestamp_delta = static_cast<int64_t>(static_cast<uint64_t>(timestamp) -
                                              static_cast<uint64_t>(base_timestamp_));

  size_t length = 1 + varint_size(timestamp_delta) + varint_size(offset_delta) +
                  nullable_size(key) + nullable_size(value) +
                  varint_size(static_cast<int32_t>(headers.size()));
  for (const RecordHeader& header : headers) length += encoded_size(header);
  if (length + 5 > static_cast<size_t>(end_ - at_)) grow(length + 5);

  uint8_t* out = put_varint(at_, static_cast<int32_t>(length));
  *out++ = 0;  // attributes
  out = put_varint(out, timestamp_delta);
  out = put_varint(out, offset_delta);
  out = put_nullable(out, key);
  out = put_nullable(out, value);
  out = put_varint(out, static_cast<int32_t>(headers.size()));
  for (const RecordHeader& header : headers) {
    out = put_varint(out, static_cast<int32_t>(header.key.size()));
    out = put_bytes(out, header.key.data(), header.key.size());
    out = put_nullable(out, header.value);
  }
  at_ = out;
  next_delta_ = offset_delta + 1;
  record_count_++;
}

Result<Bytes> BatchBuilder::finish_view(const BatchOptions& options) {
  MutableBytes batch(buffer_.data(), size_bytes());
  if (options.codec != Codec::none && record_count_ > 0) {
    compressed_.resize(kBatchHeaderSize);
    Result<void> done = compress(options.codec, records_of(batch), compressed_, options.level);
    if (!done) return pass(done);
    batch = compressed_;
  }
  BatchHeader header;
  header.base_offset = options.base_offset;
  header.length = static_cast<int32_t>(batch.size() - kBatchPrefixSize);
  header.leader_epoch = options.leader_epoch;
  int attributes = static_cast<int>(options.codec);
  if (options.timestamp_type == TimestampType::log_append_time) {
    attributes |= BatchHeader::kLogAppendTimeBit;
  }
  if (options.transactional) attributes |= BatchHeader::kTransactionalBit;
  if (options.control) attributes |= BatchHeader::kControlBit;
  header.attributes = static_cast<int16_t>(attributes);
  header.last_offset_delta = std::max(next_delta_ - 1, 0);
  header.base_timestamp = base_timestamp_;
  header.max_timestamp = max_timestamp_;
  header.producer_id = options.producer_id;
  header.producer_epoch = options.producer_epoch;
  header.base_sequence = options.base_sequence;
  header.record_count = record_count_;
  encode_batch_header(header, batch);
  refresh_crc(batch);
  start();
  return Bytes(batch);
}

Result<Buffer> BatchBuilder::finish(const BatchOptions& options) {
  Result<Bytes> view = finish_view(options);
  if (!view) return pass(view);
  return Buffer(view->begin(), view->end());
}

Result<Buffer> BatchBuilder::finish(const BatchOptions& options, Buffer spare) {
  Result<Bytes> view = finish_view(options);
  if (!view) return pass(view);
  if (view->data() != buffer_.data()) {
    spare.assign(view->begin(), view->end());
    return spare;
  }
  size_t size = view->size();
  buffer_.swap(spare);
  buffer_.resize(buffer_.capacity());
  start();
  spare.resize(size);
  return spare;
}

}  // namespace eventd
