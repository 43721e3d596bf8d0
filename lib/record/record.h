// SPDX-License-Identifier: Apache-2.0
// The records inside a batch, once they are decompressed.
//
//   varint   length, of all that follows
//   i8       attributes, unused
//   varlong  timestamp delta, from the batch's base timestamp
//   varint   offset delta, from the batch's base offset
//   varint   key length, -1: null;    key
//   varint   value length, -1: null;  value
//   varint   header count; each: varint key length, key (never null), varint value length, value
//
// Every number here comes from a peer or a disk. Nothing is allocated; what is handed out are views
// into the payload. A null key differs from an empty one.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/result.h"

namespace eventd {

struct RecordHeader {
  std::string_view key;
  std::optional<Bytes> value;
};

struct Record {
  int64_t timestamp_delta = 0;
  int32_t offset_delta = 0;
  std::optional<Bytes> key;
  std::optional<Bytes> value;
  int32_t header_count = 0;
  Bytes header_bytes;  // encoded, checked by the reader

  std::vector<RecordHeader> headers() const;
};

// The headers of a record one by one, without memory of their own. The record outlives it.
class HeaderReader {
 public:
  explicit HeaderReader(const Record& record)
      : at_(record.header_bytes.data()),
        end_(at_ + record.header_bytes.size()),
        left_(record.header_count) {}

  bool next(RecordHeader& header);

 private:
  const uint8_t* at_;
  const uint8_t* end_;
  int32_t left_;
};

// The value of the last header of that name; nothing if there is none.
std::optional<std::optional<Bytes>> last_header(const Record& record, std::string_view name);

// Reads the records of one batch in order.
//
//   RecordReader records(payload, header.record_count);
//   Record record;
//   while (records.next(record)) ..
//   if (!records.finished()) return pass(records.finished());
class RecordReader {
 public:
  // `payload` holds `count` records, if the batch tells the truth. It must outlive the records.
  RecordReader(Bytes payload, int32_t count)
      : at_(payload.data()), end_(payload.data() + payload.size()), left_(count) {}

  // False at the end, and at the first record that is malformed.
  bool next(Record& record);

  // Whether `count` records were read, all well formed, with nothing behind them; invalid_record
  // otherwise. Meaningful once next() has said false.
  Result<void> finished() const;

 private:
  const uint8_t* at_;
  const uint8_t* end_;
  int32_t left_;
  bool malformed_ = false;
};

// What a leader must know of the records it accepts.
struct RecordWalk {
  int64_t timestamp_delta_min = 0;
  int64_t timestamp_delta_max = 0;
  int32_t first_latest = 0;     // the offset delta of the first record with the largest timestamp
  int32_t records_without_key = 0;
};

// Walks the records of a batch from a producer, which must be well formed, exactly `count` and
// numbered 0, 1, 2, ..; else invalid_record. The fast path of a produce: no views are made.
Result<RecordWalk> walk_records(Bytes payload, int32_t count);

}  // namespace eventd
