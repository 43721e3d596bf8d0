// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/text/event_parser.h"

#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "lib/base/ensure.h"
#include "lib/base/text.h"
#include "lib/cli/text/json_text.h"

namespace eventd {

namespace {

using nlohmann::json;

// What may stand in a JSON string as it is.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (size_t i = 0x20; i < 256; i++) plain[i] = i != '"' && i != '\\';
  return plain;
}();

// Of eight bytes, little-endian: bit 7 of the first that may not stand in a JSON string as it is;
// behind that one more bits than those may be set.
uint64_t special_bytes(uint64_t eight) {
  static_assert(std::endian::native == std::endian::little);
  constexpr uint64_t kOnes = 0x0101010101010101;
  uint64_t quote = eight ^ (kOnes * '"');
  uint64_t backslash = eight ^ (kOnes * '\\');
  uint64_t found = ((quote - kOnes) & ~quote) | ((backslash - kOnes) & ~backslash) |
                   ((eight - kOnes * 0x20) & ~eight);
  return found & (kOnes * 0x80);
}

std::unexpected<Error> bad(std::string what) { return fail(Code::bad_data, std::move(what)); }

// -- the short way: what append_event() writes, and little more

class Scanner {
 public:
  Scanner(std::string_view line, std::string& decoded)
      : at_(line.data()), end_(line.data() + line.size()), decoded_(decoded) {}

