// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/append_check.h"

#include <algorithm>
#include <utility>

#include "lib/base/big_endian.h"
#include "lib/base/text.h"
#include "lib/record/record.h"

namespace eventd {

namespace {

// No frame is larger, so no honest batch can be much larger once it is opened.
constexpr size_t kOpenedMax = 128 << 20;
constexpr size_t kRecordErrorsShown = 3;
constexpr int32_t kLegacyOverheadMin = 14;
constexpr int16_t kZstdSince = 7;

std::unexpected<Refusal> refuse(Code code, std::optional<std::string> message = std::nullopt) {
  return std::unexpected(Refusal{.code = code, .message = std::move(message)});
}

// Refused by what is found after the size and the checksum.
std::unexpected<Refusal> refuse_late(Code code) {
  return std::unexpected(Refusal{.code = code, .tells_log_start = true});
}

std::unexpected<Refusal> refuse_records(Code code, std::string message,
                                        std::vector<RecordError> records) {
  return std::unexpected(Refusal{.code = code,
                                 .message = std::move(message),
                                 .records = std::move(records),
                                 .tells_log_start = true});
}

std::expected<void, Refusal> check_header(const BatchHeader& header, const AppendRules& rules) {
  if (header.base_offset != Offset{0}) return refuse_late(Code::invalid_record);
  if (static_cast<int64_t>(header.size_bytes()) > rules.message_bytes_max) {
    return refuse(Code::message_too_large);
  }
  return {};
}

std::expected<void, Refusal> check_counts(const BatchHeader& header) {
  int64_t span = int64_t{header.last_offset_delta} + 1;
  if (span <= 0 || header.record_count <= 0 || span != header.record_count) {
    return refuse_late(Code::invalid_record);
  }
  if (header.is_control()) return refuse_late(Code::invalid_record);
  if (header.has_producer() && header.base_sequence < 0) return refuse_late(Code::invalid_record);
  if (!header.has_known_codec()) return refuse_late(Code::unsupported_compression_type);
  return {};
}

// The bounds within which a create time must be.
struct TimeBounds {
  int64_t from = INT64_MIN;
  int64_t until = INT64_MAX;

