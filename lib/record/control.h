// SPDX-License-Identifier: Apache-2.0
// Control records: what brokers write among the records of applications, who never see them.
//
// They stand in batches of their own with the control bit set, uncompressed. A transaction marker
// is a batch of one record; batches of the metadata log may hold several.
//
//   key    i16 version (0), i16 type
//   value  of an end of transaction: i16 version (0), i32 coordinator epoch;
//          of the others: a message whose schema stands in lib/wire
#pragma once

#include <array>
#include <cstdint>

#include "lib/base/bytes.h"
#include "lib/base/result.h"
#include "lib/record/builder.h"
#include "lib/record/record.h"

namespace eventd {

// Types that are not among these must be skipped by readers.
enum class ControlType : int16_t {
  abort = 0,
  commit = 1,
  leader_change = 2,
  snapshot_header = 3,
  snapshot_footer = 4,
  kraft_version = 5,
  kraft_voters = 6,
};

std::array<uint8_t, 4> encode_control_key(ControlType type);

// The type of a control record by its key; invalid_record if there is none.
Result<ControlType> control_type(const Record& record);

struct EndTransaction {
  int32_t coordinator_epoch = 0;
};

std::array<uint8_t, 6> encode_end_transaction(EndTransaction marker);
Result<EndTransaction> parse_end_transaction(Bytes value);

// Appends a control record; the batch is to be finished with BatchOptions::control.
void append_control(BatchBuilder& batch, int64_t timestamp, ControlType type, Bytes value);

}  // namespace eventd
