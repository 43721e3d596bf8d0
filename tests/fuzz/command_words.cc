// SPDX-License-Identifier: Apache-2.0
// The small languages of a command line: filters, formats, positions, times, patterns of time. The
// first byte chooses one. What compiles is also used, on a record whose value is the input.
#include <cstdlib>
#include <string>

#include "lib/cli/position.h"
#include "lib/cli/text/filter_expression.h"
#include "lib/cli/text/json_text.h"
#include "lib/cli/text/record_template.h"
#include "lib/cli/text/utc.h"
#include "lib/record/record.h"
#include "tests/fuzz/fuzz.h"

using namespace eventd;

namespace {

constexpr WallTime kNow{1'790'000'000'000};

struct Example {
  explicit Example(Bytes value) {
    record.value = value;
    fetched.partition = &partition;
    fetched.key = bytes_of("key");
    fetched.value = value;
    fetched.timestamp = static_cast<int64_t>(value.size()) - 1;
    fetched.record = &record;
  }
  TopicPartition partition{"t", 3};
  Record record;
  FetchedRecord fetched;
};

// A long pattern on a long value may take the system's matcher for ever, which is no bug of ours.
bool is_short(std::string_view text) { return text.size() <= 200; }

void filter(std::string_view text) {
  Result<FilterExpression> compiled = FilterExpression::compile(text, kNow);
  if (!compiled) return;
  Example example(bytes_of(text));
  bool holds = compiled->holds(example.fetched);
  std::string opposite = "!(" + std::string(text) + ")";
  Result<FilterExpression> reverse = FilterExpression::compile(opposite, kNow);
  if (reverse && reverse->holds(example.fetched) == holds) abort();
}

void format(std::string_view text) {
  Result<RecordTemplate> compiled = RecordTemplate::compile(text);
  if (!compiled) return;
  Example example(bytes_of(text));
  std::string out;
  std::string again;
  compiled->append(out, example.fetched, "null");
  compiled->append(again, example.fetched, "null");
  if (out != again) abort();
}

void json(std::string_view text) {
  const char* end = text.data() + text.size();
  const char* after = skip_json_value(text.data(), end);
  if (after != nullptr && (after <= text.data() || after > end)) abort();
  const std::string path[] = {"a", "b"};
  auto found = find_json(text, path);
  if (found && (!is_json_text(text) || !is_json_text(*found))) abort();
  (void)decode_json_string(text);  // only for its reads
}

}  // namespace

std::vector<Buffer> eventd::seeds() {
  std::vector<Buffer> seeds;
  auto add = [&](uint8_t kind, std::string_view text) {
    Buffer& seed = seeds.emplace_back(1, kind);
    append(seed, bytes_of(text));
  };
  add(0, R"(json.total > 100 && header.env != "test" || !(key ~ "^a" && size <= 1.5e3))");
  add(0, R"(timestamp >= @2026-03-01T10:00Z+5m || json.a."b c" == null || topic !~ "x|y")");
  add(1, R"(%t %p %o %T %d{%F %s} %k{hex} %v{base64} %h{n}{hex} %h %K %V %%\n\x41)");
  add(2, "0:start+5,3:end-2,4:@today-1d+2h30m,5:17");
  add(3, "2026-03-01T10:00:30.125+01:30-1w2d3h4m5.5s");
  add(4, R"({"a":{"b":[1,-2.5e3,true,null,"x\u00e9\ud83d\ude00"]},"a":{"b":{}}})");
  add(5, "%Y-%m-%d %H:%M:%S %s %-5s %Ec %Oy %^a %10Z %%s");
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string_view text = text_of({data + 1, size - 1});
  switch (data[0] % 6) {
    case 0:
      if (is_short(text)) filter(text);
      break;
    case 1:
      format(text);
      break;
    case 2:
      (void)parse_positions(text, kNow);  // only for its reads, as the next
      (void)parse_partitions(text);
      break;
    case 3:
      (void)parse_time_ms(text, kNow);
      (void)parse_duration_ms(text);
      break;
    case 4:
      json(text);
      break;
    default: {
      std::string out;
      append_strftime(out, std::string(text), static_cast<int64_t>(size) * 1'000'003);
      break;
    }
  }
  return 0;
}
