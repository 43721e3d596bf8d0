// SPDX-License-Identifier: Apache-2.0
#include "lib/record/control.h"

#include "lib/base/big_endian.h"
#include "lib/base/text.h"

namespace eventd {

std::array<uint8_t, 4> encode_control_key(ControlType type) {
  std::array<uint8_t, 4> key{};
  store_big_endian(key.data() + 2, static_cast<int16_t>(type));
  return key;
}

Result<ControlType> control_type(const Record& record) {
  if (!record.key || record.key->size() < 4) {
    return fail(Code::invalid_record, "the key of a control record is cut short");
  }
  auto version = load_big_endian<int16_t>(record.key->data());
  if (version < 0) return fail(Code::invalid_record, text("control record version ", version));
  return static_cast<ControlType>(load_big_endian<int16_t>(record.key->data() + 2));
}

std::array<uint8_t, 6> encode_end_transaction(EndTransaction marker) {
  std::array<uint8_t, 6> value{};
  store_big_endian(value.data() + 2, marker.coordinator_epoch);
  return value;
}

Result<EndTransaction> parse_end_transaction(Bytes value) {
  if (value.size() < 6) return fail(Code::invalid_record, "transaction marker is cut short");
  auto version = load_big_endian<int16_t>(value.data());
  if (version < 0) return fail(Code::invalid_record, text("transaction marker version ", version));
  return EndTransaction{load_big_endian<int32_t>(value.data() + 2)};
}

void append_control(BatchBuilder& batch, int64_t timestamp, ControlType type, Bytes value) {
  std::array<uint8_t, 4> key = encode_control_key(type);
  batch.append(timestamp, Bytes(key), value);
}

}  // namespace eventd
