// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/text/held_record.h"

#include <algorithm>

namespace eventd {

HeldRecord::HeldRecord(const FetchedRecord& record)
    : partition_(record.partition),
      offset_(record.offset),
      timestamp_(record.timestamp),
      record_(*record.record),
      size_((record.key ? record.key->size() : 0) + (record.value ? record.value->size() : 0) +
            record.record->header_bytes.size()),
      memory_(std::make_unique_for_overwrite<uint8_t[]>(size_)) {
  uint8_t* at = memory_.get();
  auto keep = [&at](Bytes bytes) {
    Bytes kept(at, bytes.size());
    at = std::ranges::copy(bytes, at).out;
    return kept;
  };
  // The record's own key and value may be of another batch's memory by now: the fetched ones count.
  record_.key = record.key;
  record_.value = record.value;
  if (record_.key) record_.key = keep(*record_.key);
  if (record_.value) record_.value = keep(*record_.value);
  record_.header_bytes = keep(record_.header_bytes);
}

}  // namespace eventd
