// SPDX-License-Identifier: Apache-2.0
#include "lib/record/batch.h"

#include <limits>

#include "lib/base/big_endian.h"
#include "lib/base/crc32c.h"
#include "lib/base/ensure.h"
#include "lib/base/text.h"

namespace eventd {
namespace {

// Where the fields stand; the table in the header says what they mean.
constexpr size_t kLengthAt = 8;
constexpr size_t kLeaderEpochAt = 12;
constexpr size_t kMagicAt = 16;
constexpr size_t kCrcAt = 17;
constexpr size_t kAttributesAt = 21;
constexpr size_t kLastOffsetDeltaAt = 23;
constexpr size_t kBaseTimestampAt = 27;
constexpr size_t kMaxTimestampAt = 35;
constexpr size_t kProducerIdAt = 43;
constexpr size_t kProducerEpochAt = 51;
constexpr size_t kBaseSequenceAt = 53;
constexpr size_t kRecordCountAt = 57;

constexpr int32_t kLengthMin = kBatchHeaderSize - kBatchPrefixSize;

template <class T>
T field(Bytes batch, size_t at) {
  return load_big_endian<T>(batch.data() + at);
}

template <class T>
void set_field(MutableBytes batch, size_t at, T value) {
  store_big_endian(batch.data() + at, value);
}

std::unexpected<Error> bad_length(int32_t length) {
  return fail(Code::corrupt_message, text("a batch cannot have length ", length));
}

}  // namespace

std::string_view name_of(Codec codec) {
  switch (codec) {
    case Codec::none: return "none";
    case Codec::gzip: return "gzip";
    case Codec::snappy: return "snappy";
    case Codec::lz4: return "lz4";
    case Codec::zstd: return "zstd";
  }
  return "unknown";
}

int32_t advance_sequence(int32_t sequence, int32_t n) {
  if (sequence < 0) return sequence;
  constexpr int64_t kWrapsAt = int64_t{std::numeric_limits<int32_t>::max()} + 1;
  return static_cast<int32_t>((int64_t{sequence} + n) % kWrapsAt);
}

int32_t BatchHeader::last_sequence() const {
  return advance_sequence(base_sequence, last_offset_delta);
}

Result<size_t> batch_size(Bytes in) {
  if (in.size() < kBatchPrefixSize) return fail(Code::corrupt_message, "batch is cut short");
  auto length = field<int32_t>(in, kLengthAt);
  if (length < kLengthMin) return bad_length(length);
  return kBatchPrefixSize + static_cast<size_t>(length);
}

int8_t batch_magic(Bytes in) {
  return in.size() > kMagicAt ? static_cast<int8_t>(in[kMagicAt]) : int8_t{-1};
}

Result<BatchHeader> parse_batch_header(Bytes in) {
  // The magic stands at the same place in all formats, whose headers differ in length.
  int8_t magic = batch_magic(in);
  if (magic == 0 || magic == 1) {
    return fail(Code::unsupported_for_message_format,
                text("message format ", magic, " is older than format 2"));
  }
  if (in.size() < kBatchHeaderSize) return fail(Code::corrupt_message, "batch header is cut short");
  if (magic != kBatchMagic) return fail(Code::corrupt_message, text("batch has magic ", magic));
  BatchHeader header;
  header.base_offset = Offset{field<int64_t>(in, 0)};
  header.length = field<int32_t>(in, kLengthAt);
  header.leader_epoch = LeaderEpoch{field<int32_t>(in, kLeaderEpochAt)};
  header.magic = magic;
  header.crc = field<uint32_t>(in, kCrcAt);
  header.attributes = field<int16_t>(in, kAttributesAt);
  header.last_offset_delta = field<int32_t>(in, kLastOffsetDeltaAt);
  header.base_timestamp = field<int64_t>(in, kBaseTimestampAt);
  header.max_timestamp = field<int64_t>(in, kMaxTimestampAt);
  header.producer_id = ProducerId{field<int64_t>(in, kProducerIdAt)};
  header.producer_epoch = ProducerEpoch{field<int16_t>(in, kProducerEpochAt)};
  header.base_sequence = field<int32_t>(in, kBaseSequenceAt);
  header.record_count = field<int32_t>(in, kRecordCountAt);
  if (header.length < kLengthMin) return bad_length(header.length);
  return header;
}

void encode_batch_header(const BatchHeader& header, MutableBytes out) {
  ENSURE(out.size() >= kBatchHeaderSize);
  set_field(out, 0, header.base_offset.value);
  set_field(out, kLengthAt, header.length);
  set_field(out, kLeaderEpochAt, header.leader_epoch.value);
  set_field(out, kMagicAt, header.magic);
  set_field(out, kCrcAt, header.crc);
  set_field(out, kAttributesAt, header.attributes);
  set_field(out, kLastOffsetDeltaAt, header.last_offset_delta);
  set_field(out, kBaseTimestampAt, header.base_timestamp);
  set_field(out, kMaxTimestampAt, header.max_timestamp);
  set_field(out, kProducerIdAt, header.producer_id.value);
  set_field(out, kProducerEpochAt, header.producer_epoch.value);
  set_field(out, kBaseSequenceAt, header.base_sequence);
  set_field(out, kRecordCountAt, header.record_count);
}

Result<void> check_batch(const BatchHeader& header, Bytes batch) {
  if (batch.size() != header.size_bytes()) {
    return fail(Code::corrupt_message, text("batch of ", header.size_bytes(), " bytes comes with ",
                                            batch.size(), " bytes"));
  }
  uint32_t computed = crc32c(batch.subspan(kBatchChecksummedFrom));
  if (computed != header.crc) {
    return fail(Code::corrupt_message, text("batch has checksum ", header.crc, ", its bytes have ",
                                            computed));
  }
  return {};
}

Result<BatchHeader> check_batch(Bytes batch) {
  Result<BatchHeader> header = parse_batch_header(batch);
  if (!header) return header;
  Result<void> checked = check_batch(*header, batch);
  if (!checked) return pass(checked);
  return header;
}

void stamp(MutableBytes batch, Offset base_offset, LeaderEpoch leader_epoch) {
  ENSURE(batch.size() >= kBatchHeaderSize);
  set_field(batch, 0, base_offset.value);
  set_field(batch, kLeaderEpochAt, leader_epoch.value);
}

void set_log_append_time(MutableBytes batch, int64_t now_ms) {
  ENSURE(batch.size() >= kBatchHeaderSize);
  auto attributes = field<int16_t>(batch, kAttributesAt);
  set_field(batch, kAttributesAt,
            static_cast<int16_t>(attributes | BatchHeader::kLogAppendTimeBit));
  set_field(batch, kMaxTimestampAt, now_ms);
  refresh_crc(batch);
}

void set_max_timestamp(MutableBytes batch, int64_t max_timestamp) {
  ENSURE(batch.size() >= kBatchHeaderSize);
  set_field(batch, kMaxTimestampAt, max_timestamp);
  refresh_crc(batch);
}

void refresh_crc(MutableBytes batch) {
  ENSURE(batch.size() >= kBatchHeaderSize);
  set_field(batch, kCrcAt, crc32c(Bytes(batch).subspan(kBatchChecksummedFrom)));
}

}  // namespace eventd
