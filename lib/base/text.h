// SPDX-License-Identifier: Apache-2.0
// Small text work: joining, numbers, base64, escaping of foreign strings for logs.
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/ids.h"

namespace eventd {

inline void append_text(std::string& out, std::string_view piece) { out += piece; }
inline void append_text(std::string& out, char piece) { out += piece; }
// Only for bool itself: a literal would rather become a bool than a string_view.
inline void append_text(std::string& out, std::same_as<bool> auto piece) {
  out += piece ? "true" : "false";
}
template <class T>
  requires(std::integral<T> && !std::same_as<T, char> && !std::same_as<T, bool>)
void append_text(std::string& out, T piece) {
  char digits[24];
  auto end = std::to_chars(digits, digits + sizeof digits, piece).ptr;
  out.append(digits, static_cast<size_t>(end - digits));
}
template <class Tag, class Rep>
void append_text(std::string& out, Id<Tag, Rep> piece) {
  append_text(out, piece.value);
}

// text("partition ", 3, " of ", name)
template <class... Pieces>
std::string text(const Pieces&... pieces) {
  std::string out;
  (append_text(out, pieces), ...);
  return out;
}

// The whole of `digits` as a number, or nothing: no sign but '-', no spaces, no overflow.
template <std::integral T>
std::optional<T> parse_number(std::string_view digits) {
  T value{};
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::vector<std::string_view> split(std::string_view whole, char separator);
std::string_view trim(std::string_view padded);

std::string to_base64(Bytes bytes);
// Nothing if it is not canonical base64 (padding included).
std::optional<std::string> from_base64(std::string_view encoded);

bool is_utf8(std::string_view candidate);

// Control bytes and bad UTF-8 as \xHH, so that a peer's string cannot forge a log line or drive a
// terminal. At most `size_max` bytes of the input are shown.
std::string printable(std::string_view foreign, size_t size_max = 256);

// `number` padded with zeros on the left to `width` digits. `number` is not negative.
std::string padded(int64_t number, int width);

}  // namespace eventd
