// SPDX-License-Identifier: Apache-2.0
// What a partition's leader knows of the producers that write to it, so that retries are recognised
// and gaps refused (Kafka's ProducerStateManager). A function of the log: replaying the batches
// yields the same state.
//
// File <offset>.snapshot, the state as of that offset (big-endian):
//
//    0  i16  version, 1
//    2  u32  CRC-32C of all that follows this field
//    6  i32  count, then for each producer
//         i64 producer id, i16 epoch, i32 last sequence, i64 last offset, i32 offset delta of the
//         last batch, i64 its timestamp, i32 coordinator epoch, i64 first offset of the open
//         transaction or -1
//
// A snapshot keeps only the last batch of a producer, the memory the last five.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/clock.h"
#include "lib/base/ids.h"
#include "lib/base/result.h"
#include "lib/log/append_origin.h"
#include "lib/record/batch.h"

namespace eventd {

// One producer, for DescribeProducers.
struct ProducerSummary {
  ProducerId id;
  ProducerEpoch epoch;
  int32_t last_sequence = -1;
  int64_t last_timestamp = -1;
  int32_t coordinator_epoch = -1;
  int64_t transaction_start = -1;
};

// A batch that is there already.
struct OriginalBatch {
  Offset base_offset;
  Offset last_offset;
  int64_t max_timestamp = -1;
};

class ProducerState {
 public:
  // How many batches of a producer are remembered: as many as a client may have in flight.
  static constexpr size_t kBatchesKept = 5;

  // Whether a batch may be appended: nothing; the original, if this is a retry of one of the last
  // five; or Kafka's code: out_of_order_sequence_number, invalid_producer_epoch.
  Result<std::optional<OriginalBatch>> check(const BatchHeader& header, AppendOrigin origin) const;

  // Notes a batch that was appended at its base offset. `records` are needed of control batches.
  void apply(const BatchHeader& header, Bytes records);

  // Forgets producers that wrote nothing for so long and have no open transaction.
  void expire(int64_t now_ms, int64_t expiration_ms);

  // The first offset of an open transaction.
  std::optional<Offset> first_unstable() const;
  std::vector<ProducerSummary> summaries() const;
  bool empty() const { return producers_.empty(); }

  Buffer encode() const;
  static Result<ProducerState> decode(Bytes snapshot);

 private:
  struct Batch {
    int32_t first_sequence = -1;
    int32_t last_sequence = -1;
    Offset last_offset;
    int32_t offset_delta = 0;
    int64_t timestamp = -1;
  };
  struct Producer {
    ProducerEpoch epoch{-1};
    int32_t coordinator_epoch = -1;
    int64_t transaction_start = -1;
    int64_t last_timestamp = -1;
    std::array<Batch, kBatchesKept> batches;
    size_t batch_count = 0;

    int32_t last_sequence() const {
      return batch_count == 0 ? -1 : batches[batch_count - 1].last_sequence;
    }
    void add(const Batch& batch);
  };
  void end_transaction(Producer& producer, const BatchHeader& header, Bytes records);

  std::unordered_map<ProducerId, Producer> producers_;
};

}  // namespace eventd