  TimeBounds(const AppendRules& rules, WallTime now) {
    if (__builtin_sub_overflow(now.ms, rules.timestamp_before_max_ms, &from)) from = INT64_MIN;
    if (__builtin_add_overflow(now.ms, rules.timestamp_after_max_ms, &until)) until = INT64_MAX;
  }
  bool hold(int64_t timestamp) const {
    return timestamp == kNoTimestamp || (timestamp >= from && timestamp <= until);
  }
};

int64_t timestamp_of(const BatchHeader& header, int64_t delta) {
  int64_t sum = 0;
  if (__builtin_add_overflow(header.base_timestamp, delta, &sum)) return INT64_MAX;
  return sum;
}

Refusal keyless(const BatchHeader& header, Bytes payload) {
  std::vector<RecordError> errors;
  int32_t total = 0;
  RecordReader records(payload, header.record_count);
  Record record;
  for (int32_t i = 0; records.next(record); i++) {
    if (record.key) continue;
    total++;
    errors.push_back({i, "a compacted topic takes no record without a key"});
  }
  std::string message =
      text(total, " of ", header.record_count,
           " records have no key, which a compacted topic demands; first: record ",
           errors.empty() ? 0 : errors.front().index);
  return refuse_records(Code::invalid_record, std::move(message), std::move(errors)).error();
}

Refusal untimely(const BatchHeader& header, Bytes payload, const TimeBounds& bounds) {
  std::vector<RecordError> errors;
  RecordReader records(payload, header.record_count);
  Record record;
  for (int32_t i = 0; records.next(record); i++) {
    int64_t timestamp = timestamp_of(header, record.timestamp_delta);
    if (bounds.hold(timestamp)) continue;
    errors.push_back(
        {i, text("timestamp ", timestamp, " is not within ", bounds.from, " and ", bounds.until)});
    if (errors.size() == kRecordErrorsShown) break;
  }
  return refuse_records(Code::invalid_timestamp, "records have timestamps out of bounds",
                        std::move(errors))
      .error();
}

// A producer may not say that the broker stamped its records.
Refusal stamped_by_producer(const BatchHeader& header) {
  std::vector<RecordError> errors;
  auto shown = std::min<int32_t>(header.record_count, static_cast<int32_t>(kRecordErrorsShown));
  for (int32_t i = 0; i < shown; i++) errors.push_back({i, "a producer set LogAppendTime"});
  return refuse_records(Code::invalid_timestamp, "only brokers set LogAppendTime",
                        std::move(errors))
      .error();
}

// What the records say, once their payload is plain.
std::expected<RecordWalk, Refusal> check_records(const BatchHeader& header, Bytes payload,
                                                 const AppendRules& rules,
                                                 const TimeBounds& bounds) {
  Result<RecordWalk> walk = walk_records(payload, header.record_count);
  if (!walk) return refuse_late(Code::invalid_record);
  if (rules.compacted && walk->records_without_key > 0) {
    return std::unexpected(keyless(header, payload));
  }
  if (rules.timestamp_type == TimestampType::create_time &&
      (!bounds.hold(timestamp_of(header, walk->timestamp_delta_min)) ||
       !bounds.hold(timestamp_of(header, walk->timestamp_delta_max)))) {
    return std::unexpected(untimely(header, payload, bounds));
  }
  return *walk;
}

bool must_be_opened(const AppendRules& rules, Codec target, Codec source) {
  bool bounded_below = rules.timestamp_type == TimestampType::create_time &&
                       rules.timestamp_before_max_ms != INT64_MAX;
  return rules.compacted || bounded_below || target != source;
}

// The same records under another codec. The header keeps what it says but for codec and length.
std::expected<Buffer, Refusal> pack_again(const BatchHeader& header, Bytes plain, Codec codec,
                                          int level) {
  Buffer batch(kBatchHeaderSize);
  if (codec == Codec::none) {
    append(batch, plain);
  } else if (Result<void> packed = compress(codec, plain, batch, level); !packed) {
    return refuse_late(packed.error().code);
  }
  BatchHeader changed = header;
  changed.attributes = static_cast<int16_t>((header.attributes & ~BatchHeader::kCodecBits) |
                                            static_cast<int16_t>(codec));
  changed.length = static_cast<int32_t>(batch.size() - kBatchPrefixSize);
  encode_batch_header(changed, batch);
  refresh_crc(batch);
  return batch;
}

std::expected<void, Refusal> stamp_times(CheckedBatch& checked, std::optional<RecordWalk> walk,
                                         const AppendRules& rules, WallTime now) {
  if (rules.timestamp_type == TimestampType::log_append_time) {
    set_log_append_time(checked.bytes, now.ms);
    checked.log_append_time_ms = now.ms;
  } else if (walk) {
    int64_t latest = timestamp_of(checked.header, walk->timestamp_delta_max);
    if (latest != checked.header.max_timestamp) set_max_timestamp(checked.bytes, latest);
  }
  Result<BatchHeader> header = parse_batch_header(checked.bytes);
  if (!header) return refuse_late(header.error().code);
  checked.header = *header;
  return {};
}

}  // namespace

std::expected<void, Refusal> check_format(Bytes records, int16_t version) {
  if (records.size() < kBatchPrefixSize) return refuse(Code::invalid_record);
  int32_t length = load_big_endian<int32_t>(records.data() + 8);
  if (length < kLegacyOverheadMin) {
    return refuse(Code::corrupt_message, text("a batch of ", length, " bytes is too small"));
  }
  if (records.size() - kBatchPrefixSize < static_cast<size_t>(length)) {
    return refuse(Code::invalid_record);
  }
  int8_t magic = batch_magic(records);
  if (magic < 0 || magic > kBatchMagic) {
    return refuse(Code::corrupt_message, text("there is no message format ", int{magic}));
  }
  if (magic != kBatchMagic) return refuse(Code::invalid_record);
  if (records.size() - kBatchPrefixSize > static_cast<size_t>(length)) {
    return refuse(Code::invalid_record);
  }
  Result<BatchHeader> header = parse_batch_header(records);
  if (!header) return refuse(Code::corrupt_message);
  if (header->codec() == Codec::zstd && version < kZstdSince) {
    return refuse(Code::unsupported_compression_type);
  }
  return {};
}

std::expected<CheckedBatch, Refusal> check_produced_batch(MutableBytes batch,
                                                          const AppendRules& rules, WallTime now) {
  Result<BatchHeader> header = parse_batch_header(batch);
  if (!header) return refuse(header.error().code);
  if (auto ok = check_header(*header, rules); !ok) return std::unexpected(ok.error());
  if (!check_batch(*header, batch)) return refuse(Code::corrupt_message);
  if (auto ok = check_counts(*header); !ok) return std::unexpected(ok.error());
  if (header->is_log_append_time()) return std::unexpected(stamped_by_producer(*header));

  CheckedBatch checked{.bytes = batch, .header = *header};
  TimeBounds bounds(rules, now);
  Codec target = rules.codec.value_or(header->codec());
  std::optional<RecordWalk> walk;
  Buffer opened;
  Bytes plain = records_of(batch);
  if (header->codec() != Codec::none) {
    if (rules.timestamp_type == TimestampType::create_time && !bounds.hold(header->max_timestamp)) {
      // Refused in any case, and opened to say which records are at fault.
      if (!decompress(header->codec(), plain, opened, kOpenedMax)) {
        return refuse_late(Code::corrupt_message);
      }
      return std::unexpected(untimely(*header, opened, bounds));
    }
    if (!must_be_opened(rules, target, header->codec()))
      plain = {};
    else if (!decompress(header->codec(), plain, opened, kOpenedMax)) {
      return refuse_late(Code::corrupt_message);
    } else {
      plain = opened;
    }
  }
  if (header->codec() == Codec::none || !opened.empty()) {
    auto walked = check_records(*header, plain, rules, bounds);
    if (!walked) return std::unexpected(walked.error());
    walk = *walked;
  }
  if (target != header->codec()) {
    auto packed = pack_again(*header, plain, target, rules.level);
    if (!packed) return std::unexpected(packed.error());
    checked.packed_again = std::move(*packed);
    checked.bytes = checked.packed_again;
  }
  if (auto ok = stamp_times(checked, walk, rules, now); !ok) return std::unexpected(ok.error());
  auto size = static_cast<int64_t>(checked.bytes.size());
  if (size > rules.message_bytes_max) return refuse(Code::message_too_large);
  if (size > rules.segment_bytes) return refuse(Code::record_list_too_large);
  return checked;
}

}  // namespace eventd
