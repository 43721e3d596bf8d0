// SPDX-License-Identifier: Apache-2.0
#include "lib/base/crc32c.h"

#include <array>

#if defined(__x86_64__)
#include <nmmintrin.h>
#ifdef __clang__  // which has no _Bool in C++
#define _Bool bool
#endif
#include <sys/platform/x86.h>
#endif

namespace eventd {
namespace {

constexpr uint32_t kPolynomial = 0x82f63b78;  // reflected

using Table = std::array<uint32_t, 256>;

constexpr Table make_table() {
  Table table{};
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (crc & 1 ? kPolynomial : 0);
    table[i] = crc;
  }
  return table;
}

constexpr Table kTable = make_table();

#if defined(__x86_64__)

// The operator "append n zero bytes" is linear in the checksum, so it is the xor of what it does to
// each of the four bytes.
using Shift = std::array<Table, 4>;

constexpr uint32_t append_zeros(uint32_t crc, size_t n) {
  for (; n > 0; n--) crc = kTable[crc & 0xff] ^ (crc >> 8);
  return crc;
}

constexpr Shift make_shift(size_t n) {
  std::array<uint32_t, 32> of_bit{};
  for (size_t bit = 0; bit < 32; bit++) of_bit[bit] = append_zeros(uint32_t{1} << bit, n);
  Shift shift{};
  for (size_t byte = 0; byte < 4; byte++)
    for (uint32_t value = 0; value < 256; value++)
      for (size_t bit = 0; bit < 8; bit++)
        if (value >> bit & 1) shift[byte][value] ^= of_bit[byte * 8 + bit];
  return shift;
}

constexpr size_t kLargeBlock = 2048;
constexpr size_t kSmallBlock = 256;
constexpr Shift kLargeShift = make_shift(kLargeBlock);
constexpr Shift kSmallShift = make_shift(kSmallBlock);

uint32_t apply(const Shift& shift, uint32_t crc) {
  return shift[0][crc & 0xff] ^ shift[1][crc >> 8 & 0xff] ^ shift[2][crc >> 16 & 0xff] ^
         shift[3][crc >> 24];
}

__attribute__((target("sse4.2"))) uint64_t step(uint64_t crc, const uint8_t* at) {
  uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return _mm_crc32_u64(crc, word);
}

template <size_t block>
__attribute__((target("sse4.2"))) uint64_t three_streams(uint64_t crc, Bytes& bytes,
                                                         const Shift& shift) {
  while (bytes.size() >= 3 * block) {
    const uint8_t* at = bytes.data();
    uint64_t first = crc, second = 0, third = 0;
    for (size_t i = 0; i < block; i += 8) {
      first = step(first, at + i);
      second = step(second, at + block + i);
      third = step(third, at + 2 * block + i);
    }
    uint32_t joined = apply(shift, static_cast<uint32_t>(first)) ^ static_cast<uint32_t>(second);
    crc = apply(shift, joined) ^ static_cast<uint32_t>(third);
    bytes = bytes.subspan(3 * block);
  }
  return crc;
}

__attribute__((target("sse4.2"))) uint32_t crc32c_by_instruction(Bytes bytes, uint32_t before) {
  uint64_t crc = ~before;
  crc = three_streams<kLargeBlock>(crc, bytes, kLargeShift);
  crc = three_streams<kSmallBlock>(crc, bytes, kSmallShift);
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) crc = step(crc, bytes.data());
  for (uint8_t byte : bytes) crc = _mm_crc32_u8(static_cast<uint32_t>(crc), byte);
  return ~static_cast<uint32_t>(crc);
}

// glibc has asked the processor already; to ask again costs a virtual machine 60 us of every start.
const bool kHasInstruction = CPU_FEATURE_ACTIVE(SSE4_2);

#endif

}  // namespace

uint32_t crc32c_by_table(Bytes bytes, uint32_t before) {
  uint32_t crc = ~before;
  for (uint8_t byte : bytes) crc = kTable[(crc ^ byte) & 0xff] ^ (crc >> 8);
  return ~crc;
}

uint32_t crc32c(Bytes bytes, uint32_t before) {
#if defined(__x86_64__)
  if (kHasInstruction) return crc32c_by_instruction(bytes, before);
#endif
  return crc32c_by_table(bytes, before);
}

}  // namespace eventd
