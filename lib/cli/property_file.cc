// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/property_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "lib/base/text.h"

namespace eventd {

namespace {

constexpr size_t kFileMax = 1 << 20;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\f'; }

void append_utf8(std::string& out, uint32_t point) {
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xc0 | (point >> 6));
    out += static_cast<char>(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    out += static_cast<char>(0xe0 | (point >> 12));
    out += static_cast<char>(0x80 | ((point >> 6) & 0x3f));
    out += static_cast<char>(0x80 | (point & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | (point >> 18));
    out += static_cast<char>(0x80 | ((point >> 12) & 0x3f));
    out += static_cast<char>(0x80 | ((point >> 6) & 0x3f));
    out += static_cast<char>(0x80 | (point & 0x3f));
  }
}

std::string from_latin1(std::string_view in) {
  std::string out;
  for (char c : in) append_utf8(out, static_cast<uint8_t>(c));
  return out;
}

std::optional<uint32_t> hex4(std::string_view in, size_t at) {
  uint32_t value = 0;
  if (in.size() < at + 4) return std::nullopt;
  auto [end, error] = std::from_chars(&in[at], &in[at] + 4, value, 16);
  if (error != std::errc{} || end != &in[at] + 4) return std::nullopt;
  return value;
}

// One logical line, its continuations joined, and how many lines of the file it took.
struct Joined {
  std::string text;
  int lines = 0;
};

std::string_view take_line(std::string_view& rest) {
  size_t end = rest.find_first_of("\r\n");
  std::string_view line = rest.substr(0, end);
  if (end == std::string_view::npos) {
    rest = {};
  } else {
    rest.remove_prefix(end + (rest.substr(end, 2) == "\r\n" ? 2 : 1));
  }
  return line;
}

std::string_view without_indent(std::string_view line) {
  while (!line.empty() && is_space(line.front())) line.remove_prefix(1);
  return line;
}

bool goes_on(std::string_view line) {
  size_t backslashes = 0;
  while (backslashes < line.size() && line[line.size() - 1 - backslashes] == '\\') backslashes++;
  return backslashes % 2 == 1;
}

Joined take_logical_line(std::string_view& rest) {
  Joined joined;
  std::string_view line = without_indent(take_line(rest));
  joined.lines = 1;
  bool is_comment = line.starts_with('#') || line.starts_with('!');
  if (is_comment) return joined;
  while (goes_on(line)) {
    line.remove_suffix(1);
    joined.text += line;
    if (rest.empty()) return joined;
    line = without_indent(take_line(rest));
    joined.lines++;
  }
  joined.text += line;
  return joined;
}

Result<std::string> unescape_property(std::string_view in) {
  std::string out;
  for (size_t i = 0; i < in.size(); i++) {
    if (in[i] != '\\') {
      out += in[i];
      continue;
    }
    if (++i == in.size()) break;
    switch (in[i]) {
      case 't':
        out += '\t';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 'f':
        out += '\f';
        break;
      case 'u': {
        std::optional<uint32_t> unit = hex4(in, i + 1);
        if (!unit) return fail(Code::bad_config, "\\u needs four hexadecimal digits");
        i += 4;
        uint32_t point = *unit;
        if (point >= 0xd800 && point < 0xdc00 && in.substr(i + 1, 2) == "\\u") {
          std::optional<uint32_t> low = hex4(in, i + 3);
          if (low && *low >= 0xdc00 && *low < 0xe000) {
            point = 0x10000 + ((point - 0xd800) << 10) + (*low - 0xdc00);
            i += 6;
          }
        }
        if (point >= 0xd800 && point < 0xe000) {
          return fail(Code::bad_config, "\\u with half of a surrogate pair");
        }
        append_utf8(out, point);
        break;
      }
      default:
        out += in[i];
    }
  }
  return out;
}

// Where the key ends: at the first '=', ':' or space that has no backslash before it.
size_t key_end(std::string_view line) {
  size_t i = 0;
  while (i < line.size() && line[i] != '=' && line[i] != ':' && !is_space(line[i])) {
    i += line[i] == '\\' ? 2 : 1;
  }
  return std::min(i, line.size());
}

}  // namespace

Result<std::vector<PropertyLine>> parse_properties(std::string_view text_in,
                                                   std::string_view name) {
  std::string decoded = is_utf8(text_in) ? std::string(text_in) : from_latin1(text_in);
  std::string_view rest = decoded;
  std::vector<PropertyLine> found;
  int line = 1;
  while (!rest.empty()) {
    Joined joined = take_logical_line(rest);
    int begins = line;
    line += joined.lines;
    if (joined.text.empty()) continue;
    std::string_view whole = joined.text;
    size_t end = key_end(whole);
    std::string_view value = without_indent(whole.substr(end));
    if (value.starts_with('=') || value.starts_with(':')) value.remove_prefix(1);
    Result<std::string> key = unescape_property(whole.substr(0, end));
    if (!key) return pass(key, text(name, ":", begins));
    Result<std::string> plain = unescape_property(without_indent(value));
    if (!plain) return pass(plain, text(name, ":", begins));
    found.push_back({std::move(*key), std::string(trim(*plain)), begins});
  }
  return found;
}

Result<std::string> read_config_file(const std::string& path) {
  auto refuse = [&](int error) {
    auto failure = fail_with_errno(error, text("read ", printable(path)));
    failure.error().code = Code::bad_config;
    return failure;
  };
  int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return refuse(errno);
  std::string content;
  char room[4096];
  ssize_t got = 0;
  while ((got = read(descriptor, room, sizeof room)) != 0) {
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 || content.size() > kFileMax) break;
    content.append(room, static_cast<size_t>(got));
  }
  int error = got < 0 ? errno : 0;
  close(descriptor);
  if (error != 0) return refuse(error);
  if (content.size() > kFileMax) {
    return fail(Code::bad_config, text("read ", printable(path), ": it is larger than a MiB"));
  }
  return content;
}

}  // namespace eventd
