// SPDX-License-Identifier: Apache-2.0
#include "lib/wire/dumper.h"

#include <charconv>

namespace eventd {

namespace {

// Kafka's JSON begins names with a small letter, its schemas with a capital.
void append_json_name(std::string& out, std::string_view name) {
  char first = name.front();
  if (first >= 'A' && first <= 'Z') first = static_cast<char>(first - 'A' + 'a');
  out += first;
  out += name.substr(1);
}

void append_escaped(std::string& out, std::string_view valid) {
  static constexpr char kDigits[] = "0123456789abcdef";
  for (char c : valid) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      out += kDigits[c >> 4];
      out += kDigits[c & 15];
    } else {
      out += c;
    }
  }
}

// A JSON text must be UTF-8; a peer's string need not be.
std::string with_replacements(std::string_view text) {
  std::string valid;
  while (!text.empty()) {
    size_t size = 1;
    while (size < 4 && size < text.size() && !is_utf8(text.substr(0, size))) size++;
    if (is_utf8(text.substr(0, size))) {
      valid += text.substr(0, size);
    } else {
      valid += "\xef\xbf\xbd";
      size = 1;
    }
    text.remove_prefix(size);
  }
  return valid;
}

}  // namespace

void JsonDumper::separate() {
  char last = out_.back();
  if (last != '{' && last != '[') out_ += ',';
}

void JsonDumper::key(std::string_view name, std::string_view suffix) {
  out_ += '"';
  append_json_name(out_, name);
  out_ += suffix;
  out_ += "\":";
}

void JsonDumper::value(const double& field) {
  if (!std::isfinite(field)) {
    out_ += "null";
    return;
  }
  char digits[32];
  out_.append(digits, std::to_chars(digits, digits + sizeof digits, field).ptr);
}

void JsonDumper::value(const std::string_view& field) {
  out_ += '"';
  if (is_utf8(field)) {
    append_escaped(out_, field);
  } else {
    append_escaped(out_, with_replacements(field));
  }
  out_ += '"';
}

void JsonDumper::records(std::string_view name, const Records& field) {
  bool omitted = field.omitted_size > 0;
  key(name, omitted ? "SizeInBytes" : "");
  if (omitted) {
    value(field.omitted_size);
  } else {
    value(field.bytes);
  }
}

void SchemaDumper::begin(std::string_view name) {
  if (out_.back() != '{') out_ += ", ";
  out_ += name;
  out_ += ':';
}

void SchemaDumper::nullable(bool is_nullable, const FieldSpec& spec) {
  if (!is_nullable) return;
  out_ += '?';
  if (spec.nullable_since > versions_.min) out_ += text(spec.nullable_since, '+');
}

void SchemaDumper::end(const FieldSpec& spec, VersionRange mine) {
  bool late = mine.min > versions_.min;
  bool early = mine.max < versions_.max;
  if (late && early) {
    out_ += mine.min == mine.max ? text('@', mine.min) : text('@', mine.min, '-', mine.max);
  } else if (late) {
    out_ += text('@', mine.min, '+');
  } else if (early) {
    out_ += text("@..", mine.max);
  }
  if (spec.is_tagged()) out_ += text("#t", spec.tag);
  if (!default_.empty()) out_ += text('=', default_);
  if (spec.ignorable) out_ += '~';
}

}  // namespace eventd
