// SPDX-License-Identifier: Apache-2.0
// A record batch, format 2: the unit that is produced, stored, fetched and checksummed.
//
//    0  i64  base offset             stamped by the leader, outside the checksum
//    8  i32  length                  of all that follows this field
//   12  i32  partition leader epoch  stamped by the leader, outside the checksum
//   16  i8   magic                   2
//   17  u32  CRC-32C                 of everything from byte 21 to the end
//   21  i16  attributes              bits 0-2 codec, 3 timestamp type, 4 transactional, 5 control,
//                                    6 the base timestamp is a delete horizon
//   23  i32  last offset delta
//   27  i64  base timestamp
//   35  i64  max timestamp
//   43  i64  producer id             -1: none
//   51  i16  producer epoch          -1: none
//   53  i32  base sequence           -1: none
//   57  i32  record count            0 is possible after compaction
//   61  ...  records, compressed as one blob if there is a codec
//
// After compaction the last offset delta and the sequences keep their values although records are
// missing: a count must never be derived from deltas on the way out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lib/base/bytes.h"
#include "lib/base/ids.h"
#include "lib/base/result.h"

namespace eventd {

enum class Codec : uint8_t { none = 0, gzip = 1, snappy = 2, lz4 = 3, zstd = 4 };

// "none", "gzip", "snappy", "lz4", "zstd"; anything else is "unknown".
std::string_view name_of(Codec codec);

enum class TimestampType : uint8_t { create_time = 0, log_append_time = 1 };

inline constexpr size_t kBatchHeaderSize = 61;
// The base offset and the length: what must be known to know the size of a batch.
inline constexpr size_t kBatchPrefixSize = 12;
inline constexpr size_t kBatchChecksummedFrom = 21;
inline constexpr int8_t kBatchMagic = 2;
inline constexpr int64_t kNoTimestamp = -1;
inline constexpr int32_t kNoSequence = -1;

struct BatchHeader {
  static constexpr int16_t kCodecBits = 0x07;
  static constexpr int16_t kLogAppendTimeBit = 0x08;
  static constexpr int16_t kTransactionalBit = 0x10;
  static constexpr int16_t kControlBit = 0x20;
  static constexpr int16_t kDeleteHorizonBit = 0x40;

  Offset base_offset;
  int32_t length = 0;
  LeaderEpoch leader_epoch = kNoLeaderEpoch;
  int8_t magic = kBatchMagic;
  uint32_t crc = 0;
  int16_t attributes = 0;
  int32_t last_offset_delta = 0;
  int64_t base_timestamp = kNoTimestamp;
  int64_t max_timestamp = kNoTimestamp;
  ProducerId producer_id = kNoProducer;
  ProducerEpoch producer_epoch{-1};
  int32_t base_sequence = kNoSequence;
  int32_t record_count = 0;

  bool operator==(const BatchHeader&) const = default;

  // The whole batch, from its base offset to its last record.
  size_t size_bytes() const { return kBatchPrefixSize + static_cast<size_t>(length); }
  Offset last_offset() const { return base_offset + last_offset_delta; }
  Offset next_offset() const { return base_offset + last_offset_delta + 1; }

  // May be none of the five: a peer chose the bits.
  Codec codec() const { return static_cast<Codec>(attributes & kCodecBits); }
  bool has_known_codec() const { return codec() <= Codec::zstd; }
  TimestampType timestamp_type() const {
    return is_log_append_time() ? TimestampType::log_append_time : TimestampType::create_time;
  }
  bool is_log_append_time() const { return (attributes & kLogAppendTimeBit) != 0; }
  bool is_transactional() const { return (attributes & kTransactionalBit) != 0; }
  bool is_control() const { return (attributes & kControlBit) != 0; }
  bool has_delete_horizon() const { return (attributes & kDeleteHorizonBit) != 0; }

  bool has_producer() const { return producer_id.value >= 0; }
  // Sequences wrap: after 2147483647 comes 0.
  int32_t last_sequence() const;
};

// The sequence `n` records after `sequence`. Negative stays "none".
int32_t advance_sequence(int32_t sequence, int32_t n);

// The header at the start of `in`, which may be longer or shorter than the batch. Refuses fewer
// than 61 bytes, a length that cannot hold a header, and another magic: 0 and 1 are
// unsupported_for_message_format, all else is corrupt_message. Does not look at the checksum.
Result<BatchHeader> parse_batch_header(Bytes in);

// The size of the batch at the start of `in` by its length field, once kBatchPrefixSize bytes are
// there. corrupt_message if no batch has that size.
Result<size_t> batch_size(Bytes in);

// The magic at the start of `in`, or -1 if it is too short to have one.
int8_t batch_magic(Bytes in);

// Writes 61 bytes, the stored crc included, to the start of `out`.
void encode_batch_header(const BatchHeader& header, MutableBytes out);

// That `batch` is exactly one batch of the parsed header's length and that its checksum holds.
Result<void> check_batch(const BatchHeader& header, Bytes batch);
// Both in one: parses the header of `batch` and checks it.
Result<BatchHeader> check_batch(Bytes batch);

// The (maybe compressed) records of one whole batch.
inline Bytes records_of(Bytes batch) { return batch.subspan(kBatchHeaderSize); }

// What the leader writes into a batch it accepts. Both fields are outside the checksum.
void stamp(MutableBytes batch, Offset base_offset, LeaderEpoch leader_epoch);

// Makes every record of the batch carry the time of its append, and computes the checksum again.
void set_log_append_time(MutableBytes batch, int64_t now_ms);

// Corrects the largest create time of the batch, and computes the checksum again.
void set_max_timestamp(MutableBytes batch, int64_t max_timestamp);

// Computes the checksum of a whole batch and writes it into its header.
void refresh_crc(MutableBytes batch);

}  // namespace eventd
