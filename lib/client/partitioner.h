// SPDX-License-Identifier: Apache-2.0
// Which partition a record goes to: by its key as Java's default has it, or to one partition until
// its batch is full.
#pragma once

#include <cstdint>
#include <optional>

#include "lib/base/bytes.h"

namespace eventd {

// Kafka's murmur2, seed 0x9747b28c; the sign bit is cut off by key_partition().
uint32_t murmur2(Bytes key);
int32_t key_partition(Bytes key, int32_t partitions);

}  // namespace eventd
