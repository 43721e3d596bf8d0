// SPDX-License-Identifier: Apache-2.0
#include "lib/wire/decoder.h"

namespace eventd {

bool Decoder::afford(size_t count, size_t wire_size, size_t size) {
  // In this order, so that neither product can overflow.
  if (count > read_.left() / wire_size || count > budget_ / size) {
    read_.fail();
    return false;
  }
  budget_ -= count * size;
  return !read_.failed();
}

// In whatever order: writers sort tags, but Kafka does not ask for that, and lets the last of two
// equal ones count.
void Decoder::tagged_section(Tags& known) {
  uint32_t count = read_.uvarint();
  for (uint32_t i = 0; i < count && !read_.failed(); i++) {
    uint32_t tag = read_.uvarint();
    uint32_t size = read_.uvarint();
    if (size > read_.left()) return read_.fail();
    auto end = known.entries.begin() + known.count;
    auto entry = std::find_if(known.entries.begin(), end, [&](auto& e) { return e.tag == tag; });
    if (entry == end) {
      read_.skip(size);
    } else {
      tagged_value(*entry, size);
    }
  }
}

// Exactly `size` bytes are the field's: neither more nor fewer.
void Decoder::tagged_value(const Tags::Entry& entry, size_t size) {
  MessageReader outer = read_;
  read_ = MessageReader(outer.bytes(size), outer.flexible());
  entry.code(*this, entry.field, entry.nullable);
  bool whole = !read_.failed() && read_.left() == 0;
  read_ = outer;
  if (!whole) read_.fail();
}

Error decode_error(const Decoder& decoder, std::string_view message, int16_t version) {
  std::string_view field = decoder.failed_field();
  return {Code::invalid_request,
          text(message, " v", version, ": ", field.empty() ? "tagged fields" : field,
               " cut short or out of range at byte ", decoder.position()),
          0};
}

Error version_error(std::string_view message, int16_t version, VersionRange versions) {
  return {Code::unsupported_version,
          text(message, " has versions ", versions.min, " to ", versions.max, ", not ", version),
          0};
}

}  // namespace eventd
