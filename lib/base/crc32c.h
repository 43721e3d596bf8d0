// SPDX-License-Identifier: Apache-2.0
// CRC-32C (Castagnoli), the checksum of record batches v2.
//
// With SSE4.2 three streams run side by side, which hides the latency of the crc32 instruction;
// elsewhere a table is used.
#pragma once

#include <cstdint>

#include "lib/base/bytes.h"

namespace eventd {

// The checksum of `before` (a former result, or 0) followed by `bytes`.
uint32_t crc32c(Bytes bytes, uint32_t before = 0);

// The portable version, which tests hold against the fast one.
uint32_t crc32c_by_table(Bytes bytes, uint32_t before = 0);

}  // namespace eventd
