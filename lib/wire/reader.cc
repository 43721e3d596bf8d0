// SPDX-License-Identifier: Apache-2.0
#include "lib/wire/reader.h"

namespace eventd {

std::optional<size_t> MessageReader::length(bool is_string) {
  if (flexible_) {
    uint32_t folded = uvarint();
    if (folded == 0) return std::nullopt;
    return folded - 1;
  }
  int32_t plain = is_string ? number<int16_t>() : number<int32_t>();
  if (plain < 0) return std::nullopt;
  return static_cast<size_t>(plain);
}

std::optional<std::string_view> MessageReader::nullable_string() {
  std::optional<size_t> size = length(true);
  if (!size || failed()) return std::nullopt;
  if (*size > kStringSizeMax) fail();
  return text_of(bytes(*size));
}

std::string_view MessageReader::string() {
  std::optional<std::string_view> view = nullable_string();
  if (!view) fail();
  return view.value_or(std::string_view());
}

std::optional<Bytes> MessageReader::nullable_bytes() {
  std::optional<size_t> size = length(false);
  if (!size || failed()) return std::nullopt;
  return bytes(*size);
}

Bytes MessageReader::sized_bytes() {
  std::optional<Bytes> view = nullable_bytes();
  if (!view) fail();
  return view.value_or(Bytes());
}

std::optional<size_t> MessageReader::nullable_count() {
  std::optional<size_t> count = length(false);
  if (failed()) return std::nullopt;
  return count;
}

void MessageReader::skip_tagged_fields() {
  uint32_t count = uvarint();
  for (uint32_t i = 0; i < count && !failed(); i++) {
    uvarint();  // the tag
    skip(uvarint());
  }
}

}  // namespace eventd
