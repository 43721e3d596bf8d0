// SPDX-License-Identifier: Apache-2.0
// What --where says: which records pass.
//
//   expr    = and {"||" and};  and = test {"&&" test}
//   test    = "!" test | "(" expr ")" | field op literal
//   field   = topic | partition | offset | timestamp | size | key | value | header.NAME
//           | json.NAME{.NAME}
//   op      = == | != | < | <= | > | >= | ~ | !~
//   literal = number | "string" | true | false | null | @time
//
// Numbers compare as numbers, strings as bytes (~: regular expression). What is absent is null and
// equals only null. Between unlike kinds ==, ~ and order are false; != and !~ are always the
// opposite of == and ~. Compiled once; a record costs no memory unless a JSON string has escapes.
#pragma once

#include <memory>
#include <string_view>

#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "lib/client/fetcher.h"

namespace eventd {

class FilterExpression {
 public:
  // bad_usage with what is wrong and where. `now` is what @time counts from.
  static Result<FilterExpression> compile(std::string_view expression, WallTime now);

  bool holds(const FetchedRecord& record) const;

  struct Node;

 private:
  std::shared_ptr<const Node> root_;  // shared by copies, never changed
};

}  // namespace eventd
