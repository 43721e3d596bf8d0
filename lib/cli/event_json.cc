// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/event_json.h"

#include <array>
#include <limits>
#include <nlohmann/json.hpp>

#include "lib/base/text.h"

namespace eventd {

namespace {

using nlohmann::json;

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

std::unexpected<Error> bad(std::string what) { return fail(Code::bad_data, std::move(what)); }

// -- the scanner: what append_event() writes, and little more

class Scanner {
 public:
  explicit Scanner(std::string_view line) : at_(line.data()), end_(line.data() + line.size()) {}

  bool take(std::string_view token) {
    if (static_cast<size_t>(end_ - at_) < token.size()) return false;
    if (std::string_view(at_, token.size()) != token) return false;
    at_ += token.size();
    return true;
  }
  // A string without escapes but for the short ones.
  bool take_string(std::string& out) {
    out.clear();
    if (at_ == end_ || *at_ != '"') return false;
    at_++;
    while (at_ != end_) {
      const char* start = at_;
      while (at_ != end_ && kPlain[static_cast<unsigned char>(*at_)]) at_++;
      out.append(start, at_);
      if (at_ == end_) return false;
      if (*at_ == '"') {
        at_++;
        return true;
      }
      if (*at_ != '\\' || !take_escape(out)) return false;
    }
    return false;
  }
  template <class T>
  bool take_number(T& out) {
    auto [end, error] = std::from_chars(at_, end_, out);
    if (error != std::errc{}) return false;
    const char* digits = *at_ == '-' ? at_ + 1 : at_;
    if (*digits == '0' && end != digits + 1) return false;  // "007" is no JSON
    at_ = end;
    return true;
  }
  std::string_view rest() const { return {at_, end_}; }
  void skip(size_t size) { at_ += size; }
  bool take_bytes(std::optional<std::string>& out) {
    if (take("null")) {
      out.reset();
      return true;
    }
    if (take("{\"base64\":")) {
      std::string encoded;
      if (!take_string(encoded) || !take("}")) return false;
      out = from_base64(encoded);
      return out.has_value();
    }
    return take_string(out.emplace());
  }
  bool at_end() const { return at_ == end_; }

 private:
  bool take_escape(std::string& out) {
    if (end_ - at_ < 2) return false;
    char c = at_[1];
    switch (c) {
      case '"':
      case '\\':
      case '/':
        out += c;
        break;
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      default:
        return false;  // \u: for the general parser
    }
    at_ += 2;
    return true;
  }

