// SPDX-License-Identifier: Apache-2.0
#include "lib/base/text.h"

#include <array>
#include <cstring>

namespace eventd {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<int8_t, 256> make_digits() {
  std::array<int8_t, 256> digits{};
  digits.fill(-1);
  for (size_t i = 0; i < kAlphabet.size(); i++)
    digits[static_cast<uint8_t>(kAlphabet[i])] = static_cast<int8_t>(i);
  return digits;
}

// The length of the UTF-8 sequence that starts at `at`, 0 if there is no valid one.
size_t utf8_length(std::string_view s, size_t at) {
  auto byte = [&](size_t i) { return static_cast<uint8_t>(i < s.size() ? s[i] : 0); };
  auto follows = [&](size_t i, uint8_t low = 0x80, uint8_t high = 0xbf) {
    return byte(i) >= low && byte(i) <= high;
  };
  uint8_t first = byte(at);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(at + 1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    bool second = first == 0xe0   ? follows(at + 1, 0xa0)
                  : first == 0xed ? follows(at + 1, 0x80, 0x9f)
                                  : follows(at + 1);
    return second && follows(at + 2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    bool second = first == 0xf0   ? follows(at + 1, 0x90)
                  : first == 0xf4 ? follows(at + 1, 0x80, 0x8f)
                                  : follows(at + 1);
    return second && follows(at + 2) && follows(at + 3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::vector<std::string_view> split(std::string_view whole, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    size_t at = whole.find(separator);
    parts.push_back(whole.substr(0, at));
    if (at == std::string_view::npos) return parts;
    whole.remove_prefix(at + 1);
  }
}

std::string_view trim(std::string_view padded) {
  constexpr std::string_view kSpaces = " \t\r\n\f\v";
  size_t first = padded.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return padded.substr(first, padded.find_last_not_of(kSpaces) - first + 1);
}

std::string to_base64(Bytes bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    size_t left = bytes.size() - i;
    uint32_t group = static_cast<uint32_t>(bytes[i]) << 16;
    if (left > 1) group |= static_cast<uint32_t>(bytes[i + 1]) << 8;
    if (left > 2) group |= bytes[i + 2];
    out += kAlphabet[group >> 18];
    out += kAlphabet[group >> 12 & 63];
    out += left > 1 ? kAlphabet[group >> 6 & 63] : '=';
    out += left > 2 ? kAlphabet[group & 63] : '=';
  }
  return out;
}

std::optional<std::string> from_base64(std::string_view encoded) {
  static constexpr std::array<int8_t, 256> kDigits = make_digits();
  if (encoded.size() % 4 != 0) return std::nullopt;
  size_t padding = 0;
  while (padding < 2 && padding < encoded.size() && encoded[encoded.size() - 1 - padding] == '=')
    padding++;
  std::string out;
  out.reserve(encoded.size() / 4 * 3);
  for (size_t i = 0; i < encoded.size(); i += 4) {
    size_t digits = i + 4 == encoded.size() ? 4 - padding : 4;
    uint32_t group = 0;
    for (size_t k = 0; k < digits; k++) {
      int8_t digit = kDigits[static_cast<uint8_t>(encoded[i + k])];
      if (digit < 0) return std::nullopt;
      group |= static_cast<uint32_t>(digit) << (18 - 6 * k);
    }
    // Bits that no byte takes must be zero, else two texts would mean the same bytes.
    if (digits < 4 && (group & (digits == 3 ? 0xffu : 0xffffu)) != 0) return std::nullopt;
    out += static_cast<char>(group >> 16);
    if (digits > 2) out += static_cast<char>(group >> 8);
    if (digits > 3) out += static_cast<char>(group);
  }
  return out;
}

bool is_utf8(std::string_view candidate) {
  constexpr uint64_t kHighBits = 0x8080808080808080;
  for (size_t i = 0; i < candidate.size();) {
    uint64_t some[4];
    while (candidate.size() - i >= sizeof some) {
      std::memcpy(some, candidate.data() + i, sizeof some);
      if (((some[0] | some[1] | some[2] | some[3]) & kHighBits) != 0) break;
      i += sizeof some;
    }
    if (i == candidate.size()) return true;
    size_t length = utf8_length(candidate, i);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

std::string printable(std::string_view foreign, size_t size_max) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  bool cut = foreign.size() > size_max;
  if (cut) foreign = foreign.substr(0, size_max);
  for (size_t i = 0; i < foreign.size();) {
    auto byte = static_cast<uint8_t>(foreign[i]);
    size_t length = utf8_length(foreign, i);
    // U+0080 to U+009F are control characters too.
    bool control = byte < 0x20 || byte == 0x7f ||
                   (byte == 0xc2 && length == 2 && static_cast<uint8_t>(foreign[i + 1]) < 0xa0);
    if (length == 0 || control) {
      out.append("\\x").append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
      i++;
      continue;
    }
    out.append(foreign.substr(i, length));
    i += length;
  }
  if (cut) out += "...";
  return out;
}

std::string padded(int64_t number, int width) {
  std::string digits = std::to_string(number);
  size_t missing = static_cast<size_t>(width) > digits.size() ? width - digits.size() : 0;
  return std::string(missing, '0') + digits;
}

}  // namespace eventd
