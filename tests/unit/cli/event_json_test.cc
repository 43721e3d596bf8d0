// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/text/event_json.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "lib/base/text.h"
#include "lib/cli/text/event_parser.h"

using namespace eventd;

namespace {

std::string line_of(const EventView& event) {
  std::string out;
  append_event(out, event);
  return out;
}

std::string escaped(std::string_view bytes) {
  std::string out;
  append_json_bytes(out, bytes_of(bytes));
  return out;
}

std::string why(std::string_view line) {
  Result<Event> event = parse_event(line);
  return event ? "" : event.error().message;
}

// Bytes of which many are text, some are hostile and some are no UTF-8.
std::string random_bytes(std::mt19937& random) {
  static const std::vector<std::string> pieces = {
      "a", "\"",       "\\",       "\n",           std::string(1, '\0'), "\x1f", "\x7f",
      "/", "\xff",     "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80",   "\xc0", "\xed\xa0\x80",
      "{", "\xe2\x82", "\\u0041",  "null",         "\xf4\x90\x80\x80",   "\t",   "\xc2\x80"};
  std::string out;
  for (size_t n = random() % 12; n > 0; n--) out += pieces[random() % pieces.size()];
  return out;
}

std::optional<std::string> maybe(std::mt19937& random) {
  if (random() % 5 == 0) return std::nullopt;
  return random_bytes(random);
}

std::optional<Bytes> view(const std::optional<std::string>& bytes) {
  return bytes ? std::optional(bytes_of(*bytes)) : std::nullopt;
}

}  // namespace

TEST_CASE("an event is printed as event-json(5) says, byte for byte") {
  EventView event{.topic = "clicks",
                  .partition = 0,
                  .offset = 41,
                  .timestamp = 1790000000123,
                  .key = bytes_of("u7"),
                  .value = bytes_of("hello"),
                  .headers = {{"trace", bytes_of("ab12")}, {"raw", bytes_of("\xff\x00\x00")}}};
  std::string raw("\xff\x00", 2);
  event.headers[1].second = bytes_of(raw);
  CHECK(line_of(event) ==
        "{\"topic\":\"clicks\",\"partition\":0,\"offset\":41,\"timestamp\":1790000000123,"
        "\"key\":\"u7\",\"value\":\"hello\",\"headers\":[[\"trace\",\"ab12\"],"
        "[\"raw\",{\"base64\":\"/wA=\"}]]}\n");
  CHECK(line_of({.topic = "t", .value = std::nullopt}) ==
        "{\"topic\":\"t\",\"partition\":0,\"offset\":0,\"timestamp\":-1,\"key\":null,"
        "\"value\":null}\n");
}

