// SPDX-License-Identifier: Apache-2.0
// Events as JSON, one to a line:
//
//   {"topic":"clicks","partition":0,"offset":41,"timestamp":1790000000123,"key":"u7",
//    "value":"hello","headers":[["trace","ab12"],["raw",{"base64":"/wA="}]]}
//
// These keys in this order, no spaces, only the escapes that JSON requires. Key, value, header
// names and header values are a string if they are strictly valid UTF-8, null, or {"base64":".."}.
// Headers keep their order and are left out when there are none. What is written here is read here,
// byte for byte. Other people's events may have any JSON that means the same, names in any order
// and names of their own; "json":VALUE instead of "value" makes the text of VALUE the value.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/result.h"

namespace eventd {

// A null name cannot be: Kafka has none.
using EventHeader = std::pair<std::string, std::optional<std::string>>;

struct Event {
  std::optional<std::string> topic;
  std::optional<int32_t> partition;
  std::optional<int64_t> timestamp;
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<EventHeader> headers;
};

// An event on its way out; views of what it was read from.
struct EventView {
  std::string_view topic;
  int32_t partition = 0;
  int64_t offset = 0;
  int64_t timestamp = -1;
  std::optional<Bytes> key;
  std::optional<Bytes> value;
  bool is_json = false;  // the value goes as it is, as "json":; it is a JSON text without newline
  std::vector<std::pair<std::string_view, std::optional<Bytes>>> headers;
};

// Appends the line without headers and end; the header number `index`; the end with its newline.
void append_event_start(std::string& out, const EventView& event);
void append_event_header(std::string& out, size_t index, std::string_view name,
                         const std::optional<Bytes>& value);
void append_event_end(std::string& out, size_t headers);
// All three.
void append_event(std::string& out, const EventView& event);
// Appends a JSON string, or {"base64":".."}.
void append_json_bytes(std::string& out, Bytes bytes);
void append_json_string(std::string& out, std::string_view utf8);

// bad_data with what is wrong and where.
Result<Event> parse_event(std::string_view line);

}  // namespace eventd
