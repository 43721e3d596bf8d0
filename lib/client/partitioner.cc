// SPDX-License-Identifier: Apache-2.0
#include "lib/client/partitioner.h"

#include <cstring>

namespace eventd {

uint32_t murmur2(Bytes key) {
  constexpr uint32_t kMultiplier = 0x5bd1e995;
  constexpr int kShift = 24;
  constexpr uint32_t kSeed = 0x9747b28c;
  auto length = static_cast<uint32_t>(key.size());
  uint32_t hash = kSeed ^ length;
  size_t at = 0;
  for (; at + 4 <= key.size(); at += 4) {
    // Little-endian, whatever the machine.
    uint32_t word = uint32_t{key[at]} | uint32_t{key[at + 1]} << 8 | uint32_t{key[at + 2]} << 16 |
                    uint32_t{key[at + 3]} << 24;
    word *= kMultiplier;
    word ^= word >> kShift;
    word *= kMultiplier;
    hash *= kMultiplier;
    hash ^= word;
  }
  size_t left = key.size() - at;
  if (left >= 3) hash ^= uint32_t{key[at + 2]} << 16;
  if (left >= 2) hash ^= uint32_t{key[at + 1]} << 8;
  if (left >= 1) {
    hash ^= key[at];
    hash *= kMultiplier;
  }
  hash ^= hash >> 13;
  hash *= kMultiplier;
  hash ^= hash >> 15;
  return hash;
}

int32_t key_partition(Bytes key, int32_t partitions) {
  return static_cast<int32_t>(murmur2(key) & 0x7fffffff) % partitions;
}

}  // namespace eventd
