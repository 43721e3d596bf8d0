// SPDX-License-Identifier: Apache-2.0
// What is JSON and what is not; beside nlohmann's parser on mutants of both.
#include "lib/cli/text/json_text.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>

using namespace eventd;

TEST_CASE("JSON texts of every kind are known, with space around them") {
  for (std::string_view text : {"null",
                                "true",
                                "false",
                                "0",
                                "-0",
                                "12",
                                "-1.5",
                                "1e9",
                                "1E-9",
                                "0.5e+1",
                                "\"\"",
                                "\"a\"",
                                R"("\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00")",
                                "\"\xc3\xa9\"",
                                "[]",
                                "{}",
                                "[1]",
                                "[ 1 , 2 ]",
                                R"({"a":1,"b":[{},[],{"c":null}]})",
                                R"( { "a" : 1 } )",
                                "[[[]]]",
                                "\t1\r\n"}) {
    CAPTURE(text);
    CHECK(is_json_text(text));
  }
}

TEST_CASE("what is no JSON is not taken for it") {
  for (std::string_view text : {"",
                                " ",
                                "nul",
                                "nulll",
                                "True",
                                "01",
                                "-",
                                "1.",
                                ".5",
                                "1e",
                                "1e+",
                                "+1",
                                "\"",
                                "\"\n\"",
                                "\"\\x\"",
                                R"("\u12")",
                                R"("\ud800")",
                                R"("\ude00")",
                                R"("\ud800\u0041")",
                                "\"\xff\"",
                                "\"\xc3\"",
                                "[",
                                "]",
                                "[1",
                                "[1,]",
                                "[,1]",
                                "{",
                                "{}}",
                                R"({"a"})",
                                R"({"a":})",
                                R"({"a":1,})",
                                R"({a:1})",
                                "[1}",
                                R"({"a":1])",
                                "1 2",
                                "\xef\xbb\xbf"
                                "1",
                                "NaN"}) {
    CAPTURE(text);
    CHECK_FALSE(is_json_text(text));
  }
}

TEST_CASE("nesting is as deep as the text") {
  for (size_t depth : {255, 256, 257, 1000, 100000}) {
    std::string deep;
    for (size_t i = 0; i < depth; i++) deep += i % 2 == 0 ? "[" : "{\"a\":";
    deep += '1';
    for (size_t i = depth; i-- > 0;) deep += i % 2 == 0 ? ']' : '}';
    CHECK(is_json_text(deep));
    deep[deep.size() - 1] = '}';
    CHECK_FALSE(is_json_text(deep));
  }
}

TEST_CASE("a value ends where the next thing begins") {
  std::string_view text = R"({"a":[1,2]},7)";
  CHECK(skip_json_value(text.data(), text.data() + text.size()) == text.data() + 11);
  std::string_view number = "12,";
  CHECK(skip_json_value(number.data(), number.data() + 3) == number.data() + 2);
}

TEST_CASE("mutants of JSON are JSON where another parser says so") {
  std::mt19937 random(7);
  const std::string seed =
      R"({"a":[1,-2.5e3,true,null,"x\u00e9\n"],"b":{"c":"\ud83d\ude00","d":[[],{}]}})";
  const std::string_view pieces = "{}[],:\"\\u09aeEtrufalsn-+. \xc3\xa9";
  size_t good = 0;
  for (int i = 0; i < 20000; i++) {
    std::string text = seed;
    for (unsigned n = random() % 3; n-- > 0;) {
      size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = pieces[random() % pieces.size()];
          break;
        case 1:
          text.erase(at, 1 + random() % 4);
          break;
        default:
          text.insert(at, 1, pieces[random() % pieces.size()]);
      }
    }
    CAPTURE(text);
    bool is_json = is_json_text(text);
    CHECK(is_json == nlohmann::json::accept(text));
    good += is_json ? 1 : 0;
  }
  CHECK(good > 1000);
}
