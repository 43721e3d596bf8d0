// SPDX-License-Identifier: Apache-2.0
// What --format says: text with places for what a record holds.
//
//   %t topic  %p partition  %o offset  %T timestamp in ms  %d RFC 3339 with ms  %d{%F} strftime
//   %k key  %v or %s value  %h all headers as n=v,n=v  %h{NAME} the last of that name
//   %K key length  %V or %S value length (null: -1)  %v{hex} %k{base64} %h{NAME}{hex}  %% percent
//
// Between them the escapes of unescape(). Compiled once; a record costs no memory of its own.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/client/fetcher.h"

namespace eventd {

class RecordTemplate {
 public:
  // bad_usage with what is wrong.
  static Result<RecordTemplate> compile(std::string_view format);

  // A null prints as `null_token`, which is empty if there is none.
  void append(std::string& out, const FetchedRecord& record, std::string_view null_token) const;

 private:
  enum class Field {
    text,
    topic,
    partition,
    offset,
    timestamp,
    time,
    strftime,
    key,
    value,
    headers,
    header,
    key_length,
    value_length
  };
  enum class Coding { plain, hex, base64 };
  struct Piece {
    Field field = Field::text;
    Coding coding = Coding::plain;
    std::string argument = {};  // the text, the pattern, the header's name
    // What strftime made of the last second: many records are of the same.
    mutable std::optional<int64_t> second = {};
    mutable std::string rendered = {};
  };
  class Parser;

  void append_piece(std::string& out, const Piece& piece, const FetchedRecord& record,
                    std::string_view null_token) const;

  std::vector<Piece> pieces_;
};

}  // namespace eventd
