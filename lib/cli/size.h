// SPDX-License-Identifier: Apache-2.0
// Sizes as coreutils take them: 10M, 4K (1024), 4KB (1000), 4KiB, a bare number of bytes.
#pragma once

#include <cstdint>
#include <string_view>

#include "lib/base/result.h"

namespace eventd {

// bad_usage with what is wrong.
Result<uint64_t> parse_size_bytes(std::string_view given);

}  // namespace eventd
