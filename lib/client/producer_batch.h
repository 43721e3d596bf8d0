// SPDX-License-Identifier: Apache-2.0
// A closed batch of a producer, from the moment that it is full until its records are delivered or
// given up: its bytes stay, so that it can be sent again as it was.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "lib/record/batch.h"

namespace eventd {

struct ProducerBatch {
  Buffer bytes;
  std::vector<uint64_t> tokens;     // one for each record, in their order
  std::vector<int64_t> timestamps;  // the same, or none
  uint64_t payload_bytes = 0;       // of keys and values
  int32_t record_count = 0;
  Instant born{};
  std::optional<Error> error;  // of the last attempt
  bool answered = false;
  bool acknowledged = false;
};

// Makes the batch the one that begins with `sequence` in that epoch, checksum included.
void number_batch(ProducerBatch& batch, ProducerId id, ProducerEpoch epoch, int32_t sequence);

// Two batches with half of the records each, which are to be numbered. The batch has at least two
// records.
using ProducerBatchHalves =
    std::pair<std::shared_ptr<ProducerBatch>, std::shared_ptr<ProducerBatch>>;
Result<ProducerBatchHalves> halve_batch(const ProducerBatch& batch);

}  // namespace eventd
