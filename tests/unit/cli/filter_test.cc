// SPDX-License-Identifier: Apache-2.0
// --where, --grep, -k and -H.
#include <string>

#include "lib/cli/text/record_filter.h"
#include "tests/unit/cli/test_record.h"

using namespace eventd;

namespace {

constexpr WallTime kNow{1'790'000'000'000};

bool holds(std::string_view expression, const FetchedRecord& record) {
  CAPTURE(expression);
  Result<FilterExpression> compiled = FilterExpression::compile(expression, kNow);
  REQUIRE_MESSAGE(compiled.has_value(), compiled.error().message);
  return compiled->holds(record);
}

TestRecord order() {
  return TestRecord({.partition = {"orders", 2},
                     .offset = 1041,
                     .timestamp = 1'790'000'000'000,
                     .key = "c42",
                     .value = R"({"id":7,"total":120.5,"ok":true,"none":null,"a":{"b":["x"],)"
                              R"("c d":"\u00e9\n"},"big":9007199254740993,"s":"120","id":8})",
                     .headers = {{"env", "test"}, {"env", "prod"}, {"null", std::nullopt}}});
}

}  // namespace

TEST_CASE("each field compares with a literal of its kind") {
  TestRecord record = order();
  for (const char* expression : {R"(topic == "orders")",
                                 "partition == 2",
                                 "offset >= 1041",
                                 "offset < 1042",
                                 "size > 100",
                                 "timestamp == 1790000000000",
                                 "timestamp == @1790000000",
                                 "timestamp <= @-0",
                                 "timestamp < @2030-01-01T00:00Z",
                                 "timestamp >= @today",
                                 R"(key == "c42")",
                                 R"(key ~ "^c4.$")",
                                 R"(value ~ "total")",
                                 R"(header.env == "prod")",
                                 "json.total > 100",
                                 "json.total == 120.5",
                                 "json.total != 120",
                                 "json.id == 8",
                                 "json.ok == true",
                                 "json.ok != false",
                                 "json.none == null",
                                 "json.absent == null",
                                 "header.null == null",
                                 "header.absent == null",
                                 R"(json.a."c d" == "é\n")",
                                 R"(json."a".b != null)",
                                 "json.big == 9007199254740993",
                                 "json.big != 9007199254740992",
                                 "json.big > 9.0e15",
                                 R"(json.s == "120")",
                                 R"(key < "c5")",
                                 R"(key > "c")",
                                 "offset == 1.041e3"}) {
    CHECK(holds(expression, record));
  }
}

TEST_CASE("between unlike kinds equality, match and order are false, and != and !~ are true") {
  TestRecord record = order();
  for (const char* left : {"json.s", "json.total", "json.ok", "json.a", "json.absent", "key"}) {
    for (const char* right : {"120", "\"x\"", "false", "null"}) {
      std::string field = left;
      std::string literal = right;
      CAPTURE(field + " " + literal);
      CHECK(holds(field + " == " + literal, record) != holds(field + " != " + literal, record));
      CHECK(holds(field + " ~ " + literal, record) != holds(field + " !~ " + literal, record));
    }
  }
  for (const char* expression :
       {"json.s == 120", "json.s > 1", "json.total < \"a\"", "json.ok == \"true\"",
        "json.ok > false", "json.a == null", "json.a ~ \"b\"", "json.total ~ \"1\"", "key == null",
        "json.none <= null", "json.absent < 5", "json.absent > 5", "json.none == false",
        "json.none == 0"}) {
    CHECK_FALSE(holds(expression, record));
  }
}

TEST_CASE("a value that is no JSON has no fields") {
  for (const char* value : {"", "hello", R"({"a":1)", R"({"a":1} x)", R"([{"a":1}])", "1"}) {
    TestRecord record({.value = value});
    CHECK(holds("json.a == null", record));
    CHECK_FALSE(holds("json.a == 1", record));
  }
  TestRecord nothing({.value = std::nullopt});
  CHECK(holds("json.a == null && value == null && size == null && key == null", nothing));
  CHECK(holds(" size != 0 ", nothing));
}

TEST_CASE("and binds more than or, ! a single test, parentheses all") {
  TestRecord record = order();
  CHECK(holds("offset == 0 && offset == 1 || partition == 2", record));
  CHECK(holds("partition == 2 || offset == 1 && offset == 0", record));
  CHECK_FALSE(holds("(partition == 2 || offset == 1) && offset == 0", record));
  CHECK(holds("!offset == 0 && partition == 2", record));
  CHECK_FALSE(holds("!(offset == 0 || partition == 2)", record));
  CHECK(holds("!!partition==2", record));
}

