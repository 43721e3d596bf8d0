// SPDX-License-Identifier: Apache-2.0
// Kafka's integers are big-endian on the wire and on disk. `at` must have sizeof(T) bytes.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace eventd {

template <std::integral T>
constexpr T swap_bytes(T value) {
  auto raw = static_cast<std::make_unsigned_t<T>>(value);
  if constexpr (sizeof(T) == 2) raw = __builtin_bswap16(raw);
  if constexpr (sizeof(T) == 4) raw = __builtin_bswap32(raw);
  if constexpr (sizeof(T) == 8) raw = __builtin_bswap64(raw);
  return static_cast<T>(raw);
}

template <std::integral T>
T load_big_endian(const uint8_t* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return std::endian::native == std::endian::little ? swap_bytes(value) : value;
}

template <std::integral T>
void store_big_endian(uint8_t* at, T value) {
  if (std::endian::native == std::endian::little) value = swap_bytes(value);
  std::memcpy(at, &value, sizeof value);
}

}  // namespace eventd
