// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/text/record_template.h"

#include <utility>

#include "lib/base/text.h"
#include "lib/cli/text/escapes.h"
#include "lib/cli/text/utc.h"
#include "lib/record/record.h"

namespace eventd {

namespace {

std::unexpected<Error> bad(std::string_view format, std::string_view why) {
  return fail(Code::bad_usage, text("--format '", printable(format), "': ", why));
}

void append_hex(std::string& out, Bytes bytes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (uint8_t byte : bytes) {
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
}

int64_t length_of(const std::optional<Bytes>& bytes) {
  return bytes ? static_cast<int64_t>(bytes->size()) : -1;
}

}  // namespace

// Reads a format from left to right.
class RecordTemplate::Parser {
 public:
  explicit Parser(std::string_view format) : format_(format), left_(format) {}

  Result<std::vector<Piece>> parse() {
    while (!left_.empty()) {
      size_t percent = std::min(left_.find('%'), left_.size());
      if (percent > 0) {
        Result<std::string> plain = unescape(left_.substr(0, percent));
        if (!plain) return pass(plain);
        add_text(*plain);
        left_.remove_prefix(percent);
        continue;
      }
      left_.remove_prefix(1);
      if (left_.empty()) return bad(format_, "a lone % at the end; %% is a percent sign");
      char letter = left_.front();
      left_.remove_prefix(1);
      Result<void> taken = take(letter);
      if (!taken) return pass(taken);
    }
    return std::move(pieces_);
  }

 private:
  void add_text(std::string_view plain) {
    if (pieces_.empty() || pieces_.back().field != Field::text) pieces_.emplace_back();
    pieces_.back().argument += plain;
  }

  static std::optional<Field> field_of(char letter) {
    switch (letter) {
      case 't':
        return Field::topic;
      case 'p':
        return Field::partition;
      case 'o':
        return Field::offset;
      case 'T':
        return Field::timestamp;
      case 'd':
        return Field::time;
      case 'k':
        return Field::key;
      case 'v':
      case 's':
        return Field::value;
      case 'h':
        return Field::headers;
      case 'K':
        return Field::key_length;
      case 'V':
      case 'S':
        return Field::value_length;
      default:
        return std::nullopt;
    }
  }

  // "{..}" where one follows.
  Result<std::optional<std::string_view>> braces() {
    if (!left_.starts_with('{')) return std::optional<std::string_view>();
    size_t end = left_.find('}');
    if (end == std::string_view::npos) return bad(format_, "{ without }");
    std::string_view inside = left_.substr(1, end - 1);
    left_.remove_prefix(end + 1);
    return std::optional(inside);
  }

  Result<void> take(char letter) {
    if (letter == '%') {
      add_text("%");
      return {};
    }
    std::optional<Field> field = field_of(letter);
    if (!field) {
      return bad(format_, text("there is no %", printable({&letter, 1}),
                               "; there are %t %p %o %T %d %k %v %s %h %K %V %S %%"));
    }
    Piece piece{.field = *field};
    if (piece.field == Field::time || piece.field == Field::headers) {
      auto argument = braces();
      if (!argument) return pass(argument);
      if (*argument) {
        piece.field = piece.field == Field::time ? Field::strftime : Field::header;
        Result<std::string> plain = unescape(**argument);
        if (!plain) return pass(plain);
        piece.argument = std::move(*plain);
      }
    }
    bool has_bytes =
        piece.field == Field::key || piece.field == Field::value || piece.field == Field::header;
    if (has_bytes) {
      auto coding = braces();
      if (!coding) return pass(coding);
      if (*coding && **coding != "hex" && **coding != "base64") {
        return bad(format_, text("{", printable(**coding), "}: there are {hex} and {base64}"));
      }
      if (*coding) piece.coding = **coding == "hex" ? Coding::hex : Coding::base64;
    }
    pieces_.push_back(std::move(piece));
    return {};
  }

  const std::string_view format_;
  std::string_view left_;
  std::vector<Piece> pieces_;
};

Result<RecordTemplate> RecordTemplate::compile(std::string_view format) {
  Result<std::vector<Piece>> pieces = Parser(format).parse();
  if (!pieces) return pass(pieces);
  RecordTemplate compiled;
  compiled.pieces_ = std::move(*pieces);
  return compiled;
}

void RecordTemplate::append(std::string& out, const FetchedRecord& record,
                            std::string_view null_token) const {
  for (const Piece& piece : pieces_) append_piece(out, piece, record, null_token);
}

namespace {

void append_headers(std::string& out, const Record& record) {
  HeaderReader headers(record);
  RecordHeader header;
  for (bool is_first = true; headers.next(header); is_first = false) {
    if (!is_first) out += ',';
    out += header.key;
    out += '=';
    if (header.value) out += text_of(*header.value);
  }
}

}  // namespace

void RecordTemplate::append_piece(std::string& out, const Piece& piece, const FetchedRecord& record,
                                  std::string_view null_token) const {
  auto append_bytes = [&](const std::optional<Bytes>& bytes, std::string_view if_null) {
    if (!bytes) {
      out += if_null;
    } else if (piece.coding == Coding::hex) {
      append_hex(out, *bytes);
    } else if (piece.coding == Coding::base64) {
      out += to_base64(*bytes);
    } else {
      out += text_of(*bytes);
    }
  };
  switch (piece.field) {
    case Field::text:
      out += piece.argument;
      return;
    case Field::topic:
      out += record.partition->topic;
      return;
    case Field::partition:
      return append_text(out, record.partition->partition);
    case Field::offset:
      return append_text(out, record.offset);
    case Field::timestamp:
      return append_text(out, record.timestamp);
    case Field::time:
      return append_rfc3339(out, record.timestamp);
    case Field::strftime:
      if (piece.second != record.timestamp / 1000 || record.timestamp < 0) {
        piece.rendered.clear();
        append_strftime(piece.rendered, piece.argument, record.timestamp);
        piece.second = record.timestamp < 0 ? -1 : record.timestamp / 1000;
      }
      out += piece.rendered;
      return;
    case Field::key:
      return append_bytes(record.key, null_token);
    case Field::value:
      return append_bytes(record.value, null_token);
    case Field::headers:
      return append_headers(out, *record.record);
    case Field::header:
      return append_bytes(last_header(*record.record, piece.argument).value_or(std::nullopt), "");
    case Field::key_length:
      return append_text(out, length_of(record.key));
    case Field::value_length:
      return append_text(out, length_of(record.value));
  }
}

}  // namespace eventd
