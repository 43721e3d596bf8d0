// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/json_text.h"

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

bool is_json_text(std::string_view text) {
  const char* end = text.data() + text.size();
  const char* at = skip_json_value(skip_space(text.data(), end), end);
  return at != nullptr && skip_space(at, end) == end;
}

}  // namespace eventd
