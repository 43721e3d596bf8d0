// SPDX-License-Identifier: Apache-2.0
// What people type for bytes that a keyboard has not.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace eventd {

// "\n \t \r \0 \\ \xHH"; bad_usage for other escapes.
Result<std::string> unescape(std::string_view text);

}  // namespace eventd
