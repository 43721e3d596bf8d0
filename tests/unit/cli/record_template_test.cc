// SPDX-License-Identifier: Apache-2.0
// --format, and times as text.
#include "lib/cli/text/record_template.h"

#include <cstdlib>
#include <ctime>

#include "lib/cli/text/utc.h"
#include "tests/unit/cli/test_record.h"

using namespace eventd;

namespace {

std::string formatted(std::string_view format, const FetchedRecord& record,
                      std::string_view null_token = "") {
  Result<RecordTemplate> compiled = RecordTemplate::compile(format);
  REQUIRE(compiled.has_value());
  std::string out;
  compiled->append(out, record, null_token);
  return out;
}

std::string rfc3339(int64_t ms) {
  std::string out;
  append_rfc3339(out, ms);
  return out;
}

std::string strftime_of(const std::string& pattern, int64_t ms) {
  std::string out;
  append_strftime(out, pattern, ms);
  return out;
}

TestRecord example() {
  return TestRecord({.partition = {"clicks", 3},
                     .offset = 41,
                     .timestamp = 1790000000123,
                     .key = "u7",
                     .value = std::string("a\0\xff", 3),
                     .headers = {{"h", "1"}, {"n", std::nullopt}, {"h", "2"}}});
}

// Runs with TZ as given, and puts back what there was.
template <class Body>
void with_zone(const char* zone, Body body) {
  const char* before = std::getenv("TZ");
  std::string kept = before == nullptr ? "" : before;
  setenv("TZ", zone, 1);
  tzset();
  body();
  if (before == nullptr) {
    unsetenv("TZ");
  } else {
    setenv("TZ", kept.c_str(), 1);
  }
  tzset();
}

}  // namespace

TEST_CASE("each letter of --format stands for what the contract says") {
  TestRecord record = example();
  CHECK(formatted("%t %p %o %T", record) == "clicks 3 41 1790000000123");
  CHECK(formatted("%d", record) == "2026-09-21T14:13:20.123Z");
  CHECK(formatted("%d{%F}|%d{%H:%M}", record) == "2026-09-21|14:13");
  CHECK(formatted("%k=%v", record) == std::string("u7=a\0\xff", 6));
  CHECK(formatted("%s", record) == formatted("%v", record));
  CHECK(formatted("%h", record) == "h=1,n=,h=2");
  CHECK(formatted("%h{h}%h{n}%h{absent}", record) == "2");
  CHECK(formatted("%K %V %S", record) == "2 3 3");
  CHECK(formatted("%v{hex} %v{base64} %k{hex} %h{h}{base64}", record) == "6100ff YQD/ 7537 Mg==");
  CHECK(formatted("100%%\\t\\x41\\\\\\n", record) == "100%\tA\\\n");
  CHECK(formatted("", record).empty());
}

TEST_CASE("null prints as empty or as its token, and its length is -1") {
  TestRecord record({.key = std::nullopt, .value = std::nullopt});
  CHECK(formatted("[%k][%v][%v{hex}] %K %V", record) == "[][][] -1 -1");
  CHECK(formatted("[%k][%v{hex}][%h]", record, "\\N") == "[\\N][\\N][]");
}

TEST_CASE("a format that makes no sense is refused") {
  for (const char* bad :
       {"%", "%q", "a%", "%v{hex", "%v{octal}", "%k{}", "%d{%F", "\\q", "%h{a}{b}", "%d{\\q}"}) {
    CAPTURE(bad);
    Result<RecordTemplate> compiled = RecordTemplate::compile(bad);
    REQUIRE_FALSE(compiled.has_value());
    CHECK(compiled.error().code == Code::bad_usage);
  }
  CHECK(RecordTemplate::compile("%p{x}").has_value());  // braces are text where none belong
}

TEST_CASE("times are UTC from the first millisecond to the last, and before 1970") {
  CHECK(rfc3339(0) == "1970-01-01T00:00:00.000Z");
  CHECK(rfc3339(-1) == "1969-12-31T23:59:59.999Z");
  CHECK(rfc3339(951782400007) == "2000-02-29T00:00:00.007Z");
  CHECK(rfc3339(253402300799999) == "9999-12-31T23:59:59.999Z");
  CHECK(rfc3339(INT64_MAX).ends_with("Z"));
  CHECK(rfc3339(INT64_MIN).ends_with("Z"));
}

TEST_CASE("no conversion of strftime looks at TZ") {
  const std::string all = "%F %T %Z %z %s %-s %10s %c %D %%s";
  std::string here;
  with_zone("UTC", [&] { here = strftime_of(all, 1790000000123); });
  CHECK(here.starts_with("2026-09-21 14:13:20 GMT +0000 1790000000 1790000000 1790000000 "));
  CHECK(here.ends_with(" %s"));
  with_zone("Asia/Tokyo", [&] { CHECK(strftime_of(all, 1790000000123) == here); });
  with_zone("Asia/Tokyo", [&] { CHECK(rfc3339(1790000000123) == "2026-09-21T14:13:20.123Z"); });
}

TEST_CASE("patterns of strftime may be empty, unfinished or give nothing") {
  CHECK(strftime_of("", 0).empty());
  CHECK(strftime_of("%", 0) == "%");
  CHECK(strftime_of("%E", 0) == "%E");
  CHECK(strftime_of("x%n%t%%", 0) == "x\n\t%");
  CHECK(strftime_of("%300Y", 0).size() == 300);
  CHECK(strftime_of("%999999999Y", 0).empty());
}

TEST_CASE("records of one second have one text, those of others their own") {
  Result<RecordTemplate> compiled = RecordTemplate::compile("%d{%T} ");
  REQUIRE(compiled.has_value());
  std::string out;
  for (int64_t ms : {1000, 1999, 2000, -1, -1001, -5, 0}) {
    compiled->append(out, TestRecord({.timestamp = ms}), "");
  }
  CHECK(out == "00:00:01 00:00:01 00:00:02 23:59:59 23:59:58 23:59:59 00:00:00 ");
}
