// SPDX-License-Identifier: Apache-2.0
#include "lib/client/partitioner.h"

#include <zlib.h>

#include <cstdlib>
#include <utility>

#include "lib/base/ensure.h"

namespace eventd {

std::optional<Partitioner> partitioner_named(std::string_view name) {
  constexpr std::pair<std::string_view, Partitioner> kNames[] = {
      {"murmur2", Partitioner::murmur2},
      {"sticky", Partitioner::sticky},
      {"round-robin", Partitioner::round_robin},
      {"random", Partitioner::random},
      {"crc32", Partitioner::crc32},
      {"fnv1a", Partitioner::fnv1a},
  };
  for (const auto& [known, partitioner] : kNames) {
    if (known == name) return partitioner;
  }
  return std::nullopt;
}

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

uint32_t crc32(Bytes key) {
  return static_cast<uint32_t>(::crc32_z(::crc32_z(0, nullptr, 0), key.data(), key.size()));
}

uint32_t fnv1a(Bytes key) {
  uint32_t hash = 0x811c9dc5;
  for (uint8_t byte : key) hash = (hash ^ byte) * 0x01000193;
  return hash;
}

int32_t key_partition(Partitioner partitioner, Bytes key, int32_t partitions) {
  switch (partitioner) {
    case Partitioner::murmur2:
      return static_cast<int32_t>(murmur2(key) & 0x7fffffff) % partitions;
    case Partitioner::crc32:
      return static_cast<int32_t>(crc32(key) % static_cast<uint32_t>(partitions));
    case Partitioner::fnv1a:
      // Signed, with the sign of a remainder cut off: not the same as cutting off the hash's sign.
      return std::abs(static_cast<int32_t>(fnv1a(key)) % partitions);
    default:
      ENSURE(goes_by_key(partitioner));
      return 0;
  }
}

}  // namespace eventd