TEST_CASE("only what JSON requires is escaped, short forms first") {
  CHECK(escaped("\"\\/\b\f\n\r\t") == R"("\"\\/\b\f\n\r\t")");
  CHECK(escaped(std::string_view("\0\x1f\x7f", 3)) == "\"\\u0000\\u001f\x7f\"");
  CHECK(escaped("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80") ==
        "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"");
  CHECK(escaped("") == "\"\"");
}

TEST_CASE("what is not strictly UTF-8 is base64: overlong, surrogates, too high, cut short") {
  for (std::string_view bad :
       {"\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "a\xe2\x82", "\xff"}) {
    CHECK(escaped(bad).starts_with("{\"base64\":"));
  }
}

TEST_CASE("events of any bytes come back as they were, and any JSON parser reads them") {
  std::mt19937 random(11);
  for (int i = 0; i < 20000; i++) {
    std::optional<std::string> key = maybe(random);
    std::optional<std::string> value = maybe(random);
    std::vector<EventHeader> headers;
    for (size_t n = random() % 3; n > 0; n--)
      headers.emplace_back(random_bytes(random), maybe(random));
    EventView event{.topic = "t.x-1",
                    .partition = int32_t(random() % 9),
                    .offset = 5,
                    .timestamp = int64_t(random()) - 5,
                    .key = view(key),
                    .value = view(value)};
    for (const auto& [name, of] : headers) event.headers.emplace_back(name, view(of));
    std::string line = line_of(event);
    line.pop_back();
    Result<Event> back = parse_event(line);
    REQUIRE(back.has_value());
    bool same = back->key == key && back->value == value && back->headers == headers &&
                back->timestamp == event.timestamp && back->partition == event.partition;
    REQUIRE(same);
    // Through another printer it takes the general way in, and is the same event.
    Result<Event> general = parse_event(" " + nlohmann::json::parse(line).dump(1, ' ', true));
    REQUIRE(general.has_value());
    same = general->key == key && general->value == value && general->headers == headers &&
           general->timestamp == event.timestamp && general->topic == back->topic;
    REQUIRE(same);
  }
}

TEST_CASE("a line that is cut or changed is an error or another event, never a crash") {
  std::mt19937 random(12);
  std::string line = line_of({.topic = "t",
                              .partition = 1,
                              .offset = 2,
                              .timestamp = 3,
                              .key = bytes_of("k\n"),
                              .value = bytes_of("v"),
                              .headers = {{"h", std::nullopt}}});
  line.pop_back();
  for (size_t size = 0; size < line.size(); size++) CHECK(!parse_event(line.substr(0, size)));
  for (int i = 0; i < 20000; i++) {
    std::string mutant = line;
    for (size_t n = 1 + random() % 3; n > 0; n--) {
      mutant[random() % mutant.size()] = "{}[]\",:\\nu0e-1\xff\x00 "[random() % 18];
    }
    bool accepted = parse_event(mutant).has_value();
    if (accepted) CHECK(nlohmann::json::accept(mutant));
  }
}

TEST_CASE("names may come in any order, with spaces, and with names of others between them") {
  Result<Event> event =
      parse_event(R"( { "x" : {"json":1,"value":[2]}, "value" : "v\u00e4\ud83d\ude00", "key":null,)"
                  R"( "offset":"no" } )");
  REQUIRE(event.has_value());
  CHECK(event->value == "v\xc3\xa4\xf0\x9f\x98\x80");
  CHECK(!event->key);
  CHECK(!event->topic);
  CHECK(!event->timestamp);
}

TEST_CASE("of a name that stands there twice the last counts, whichever way it is read") {
  Result<Event> event = parse_event(R"({"key":"a","key":"b","value":"1","value":"2"})");
  REQUIRE(event.has_value());
  CHECK(event->key == "b");
  CHECK(event->value == "2");
}

TEST_CASE("json is taken as the text that stands there") {
  auto value = [](std::string_view line) { return parse_event(line)->value.value_or("NULL"); };
  CHECK(value(R"({"json":{"b":1.50,"a":[1, 2]}})") == R"({"b":1.50,"a":[1, 2]})");
  CHECK(value(R"({"json" : "x,}\"" ,"key":"k"})") == R"("x,}\"")");
  CHECK(value(R"({"x":{"json":0},"json":null})") == "null");
  CHECK(value(R"({"key":"\"json\":7","json":[]})") == "[]");
  CHECK(value(R"({"\u006ason":1e2})") == "1e2");
}

TEST_CASE("what is wrong is said") {
  CHECK(why("") != "");
  CHECK(why("[]") == "not a JSON object");
  CHECK(why("{}").find("\"value\"") != std::string::npos);
  CHECK(why(R"({"value":"a","json":1})").find("not both") != std::string::npos);
  CHECK(why(R"({"value":1})").find("\"value\"") != std::string::npos);
  CHECK(why(R"({"value":{"base64":"/w"}})").find("base64") != std::string::npos);
  CHECK(why(R"({"value":"a","partition":4294967296})").find("32 bits") != std::string::npos);
  CHECK(why(R"({"value":"a","timestamp":9223372036854775808})").find("64 bits") !=
        std::string::npos);
  CHECK(why(R"({"value":"a","timestamp":1.5})").find("64 bits") != std::string::npos);
  CHECK(why(R"({"timestamp":007,"value":"a"})") != "");
  CHECK(why(R"({"value":"a","headers":[["n"]]})").find("pair") != std::string::npos);
  CHECK(why(R"({"value":"a","headers":[[null,"v"]]})").find("name is null") != std::string::npos);
  CHECK(why("{\"value\":\"\xff\"}") != "");
  CHECK(why(R"({"value":"\ud800"})") != "");
}

TEST_CASE("a line of ours that is read and printed again is the same line") {
  std::mt19937 random(21);
  const std::vector<std::string> texts = {"1",     "null", "[1, 2]", "{\"a\":\"\\u00e4\"}",
                                          "\"x\"", "1e2"};
  EventParser parser;
  for (int i = 0; i < 20000; i++) {
    std::optional<std::string> key = maybe(random);
    std::optional<std::string> value = maybe(random);
    std::string name = random_bytes(random);
    EventView event{.topic = "t",
                    .partition = int32_t(random() % 9),
                    .offset = 0,
                    .timestamp = int64_t(random()) - 5,
                    .key = view(key),
                    .value = view(value)};
    event.is_json = random() % 3 == 0;
    if (event.is_json) event.value = bytes_of(texts[random() % texts.size()]);
    for (size_t n = random() % 3; n > 0; n--) event.headers.emplace_back(name, view(value));
    std::string line = line_of(event);
    Result<const ParsedEvent*> parsed =
        parser.parse(std::string_view(line).substr(0, line.size() - 1));
    REQUIRE(parsed.has_value());
    EventView again{.topic = *(*parsed)->topic,
                    .partition = *(*parsed)->partition,
                    .offset = 0,
                    .timestamp = *(*parsed)->timestamp,
                    .key = (*parsed)->key,
                    .value = (*parsed)->value};
    again.is_json = event.is_json;
    for (const RecordHeader& header : (*parsed)->headers) {
      again.headers.emplace_back(header.key, header.value);
    }
    REQUIRE(line_of(again) == line);
  }
}