  bool take(std::string_view token) {
    if (!rest().starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  // A string without escapes but for the short ones.
  bool take_string(std::string_view& out) {
    if (at_ == end_ || *at_ != '"') return false;
    const char* start = ++at_;
    skip_plain();
    if (at_ == end_) return false;
    if (*at_ == '"') {
      out = {start, at_++};
      return true;
    }
    size_t begin = decoded_.size();
    while (true) {
      decoded_.append(start, at_);
      if (at_ == end_) return false;
      if (*at_ == '"') break;
      if (*at_ != '\\' || !take_escape()) return false;
      start = at_;
      skip_plain();
    }
    at_++;
    out = std::string_view(decoded_).substr(begin);
    return true;
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
  bool take_bytes(std::optional<Bytes>& out) {
    out.reset();
    if (take("null")) return true;
    std::string_view string;
    if (!take("{\"base64\":")) {
      if (!take_string(string)) return false;
      out = bytes_of(string);
      return true;
    }
    if (!take_string(string) || !take("}")) return false;
    std::optional<std::string> bytes = from_base64(string);
    if (!bytes) return false;
    size_t begin = decoded_.size();
    decoded_ += *bytes;
    out = bytes_of(std::string_view(decoded_).substr(begin));
    return true;
  }
  bool take_json(std::optional<Bytes>& out) {
    const char* end = skip_json_value(at_, end_);
    if (end == nullptr) return false;
    out = bytes_of(std::string_view(at_, end));
    at_ = end;
    return true;
  }
  std::string_view rest() const { return {at_, end_}; }
  bool at_end() const { return at_ == end_; }

 private:
  void skip_plain() {
    while (end_ - at_ >= 8) {
      uint64_t eight;
      std::memcpy(&eight, at_, sizeof eight);
      uint64_t special = special_bytes(eight);
      at_ += special == 0 ? 8 : std::countr_zero(special) / 8;
      if (special != 0) return;
    }
    while (at_ != end_ && kPlain[static_cast<unsigned char>(*at_)]) at_++;
  }
  bool take_escape() {
    if (end_ - at_ < 2) return false;
    char c = at_[1];
    switch (c) {
      case '"':
      case '\\':
      case '/':
        decoded_ += c;
        break;
      case 'b':
        decoded_ += '\b';
        break;
      case 'f':
        decoded_ += '\f';
        break;
      case 'n':
        decoded_ += '\n';
        break;
      case 'r':
        decoded_ += '\r';
        break;
      case 't':
        decoded_ += '\t';
        break;
      default:
        return false;  // \u: for the general way
    }
    at_ += 2;
    return true;
  }

  const char* at_;
  const char* end_;
  std::string& decoded_;
};

bool scan_headers(Scanner& in, std::vector<RecordHeader>& headers) {
  if (!in.take("[")) return false;
  if (in.take("]")) return true;
  do {
    std::optional<Bytes> name;
    std::optional<Bytes> value;
    if (!in.take("[") || !in.take_bytes(name) || !name || !in.take(",") || !in.take_bytes(value) ||
        !in.take("]")) {
      return false;
    }
    headers.push_back({text_of(*name), value});
  } while (in.take(","));
  return in.take("]");
}

// False for anything unusual, whether it is wrong or not: names in another order or twice too.
bool scan(std::string_view line, std::string& decoded, ParsedEvent& event) {
  Scanner in(line, decoded);
  if (!in.take("{")) return false;
  bool is_first = true;
  auto name = [&](std::string_view quoted) {  // with a comma in front
    if (!in.take(quoted.substr(is_first ? 1 : 0))) return false;
    is_first = false;
    return true;
  };
  if (name(",\"topic\":") && !in.take_string(event.topic.emplace())) return false;
  if (name(",\"partition\":") && !in.take_number(event.partition.emplace())) return false;
  if (name(",\"offset\":") && !in.take_number(event.offset.emplace())) return false;
  if (name(",\"timestamp\":") && !in.take_number(event.timestamp.emplace())) return false;
  if (name(",\"key\":") && !in.take_bytes(event.key)) return false;
  if (name(",\"value\":")) {
    if (!in.take_bytes(event.value)) return false;
  } else if (!name(",\"json\":") || !in.take_json(event.value)) {
    return false;
  }
  if (name(",\"headers\":") && !scan_headers(in, event.headers)) return false;
  return in.take("}") && in.at_end() && is_utf8(line);
}

// -- the general way

// Decoded bytes, in a string that has room for all that a line can yield.
Bytes keep(std::string& decoded, std::string_view bytes) {
  ENSURE(decoded.capacity() - decoded.size() >= bytes.size());
  size_t begin = decoded.size();
  decoded += bytes;
  return bytes_of(std::string_view(decoded).substr(begin));
}

Result<std::optional<Bytes>> bytes_from(const json& value, std::string_view name,
                                        std::string& decoded) {
  if (value.is_null()) return std::optional<Bytes>();
  if (value.is_string()) return keep(decoded, value.get_ref<const std::string&>());
  if (value.is_object() && value.size() == 1 && value.contains("base64") &&
      value["base64"].is_string()) {
    std::optional<std::string> bytes = from_base64(value["base64"].get_ref<const std::string&>());
    if (!bytes) return bad(text("\"", name, "\": not base64"));
    return keep(decoded, *bytes);
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
std::string_view raw_json(std::string_view line) {
  std::string_view raw;
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

Result<void> headers_from(const json& in, std::string& decoded,
                          std::vector<RecordHeader>& headers) {
  if (!in.is_array()) return bad("\"headers\" is no array");
  for (const json& pair : in) {
    if (!pair.is_array() || pair.size() != 2) return bad("a header is no [name,value] pair");
    auto name = bytes_from(pair[0], "headers", decoded);
    auto value = bytes_from(pair[1], "headers", decoded);
    if (!name) return pass(name);
    if (!value) return pass(value);
    if (!*name) return bad("a header's name is null");
    headers.push_back({text_of(**name), *value});
  }
  return {};
}

Result<void> from_json(const json& in, std::string_view line, std::string& decoded,
                       ParsedEvent& event) {
  if (!in.is_object()) return bad("not a JSON object");
  bool has_value = in.contains("value");
  bool has_json = in.contains("json");
  if (has_value == has_json) return bad("one of \"value\" and \"json\" must be there, not both");
  if (in.contains("topic") && !in["topic"].is_null()) {
    if (!in["topic"].is_string()) return bad("\"topic\" is no string");
    event.topic = text_of(keep(decoded, in["topic"].get_ref<const std::string&>()));
  }
  auto partition = integer_from<int32_t>(in, "partition");
  if (!partition) return pass(partition);
  event.partition = *partition;
  // An offset tells where an event was; nobody has to heed it.
  if (in.contains("offset") && in["offset"].is_number_integer()) {
    event.offset = in["offset"].get<int64_t>();
  }
  auto timestamp = integer_from<int64_t>(in, "timestamp");
  if (!timestamp) return pass(timestamp);
  event.timestamp = *timestamp;
  if (in.contains("key")) {
    auto key = bytes_from(in["key"], "key", decoded);
    if (!key) return pass(key);
    event.key = *key;
  }
  if (has_value) {
    auto value = bytes_from(in["value"], "value", decoded);
    if (!value) return pass(value);
    event.value = *value;
  } else {
    event.value = bytes_of(raw_json(line));
  }
  if (!in.contains("headers") || in["headers"].is_null()) return {};
  return headers_from(in["headers"], decoded, event.headers);
}

}  // namespace

void EventParser::begin(std::string_view line) {
  event_.topic.reset();
  event_.partition.reset();
  event_.offset.reset();
  event_.timestamp.reset();
  event_.key.reset();
  event_.value.reset();
  event_.headers.clear();
  decoded_.clear();
  // What is decoded is shorter than what it is decoded from.
  if (decoded_.capacity() < line.size()) decoded_.reserve(2 * line.size());
}

Result<const ParsedEvent*> EventParser::parse(std::string_view line) {
  begin(line);
  if (scan(line, decoded_, event_)) return &event_;
  begin(line);  // what the scanner took before it stopped does not count
  json parsed;
  try {
    parsed = json::parse(line);
  } catch (const json::exception& error) {
    return bad(text("not JSON: ", printable(error.what())));
  }
  Result<void> read = from_json(parsed, line, decoded_, event_);
  if (!read) return pass(read);
  return &event_;
}

}  // namespace eventd
