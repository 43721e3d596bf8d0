// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/text/json_text.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "lib/base/text.h"

namespace eventd {

namespace {

// What may stand in a JSON string as it is; beyond ASCII, UTF-8 is checked later.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (size_t i = 0x20; i < 256; i++) plain[i] = i != '"' && i != '\\';
  return plain;
}();

bool is_plain(char c) { return kPlain[static_cast<unsigned char>(c)]; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

const char* skip_space(const char* at, const char* end) {
  while (at != end && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')) at++;
  return at;
}

const char* skip_word(const char* at, const char* end, std::string_view word) {
  if (static_cast<size_t>(end - at) < word.size()) return nullptr;
  return std::string_view(at, word.size()) == word ? at + word.size() : nullptr;
}

const char* skip_digits(const char* at, const char* end) {
  const char* start = at;
  while (at != end && is_digit(*at)) at++;
  return at == start ? nullptr : at;
}

const char* skip_number(const char* at, const char* end) {
  if (at != end && *at == '-') at++;
  if (at == end) return nullptr;
  at = *at == '0' ? at + 1 : skip_digits(at, end);
  if (at != nullptr && at != end && *at == '.') at = skip_digits(at + 1, end);
  if (at == nullptr || at == end || (*at != 'e' && *at != 'E')) return at;
  at++;
  if (at != end && (*at == '+' || *at == '-')) at++;
  return skip_digits(at, end);
}

// The four digits of \uXXXX, or -1.
int hex4(const char* at, const char* end) {
  if (end - at < 4) return -1;
  int value = 0;
  for (int i = 0; i < 4; i++) {
    char c = at[i];
    int digit = is_digit(c)              ? c - '0'
                : (c >= 'a' && c <= 'f') ? c - 'a' + 10
                : (c >= 'A' && c <= 'F') ? c - 'A' + 10
                                         : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

// `at` is behind the backslash.
const char* skip_escape(const char* at, const char* end) {
  if (at == end) return nullptr;
  if (*at != 'u') {
    return std::string_view("\"\\/bfnrt").find(*at) == std::string_view::npos ? nullptr : at + 1;
  }
  int unit = hex4(at + 1, end);
  if (unit < 0 || (unit >= 0xdc00 && unit < 0xe000)) return nullptr;
  at += 5;
  if (unit < 0xd800 || unit >= 0xe000) return at;
  at = skip_word(at, end, "\\u");
  int low = at == nullptr ? -1 : hex4(at, end);
  return low >= 0xdc00 && low < 0xe000 ? at + 4 : nullptr;
}

// `at` is at the opening quote.
const char* skip_string(const char* at, const char* end) {
  const char* start = ++at;
  while (true) {
    while (at != end && is_plain(*at)) at++;
    if (at == end) return nullptr;
    if (*at == '"') break;
    if (*at != '\\') return nullptr;
    at = skip_escape(at + 1, end);
    if (at == nullptr) return nullptr;
  }
  uint8_t all = 0;
  for (const char* c = start; c != at; c++) all |= static_cast<uint8_t>(*c);
  if (all >= 0x80 && !is_utf8({start, at})) return nullptr;
  return at + 1;
}

const char* skip_scalar(const char* at, const char* end) {
  switch (*at) {
    case '"':
      return skip_string(at, end);
    case 't':
      return skip_word(at, end, "true");
    case 'f':
      return skip_word(at, end, "false");
    case 'n':
      return skip_word(at, end, "null");
    default:
      return skip_number(at, end);
  }
}

// "name": and the space around it.
const char* skip_name(const char* at, const char* end) {
  at = skip_space(at, end);
  if (at == end || *at != '"') return nullptr;
  at = skip_string(at, end);
  if (at == nullptr) return nullptr;
  at = skip_space(at, end);
  if (at == end || *at != ':') return nullptr;
  return skip_space(at + 1, end);
}

// What is open: whether each level is an object. The first 256 levels need no memory of their own.
class Nesting {
 public:
  void push(bool is_object) {
    if (depth_ < kInline) {
      uint64_t bit = uint64_t{1} << (depth_ % 64);
      uint64_t& word = words_[depth_ / 64];
      word = is_object ? word | bit : word & ~bit;
    } else {
      more_.push_back(is_object);
    }
    depth_++;
  }
  void pop() {
    if (depth_-- > kInline) more_.pop_back();
  }
  bool empty() const { return depth_ == 0; }
  bool is_object() const {
    if (depth_ > kInline) return more_.back();
    size_t top = depth_ - 1;
    return (words_[top / 64] >> (top % 64) & 1) != 0;
  }

 private:
  static constexpr size_t kInline = 256;
  std::array<uint64_t, kInline / 64> words_{};
  std::vector<bool> more_;
  size_t depth_ = 0;
};

}  // namespace

const char* skip_json_value(const char* at, const char* end) {
  if (at == end) return nullptr;
  if (*at != '{' && *at != '[') return skip_scalar(at, end);
  Nesting open;
  while (true) {
    // Here a value begins.
    if (at == end) return nullptr;
    if (*at == '{' || *at == '[') {
      bool is_object = *at == '{';
      const char* inner = skip_space(at + 1, end);
      if (inner == end) return nullptr;
      if (*inner == (is_object ? '}' : ']')) {
        at = inner + 1;
      } else {
        open.push(is_object);
        at = is_object ? skip_name(inner, end) : inner;
        if (at == nullptr) return nullptr;
        continue;
      }
    } else {
      at = skip_scalar(at, end);
      if (at == nullptr) return nullptr;
    }
    // Here a value has ended.
    while (true) {
      if (open.empty()) return at;
      at = skip_space(at, end);
      if (at == end) return nullptr;
      if (*at == ',') break;
      if (*at != (open.is_object() ? '}' : ']')) return nullptr;
      open.pop();
      at++;
    }
    at = open.is_object() ? skip_name(at + 1, end) : skip_space(at + 1, end);
    if (at == nullptr) return nullptr;
  }
}

namespace {

void append_utf8(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
    return;
  }
  int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  constexpr uint32_t kFirst[] = {0, 0xc0, 0xe0, 0xf0};
  out += static_cast<char>(kFirst[more] | code >> (6 * more));
  while (more-- > 0) out += static_cast<char>(0x80 | (code >> (6 * more) & 0x3f));
}

// `at` is at the u of an escape that skip_escape() takes.
uint32_t code_of(const char* at, const char* end) {
  auto unit = static_cast<uint32_t>(hex4(at + 1, end));
  if (unit < 0xd800 || unit >= 0xe000) return unit;
  auto low = static_cast<uint32_t>(hex4(at + 7, end));
  return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
}

bool is_name(std::string_view inside, std::string_view name) {
  if (inside.find('\\') == std::string_view::npos) return inside == name;
  return decode_json_string(inside) == name;
}

// The value that the object `text` has under `name`.
std::optional<std::string_view> member(std::string_view text, std::string_view name) {
  const char* end = text.data() + text.size();
  const char* at = skip_space(text.data(), end);
  if (at == end || *at != '{') return std::nullopt;
  at = skip_space(at + 1, end);
  if (at != end && *at == '}') return std::nullopt;
  std::optional<std::string_view> found;
  while (at != end && *at == '"') {
    const char* value = skip_name(at, end);
    const char* after = value == nullptr ? nullptr : skip_json_value(value, end);
    if (after == nullptr) return std::nullopt;
    std::string_view inside(at + 1, skip_string(at, end) - 1);
    if (is_name(inside, name)) found = std::string_view(value, after);
    at = skip_space(after, end);
    if (at != end && *at == '}') {
      return skip_space(at + 1, end) == end ? found : std::nullopt;
    }
    if (at == end || *at != ',') return std::nullopt;
    at = skip_space(at + 1, end);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> decode_json_string(std::string_view inside) {
  std::string out;
  const char* at = inside.data();
  const char* end = at + inside.size();
  while (at != end) {
    if (*at != '\\') {
      out += *at++;
      continue;
    }
    const char* after = skip_escape(++at, end);
    if (after == nullptr) return std::nullopt;
    constexpr std::string_view kLetters = "bfnrt";
    constexpr std::string_view kBytes = "\b\f\n\r\t";
    if (size_t letter = kLetters.find(*at); letter != std::string_view::npos) {
      out += kBytes[letter];
    } else if (*at == 'u') {
      append_utf8(out, code_of(at, end));
    } else {
      out += *at;
    }
    at = after;
  }
  return out;
}

std::optional<std::string_view> find_json(std::string_view text,
                                          std::span<const std::string> path) {
  std::optional<std::string_view> found = text;
  for (const std::string& name : path) {
    if (found) found = member(*found, name);
  }
  return found;
}

bool is_json_text(std::string_view text) {
  const char* end = text.data() + text.size();
  const char* at = skip_json_value(skip_space(text.data(), end), end);
  return at != nullptr && skip_space(at, end) == end;
}

}  // namespace eventd