  const char* at_;
  const char* end_;
};

bool scan_headers(Scanner& in, std::vector<EventHeader>& headers) {
  if (!in.take("[")) return false;
  if (in.take("]")) return true;
  do {
    std::optional<std::string> name;
    std::optional<std::string> value;
    if (!in.take("[") || !in.take_bytes(name) || !name || !in.take(",") || !in.take_bytes(value) ||
        !in.take("]")) {
      return false;
    }
    headers.emplace_back(std::move(*name), std::move(value));
  } while (in.take(","));
  return in.take("]");
}

// False for anything unusual, whether it is wrong or not: names in another order or twice too.
bool scan(std::string_view line, Event& event) {
  Scanner in(line);
  if (!in.take("{")) return false;
  bool is_first = true;
  auto name = [&](std::string_view quoted) {
    std::string_view rest = in.rest();
    if (!is_first && !rest.starts_with(',')) return false;
    rest.remove_prefix(is_first ? 0 : 1);
    if (!rest.starts_with(quoted)) return false;
    in.skip(quoted.size() + (is_first ? 0 : 1));
    is_first = false;
    return true;
  };
  if (name("\"topic\":") && !in.take_string(event.topic.emplace())) return false;
  if (name("\"partition\":") && !in.take_number(event.partition.emplace())) return false;
  int64_t offset = 0;
  if (name("\"offset\":") && !in.take_number(offset)) return false;
  if (name("\"timestamp\":") && !in.take_number(event.timestamp.emplace())) return false;
  if (name("\"key\":") && !in.take_bytes(event.key)) return false;
  if (!name("\"value\":") || !in.take_bytes(event.value)) return false;
  if (name("\"headers\":") && !scan_headers(in, event.headers)) return false;
  return in.take("}") && in.at_end() && is_utf8(line);
}

// -- the general parser

Result<std::optional<std::string>> bytes_from(const json& value, std::string_view name) {
  if (value.is_null()) return std::optional<std::string>();
  if (value.is_string()) return std::optional(value.get<std::string>());
  if (value.is_object() && value.size() == 1 && value.contains("base64") &&
      value["base64"].is_string()) {
    std::optional<std::string> decoded = from_base64(value["base64"].get<std::string>());
    if (!decoded) return bad(text("\"", name, "\": not base64"));
    return decoded;
  }
  return bad(text("\"", name, "\" is no string, null or {\"base64\":\"..\"}"));
}

template <class T>
Result<std::optional<T>> integer_from(const json& event, const char* name) {
  if (!event.contains(name) || event[name].is_null()) return std::optional<T>();
  const json& value = event[name];
  // Larger numbers are unsigned to the parser, or floating.
  bool is_whole = value.is_number_integer() &&
                  (!value.is_number_unsigned() || value.get<uint64_t>() <= uint64_t{INT64_MAX});
  int64_t number = is_whole ? value.get<int64_t>() : 0;
  if (!is_whole || number < std::numeric_limits<T>::min() ||
      number > std::numeric_limits<T>::max()) {
    return bad(text("\"", std::string_view(name), "\" is no integer of ", sizeof(T) * 8, " bits"));
  }
  return std::optional<T>(static_cast<T>(number));
}

// The end of the JSON value at `at` of a text that is known to be JSON.
size_t end_of_value(std::string_view text, size_t at) {
  int depth = 0;
  bool quoted = false;
  for (size_t i = at; i < text.size(); i++) {
    char c = text[i];
    if (quoted) {
      if (c == '\\') i++;
      quoted = c != '"';
      continue;
    }
    if (c == '"') quoted = true;
    if (c == '{' || c == '[') depth++;
    bool closes = c == '}' || c == ']';
    if (depth == 0 && (closes || c == ',' || c == ':')) return i;
    if (closes) depth--;
  }
  return text.size();
}

// The bytes of the value that the object `line` has under "json", as they stand there. Of two the
// last, as the parser has it.
std::string raw_json(std::string_view line) {
  std::string raw;
  size_t at = line.find('{') + 1;
  while (at < line.size()) {
    size_t colon = end_of_value(line, at);
    size_t end = end_of_value(line, colon + 1);
    std::string name = json::parse(trim(line.substr(at, colon - at))).get<std::string>();
    if (name == "json") raw = trim(line.substr(colon + 1, end - colon - 1));
    if (end >= line.size() || line[end] == '}') break;
    at = end + 1;
  }
  return raw;
}

Result<Event> from_json(const json& in, std::string_view line) {
  if (!in.is_object()) return bad("not a JSON object");
  Event event;
  bool has_value = in.contains("value");
  bool has_json = in.contains("json");
  if (has_value == has_json) return bad("one of \"value\" and \"json\" must be there, not both");
  if (in.contains("topic") && !in["topic"].is_null()) {
    if (!in["topic"].is_string()) return bad("\"topic\" is no string");
    event.topic = in["topic"].get<std::string>();
  }
  auto partition = integer_from<int32_t>(in, "partition");
  if (!partition) return pass(partition);
  event.partition = *partition;
  auto timestamp = integer_from<int64_t>(in, "timestamp");
  if (!timestamp) return pass(timestamp);
  event.timestamp = *timestamp;
  if (in.contains("key")) {
    auto key = bytes_from(in["key"], "key");
    if (!key) return pass(key);
    event.key = std::move(*key);
  }
  if (has_value) {
    auto value = bytes_from(in["value"], "value");
    if (!value) return pass(value);
    event.value = std::move(*value);
  } else {
    event.value = raw_json(line);
  }
  if (!in.contains("headers") || in["headers"].is_null()) return event;
  if (!in["headers"].is_array()) return bad("\"headers\" is no array");
  for (const json& pair : in["headers"]) {
    if (!pair.is_array() || pair.size() != 2) return bad("a header is no [name,value] pair");
    auto name = bytes_from(pair[0], "headers");
    auto value = bytes_from(pair[1], "headers");
    if (!name) return pass(name);
    if (!value) return pass(value);
    if (!*name) return bad("a header's name is null");
    event.headers.emplace_back(std::move(**name), std::move(*value));
  }
  return event;
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

void append_event(std::string& out, const EventView& event) {
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
  if (!event.headers.empty()) {
    char separator = '[';
    out += ",\"headers\":";
    for (const auto& [name, value] : event.headers) {
      out += separator;
      out += '[';
      append_json_bytes(out, bytes_of(name));
      out += ',';
      append_optional(out, value);
      out += ']';
      separator = ',';
    }
    out += ']';
  }
  out += "}\n";
}

Result<Event> parse_event(std::string_view line) {
  Event event;
  if (scan(line, event)) return event;
  // What the scanner took before it stopped does not count.
  json parsed;
  try {
    parsed = json::parse(line);
  } catch (const json::exception& error) {
    return bad(text("not JSON: ", printable(error.what())));
  }
  return from_json(parsed, line);
}

}  // namespace eventd
