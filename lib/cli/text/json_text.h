// SPDX-License-Identifier: Apache-2.0
// JSON as text: whether it is JSON, where a value ends, what stands at a path. Nothing is built and
// nothing is allocated while it is nested less than a few hundred deep; deeper is no error.
//
// Strict: RFC 8259, valid UTF-8, and no escaped half of a surrogate pair, because what is called
// JSON here must be JSON to whoever reads it next.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace eventd {

// One JSON text, with space around it or not.
bool is_json_text(std::string_view text);

// The end of the JSON value that begins at `at`; nullptr if there is none before `end`. Space
// before it is not skipped.
const char* skip_json_value(const char* at, const char* end);

// The JSON value that the names lead to from the outermost object inwards, as it stands in `text`;
// of equal names the last. Nothing if it is not there, or if `text` is no JSON text.
std::optional<std::string_view> find_json(std::string_view text, std::span<const std::string> path);

// What the inside of a JSON string stands for; nothing if an escape is wrong. Other bytes are taken
// as they are.
std::optional<std::string> decode_json_string(std::string_view inside);

}  // namespace eventd
