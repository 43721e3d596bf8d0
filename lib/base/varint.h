// SPDX-License-Identifier: Apache-2.0
// Kafka's variable-length integers: seven bits a byte, lowest first, the top bit says "more".
//
// Signed ones are zigzag-folded first (0, -1, 1, -2, .. become 0, 1, 2, 3, ..). 32-bit ones take up
// to 5 bytes, 64-bit ones up to 10. Excess bits of the last byte are ignored, as in Kafka.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace eventd {

template <std::unsigned_integral T>
inline constexpr size_t kVarintSizeMax = sizeof(T) == 4 ? 5 : 10;

template <std::signed_integral T>
constexpr std::make_unsigned_t<T> zigzag(T value) {
  using U = std::make_unsigned_t<T>;
  return (static_cast<U>(value) << 1) ^ static_cast<U>(value >> (8 * sizeof(T) - 1));
}

template <std::unsigned_integral T>
constexpr std::make_signed_t<T> unzigzag(T folded) {
  return static_cast<std::make_signed_t<T>>((folded >> 1) ^ (T{0} - (folded & 1)));
}

// How many bytes `value` takes.
template <std::unsigned_integral T>
constexpr size_t uvarint_size(T value) {
  return (static_cast<size_t>(std::bit_width(static_cast<T>(value | 1))) + 6) / 7;
}
template <std::signed_integral T>
constexpr size_t varint_size(T value) {
  return uvarint_size(zigzag(value));
}

// Writes to `out`, which has room for uvarint_size(value) bytes, and returns what follows.
template <std::unsigned_integral T>
inline uint8_t* put_uvarint(uint8_t* out, T value) {
  while (value >= 0x80) {
    *out++ = static_cast<uint8_t>(value | 0x80);
    value >>= 7;
  }
  *out++ = static_cast<uint8_t>(value);
  return out;
}
template <std::signed_integral T>
inline uint8_t* put_varint(uint8_t* out, T value) {
  return put_uvarint(out, zigzag(value));
}

// Reads from [at, end) into `value` and returns what follows, or nullptr if the number is cut short
// or has more bytes than its type can need.
template <std::unsigned_integral T>
inline const uint8_t* get_uvarint(const uint8_t* at, const uint8_t* end, T& value) {
  if (at != end && *at < 0x80) {  // most are one byte
    value = *at;
    return at + 1;
  }
  T sum = 0;
  for (size_t i = 0; i < kVarintSizeMax<T>; i++) {
    if (at == end) return nullptr;
    uint8_t byte = *at++;
    sum |= static_cast<T>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      value = sum;
      return at;
    }
  }
  return nullptr;
}
template <std::signed_integral T>
inline const uint8_t* get_varint(const uint8_t* at, const uint8_t* end, T& value) {
  std::make_unsigned_t<T> folded = 0;
  at = get_uvarint(at, end, folded);
  value = unzigzag(folded);
  return at;
}

}  // namespace eventd