TEST_CASE("what is no expression is refused, with the place") {
  for (const char* bad : {"",
                          " ",
                          "key",
                          "key ==",
                          "== 1",
                          "key = \"a\"",
                          "key == a",
                          "nokey == 1",
                          "json == 1",
                          "json. == 1",
                          "json.a. == 1",
                          "header == 1",
                          "header.a.b == 1",
                          "key == \"a",
                          "key == \"\\q\"",
                          "(key == 1",
                          "key == 1)",
                          "key == 1 key == 2",
                          "key == 1 &&",
                          "key == 1 & key == 2",
                          "! ",
                          "key == 01",
                          "key == 1.",
                          "key == @",
                          "key == @nonsense",
                          "key ~ \"[\"",
                          "key == truex",
                          "key == null null",
                          "\xff",
                          "json.\"a == 1"}) {
    CAPTURE(bad);
    Result<FilterExpression> compiled = FilterExpression::compile(bad, kNow);
    REQUIRE_FALSE(compiled.has_value());
    CHECK(compiled.error().code == Code::bad_usage);
    CHECK(compiled.error().message.find("--where") != std::string::npos);
  }
}

TEST_CASE("nesting has an end, long lists have none") {
  TestRecord record = order();
  std::string deep(100, '(');
  std::string shut(100, ')');
  CHECK(holds(deep + "offset == 1041" + shut, record));
  CHECK_FALSE(FilterExpression::compile("(" + deep + "offset == 1041" + shut + ")", kNow));
  CHECK_FALSE(FilterExpression::compile(std::string(1'000'000, '!'), kNow));
  CHECK_FALSE(FilterExpression::compile(std::string(1'000'000, '('), kNow));
  std::string longer = "offset == 0";
  for (int i = 0; i < 10000; i++) longer += " || offset == 1";
  CHECK_FALSE(holds(longer, record));
  CHECK(holds(longer + " || offset == 1041", record));
}

TEST_CASE("deeply nested values are looked into without harm") {
  std::string value =
      R"({"a":)" + std::string(200000, '[') + std::string(200000, ']') + R"(,"b":1})";
  TestRecord record({.value = value});
  CHECK(holds("json.b == 1", record));
  CHECK(holds("json.a != null", record));
  CHECK_FALSE(holds("json.a.c == 1", record));
}

TEST_CASE("patterns are on bytes, and not anchored") {
  struct Case {
    const char* pattern;
    std::string_view value;
    bool found;
    bool whole;
  };
  using namespace std::string_view_literals;
  for (const Case& one : {
           Case{"ERROR|FATAL", "an ERROR", true, false},
           Case{"ERROR|FATAL", "FATAL", true, true},
           Case{"ERROR|FATAL", "error", false, false},
           Case{"b.d", "a\0b\nd"sv, true, false},
           Case{"^b", "a\nb", false, false},
           Case{"a$", "a\n", false, false},
           Case{"c", "a\0b\0c"sv, true, false},
           Case{"x[0-9]+", "\xff\xfex12", true, false},
           Case{"[^a]", "\xff", true, true},
           Case{"a|ab", "ab", true, true},
           Case{"log-.*", "log-a", true, true},
           Case{"log-.*", "blog-a", true, false},
           Case{"a|", "b", true, false},
           Case{"", "", true, true},
           Case{"(a)(b)?", "a", true, true},
       }) {
    CAPTURE(one.pattern);
    CAPTURE(one.value);
    Result<Pattern> pattern = Pattern::compile(one.pattern);
    REQUIRE(pattern.has_value());
    CHECK(pattern->found_in(one.value) == one.found);
    CHECK(pattern->is_whole(one.value) == one.whole);
  }
  CHECK_FALSE(Pattern::compile("[").has_value());
  CHECK_FALSE(Pattern::compile("a{2").has_value());
}

TEST_CASE("all filters must hold") {
  TestRecord record = order();
  TestRecord no_key({.key = std::nullopt, .value = std::nullopt});
  RecordFilter filter;
  CHECK(filter.passes(no_key));
  filter.key = "";
  CHECK_FALSE(filter.passes(no_key));
  filter.key = "c42";
  CHECK(filter.passes(record));
  filter.headers = {{"env", "test"}};  // of equal names the last counts
  CHECK_FALSE(filter.passes(record));
  filter.headers = {{"env", "prod"}};
  CHECK(filter.passes(record));
  filter.headers.push_back({"null", std::nullopt});
  CHECK(filter.passes(record));
  filter.values.push_back(*Pattern::compile("total"));
  CHECK(filter.passes(record));
  CHECK_FALSE(filter.passes(no_key));
  filter.expressions.push_back(*FilterExpression::compile("json.total > 100", kNow));
  CHECK(filter.passes(record));
  filter.headers.push_back({"null", ""});  // null is not empty
  CHECK_FALSE(filter.passes(record));
}
