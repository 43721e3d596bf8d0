// SPDX-License-Identifier: Apache-2.0
// The records of a stored batch, opened.
#pragma once

#include "lib/base/bytes.h"
#include "lib/base/result.h"
#include "lib/base/text.h"
#include "lib/record/batch.h"
#include "lib/record/codec.h"
#include "lib/record/record.h"

namespace eventd {

struct BatchRecord {
  int64_t offset = 0;
  int64_t timestamp = -1;
  const Record* record = nullptr;
};

// Calls `take` with each record, until it says false. `plain` is room for what is decompressed.
// Records before an error have been handed out.
template <class Take>
Result<void> for_each_record(const BatchHeader& header, Bytes batch, Buffer& plain, Take take) {
  constexpr size_t kDecompressedMax = size_t{1} << 30;
  Bytes payload = records_of(batch);
  if (header.codec() != Codec::none) {
    Result<void> opened = decompress(header.codec(), payload, plain, kDecompressedMax);
    if (!opened) return opened;
    payload = plain;
  }
  RecordReader reader(payload, header.record_count);
  Record record;
  BatchRecord out;
  out.record = &record;
  while (reader.next(record)) {
    out.offset = header.base_offset.value + record.offset_delta;
    out.timestamp = header.is_log_append_time() ? header.max_timestamp
                                                : header.base_timestamp + record.timestamp_delta;
    if (!take(out)) return {};
  }
  return reader.finished();
}

}  // namespace eventd
