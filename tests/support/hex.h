// SPDX-License-Identifier: Apache-2.0
// Bytes as the hexadecimal digits of golden files.
#pragma once

#include <charconv>
#include <string>
#include <string_view>

#include "lib/base/bytes.h"

namespace eventd {

// Of an even number of digits; spaces between the bytes are skipped.
inline Buffer from_hex(std::string_view digits) {
  Buffer bytes;
  for (size_t i = 0; i + 1 < digits.size(); i += digits[i] == ' ' ? 1 : 2) {
    if (digits[i] == ' ') continue;
    uint8_t byte = 0;
    std::from_chars(&digits[i], &digits[i] + 2, byte, 16);
    bytes.push_back(byte);
  }
  return bytes;
}

inline std::string to_hex(Bytes bytes) {
  std::string digits;
  for (uint8_t byte : bytes) {
    digits += "0123456789abcdef"[byte >> 4];
    digits += "0123456789abcdef"[byte & 15];
  }
  return digits;
}

}  // namespace eventd
