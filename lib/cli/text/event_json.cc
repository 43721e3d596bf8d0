// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/text/event_json.h"

#include <array>

#include "lib/base/text.h"
#include "lib/cli/text/event_parser.h"

namespace eventd {

namespace {

// What may stand in a JSON string as it is.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (size_t i = 0x20; i < 256; i++) plain[i] = i != '"' && i != '\\';
  return plain;
}();

void append_escape(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  constexpr const char* kHex = "0123456789abcdef";
  auto byte = static_cast<unsigned char>(c);
  out += "\\u00";
  out += kHex[byte >> 4];
  out += kHex[byte & 15];
}

bool is_ascii(Bytes bytes) {
  uint8_t all = 0;
  for (uint8_t byte : bytes) all |= byte;
  return all < 0x80;
}

void append_optional(std::string& out, const std::optional<Bytes>& bytes) {
  if (bytes) {
    append_json_bytes(out, *bytes);
  } else {
    out += "null";
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view utf8) {
  out += '"';
  const char* at = utf8.data();
  const char* end = at + utf8.size();
  while (at != end) {
    const char* start = at;
    while (at != end && kPlain[static_cast<unsigned char>(*at)]) at++;
    out.append(start, at);
    if (at != end) append_escape(out, *at++);
  }
  out += '"';
}

void append_json_bytes(std::string& out, Bytes bytes) {
  if (is_ascii(bytes) || is_utf8(text_of(bytes))) return append_json_string(out, text_of(bytes));
  out += "{\"base64\":\"";
  out += to_base64(bytes);
  out += "\"}";
}

void append_event_start(std::string& out, const EventView& event) {
  out += "{\"topic\":";
  append_json_string(out, event.topic);
  append_text(out, ",\"partition\":");
  append_text(out, event.partition);
  append_text(out, ",\"offset\":");
  append_text(out, event.offset);
  append_text(out, ",\"timestamp\":");
  append_text(out, event.timestamp);
  out += ",\"key\":";
  append_optional(out, event.key);
  if (event.is_json) {
    out += ",\"json\":";
    out += text_of(*event.value);
  } else {
    out += ",\"value\":";
    append_optional(out, event.value);
  }
}

void append_event_header(std::string& out, size_t index, std::string_view name,
                         const std::optional<Bytes>& value) {
  out += index == 0 ? ",\"headers\":[[" : ",[";
  append_json_bytes(out, bytes_of(name));
  out += ',';
  append_optional(out, value);
  out += ']';
}

void append_event_end(std::string& out, size_t headers) { out += headers == 0 ? "}\n" : "]}\n"; }

void append_event(std::string& out, const EventView& event) {
  append_event_start(out, event);
  size_t index = 0;
  for (const auto& [name, value] : event.headers) append_event_header(out, index++, name, value);
  append_event_end(out, index);
}

Result<Event> parse_event(std::string_view line) {
  EventParser parser;
  Result<const ParsedEvent*> parsed = parser.parse(line);
  if (!parsed) return pass(parsed);
  auto owned = [](const auto& bytes) {
    return bytes ? std::optional(std::string(text_of(*bytes))) : std::nullopt;
  };
  const ParsedEvent& in = **parsed;
  Event event;
  if (in.topic) event.topic = *in.topic;
  event.partition = in.partition;
  event.timestamp = in.timestamp;
  event.key = owned(in.key);
  event.value = owned(in.value);
  for (const RecordHeader& header : in.headers) {
    event.headers.emplace_back(header.key, owned(header.value));
  }
  return event;
}

}  // namespace eventd
