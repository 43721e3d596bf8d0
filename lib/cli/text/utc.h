// SPDX-License-Identifier: Apache-2.0
// Times of records as text. UTC, whatever TZ says, and no locale.
#pragma once

#include <cstdint>
#include <string>

namespace eventd {

// "2026-03-01T10:00:00.123Z" of ms since 1970; years beyond 9999 have more digits.
void append_rfc3339(std::string& out, int64_t timestamp_ms);

// As strftime(3) has it.
void append_strftime(std::string& out, const std::string& pattern, int64_t timestamp_ms);

}  // namespace eventd
