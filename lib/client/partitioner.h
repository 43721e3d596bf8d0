// SPDX-License-Identifier: Apache-2.0
// Which partition a key belongs to, as the clients of others have it: records of one key stay
// together although several programs write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "lib/base/bytes.h"

namespace eventd {

// The first three go by the key, and by what `sticky` says where there is none; the others take no
// notice of it.
enum class Partitioner {
  murmur2,      // Java's default
  crc32,        // librdkafka's "consistent"
  fnv1a,        // sarama's hash partitioner
  sticky,       // one partition until its batch is full, then another
  round_robin,  // one after the other
  random,
};

// By the name that the command line has for it.
std::optional<Partitioner> partitioner_named(std::string_view name);

// Kafka's murmur2, seed 0x9747b28c; the sign bit is cut off by key_partition().
uint32_t murmur2(Bytes key);
// CRC-32 as of IEEE 802.3.
uint32_t crc32(Bytes key);
uint32_t fnv1a(Bytes key);

inline bool goes_by_key(Partitioner partitioner) { return partitioner <= Partitioner::fnv1a; }
// `partitioner` goes by the key, `partitions` is positive.
int32_t key_partition(Partitioner partitioner, Bytes key, int32_t partitions);

}  // namespace eventd
