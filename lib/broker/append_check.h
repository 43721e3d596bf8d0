// SPDX-License-Identifier: Apache-2.0
// What a leader holds against a batch from a client before it takes its partition's lock, and what
// it changes in the batch.
//
// The order and the codes are Apache Kafka's (LogValidator and what stands before it): one batch of
// format 2, its size, its checksum, its header, its records. Uncompressed records are walked.
// Compressed ones are opened only where the topic's configs need it: keys of a compacted topic, the
// lower bound of timestamps, another codec.
//
// Pure: time comes as an argument. Works on the frame in place; only a batch that must be packed
// again is copied.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "lib/record/batch.h"
#include "lib/record/codec.h"

namespace eventd {

// The configs of a topic that decide over a batch.
struct AppendRules {
  int64_t message_bytes_max = 1048588;
  int64_t segment_bytes = 1073741824;
  bool compacted = false;
  TimestampType timestamp_type = TimestampType::create_time;
  int64_t timestamp_before_max_ms = INT64_MAX;
  int64_t timestamp_after_max_ms = 3600000;
  std::optional<Codec> codec;  // nothing: as the producer packed it
  int level = kDefaultLevel;
};

struct RecordError {
  int32_t index = 0;
  std::string message;
};

// Why a batch is not appended, as the answer to a Produce has it.
struct Refusal {
  Code code = Code::unknown_server_error;
  std::optional<std::string> message;  // only where Kafka sends one
  std::vector<RecordError> records;
  // Kafka tells the log's start with those errors that it finds late.
  bool tells_log_start = false;
};

// A batch that may be appended: checksummed, in the form in which it is stored but for its offset
// and leader epoch.
struct CheckedBatch {
  MutableBytes bytes;  // in the frame, or in `packed_again`
  BatchHeader header;
  int64_t log_append_time_ms = -1;
  Buffer packed_again;
};

// That `records`, the record field of a Produce, is one whole batch of format 2. `version` is that
// of the request: zstd came with 7.
std::expected<void, Refusal> check_format(Bytes records, int16_t version);

// All the rest. `batch` passed check_format() and is changed in place where the rules demand it.
std::expected<CheckedBatch, Refusal> check_produced_batch(MutableBytes batch,
                                                          const AppendRules& rules, WallTime now);

}  // namespace eventd
