// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/append_check.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "lib/record/builder.h"
#include "lib/record/record.h"

using namespace eventd;

namespace {

constexpr WallTime kNow{1'790'000'000'000};

struct Sent {
  std::optional<std::string> key;
  std::string value;
  int64_t timestamp = kNow.ms;
};

Buffer batch_of(const std::vector<Sent>& records, Codec codec = Codec::none) {
  BatchBuilder builder;
  for (const Sent& record : records) {
    std::optional<Bytes> key;
    if (record.key) key = bytes_of(*record.key);
    builder.append(record.timestamp, key, bytes_of(record.value));
  }
  Result<Buffer> batch = builder.finish({.codec = codec});
  REQUIRE(batch);
  return std::move(*batch);
}

// Changes the header of a batch as a wrong client might, with a right checksum.
template <class Change>
Buffer with_header(Buffer batch, Change change) {
  BatchHeader header = *parse_batch_header(batch);
  change(header);
  encode_batch_header(header, batch);
  refresh_crc(batch);
  return batch;
}

Code format_error(Bytes records, int16_t version = 9) {
  auto ok = check_format(records, version);
  return ok ? Code::none : ok.error().code;
}

Refusal refused(Buffer batch, const AppendRules& rules = {}) {
  auto checked = check_produced_batch(batch, rules, kNow);
  return checked ? Refusal{.code = Code::none} : checked.error();
}

}  // namespace

TEST_CASE("a good batch passes and stays as it is") {
  Buffer batch = batch_of({{"k", "a"}, {std::nullopt, "b"}});
  Buffer before = batch;
  CHECK(format_error(batch) == Code::none);
  auto checked = check_produced_batch(batch, {}, kNow);
  REQUIRE(checked);
  CHECK(equal(checked->bytes, before));
  CHECK(checked->header.record_count == 2);
  CHECK(checked->log_append_time_ms == -1);
}

TEST_CASE("the record field of a produce is exactly one whole batch of format 2") {
  Buffer batch = batch_of({{"k", "a"}});
  CHECK(format_error({}) == Code::invalid_record);
  CHECK(format_error(Bytes(batch).first(batch.size() - 1)) == Code::invalid_record);

  Buffer two = batch;
  append(two, batch);
  CHECK(format_error(two) == Code::invalid_record);

  Buffer old = batch;
  old[16] = 1;
  CHECK(format_error(old) == Code::invalid_record);
  old[16] = 3;
  CHECK(format_error(old) == Code::corrupt_message);

  Buffer tiny(17);
  tiny[11] = 1;
  CHECK(format_error(tiny) == Code::corrupt_message);
}

TEST_CASE("zstd came with version 7 of Produce") {
  Buffer batch = batch_of({{"k", "a"}}, Codec::zstd);
  CHECK(format_error(batch, 6) == Code::unsupported_compression_type);
  CHECK(format_error(batch, 7) == Code::none);
}

TEST_CASE("a changed byte is found by the checksum") {
  Buffer batch = batch_of({{"k", "value"}});
  batch.back() ^= 1;
  Refusal refusal = refused(batch);
  CHECK(refusal.code == Code::corrupt_message);
  CHECK_FALSE(refusal.tells_log_start);
}

TEST_CASE("max.message.bytes bounds the whole batch") {
  Buffer batch = batch_of({{"k", std::string(300, 'x')}});
  auto size = static_cast<int64_t>(batch.size());
  CHECK(refused(batch, {.message_bytes_max = size - 1}).code == Code::message_too_large);
  CHECK(refused(batch, {.message_bytes_max = size}).code == Code::none);
  CHECK(refused(batch, {.segment_bytes = size - 1}).code == Code::record_list_too_large);
}

TEST_CASE("counts that lie, control batches and producers without a sequence are refused") {
  Buffer batch = batch_of({{"k", "a"}, {"k", "b"}});
  auto code = [&](auto change) { return refused(with_header(batch, change)).code; };
  CHECK(code([](BatchHeader& h) { h.record_count = 3; }) == Code::invalid_record);
  CHECK(code([](BatchHeader& h) { h.record_count = h.last_offset_delta = 0; }) ==
        Code::invalid_record);
  CHECK(code([](BatchHeader& h) { h.last_offset_delta = 4; }) == Code::invalid_record);
  CHECK(code([](BatchHeader& h) { h.last_offset_delta = -1; }) == Code::invalid_record);
  CHECK(code([](BatchHeader& h) {
          h.record_count = 3;
          h.last_offset_delta = 2;
        }) == Code::invalid_record);
  CHECK(code([](BatchHeader& h) { h.attributes |= BatchHeader::kControlBit; }) ==
        Code::invalid_record);
  CHECK(code([](BatchHeader& h) { h.base_offset = Offset{1}; }) == Code::invalid_record);
  CHECK(code([](BatchHeader& h) { h.producer_id = ProducerId{7}; }) == Code::invalid_record);
  CHECK(code([](BatchHeader& h) { h.attributes |= 6; }) == Code::unsupported_compression_type);
  CHECK(refused(with_header(batch, [](BatchHeader& h) { h.record_count = 3; })).tells_log_start);
}

TEST_CASE("a compacted topic names the records that have no key") {
  for (Codec codec : {Codec::none, Codec::lz4}) {
    Refusal refusal = refused(batch_of({{"k", "a"}, {std::nullopt, "b"}, {"k", "c"}}, codec),
                              {.compacted = true});
    CHECK(refusal.code == Code::invalid_record);
    REQUIRE(refusal.records.size() == 1);
    CHECK(refusal.records[0].index == 1);
    CHECK(refusal.message);
  }
  CHECK(refused(batch_of({{"k", "a"}}), {.compacted = true}).code == Code::none);
}

TEST_CASE("create times must be within the topic's bounds") {
  AppendRules rules{.timestamp_before_max_ms = 1000, .timestamp_after_max_ms = 1000};
  auto at = [&](int64_t delta, Codec codec = Codec::none) {
    return refused(batch_of({{"k", "a"}, {"k", "b", kNow.ms + delta}}, codec), rules);
  };
  CHECK(at(1000).code == Code::none);
  CHECK(at(-1000).code == Code::none);
  Refusal late = at(1001);
  CHECK(late.code == Code::invalid_timestamp);
  REQUIRE(late.records.size() == 1);
  CHECK(late.records[0].index == 1);
  CHECK(at(-1001).code == Code::invalid_timestamp);
  CHECK(at(1001, Codec::gzip).code == Code::invalid_timestamp);
  CHECK(at(-1001, Codec::gzip).code == Code::invalid_timestamp);
  CHECK(refused(batch_of({{"k", "a", -1}}), rules).code == Code::none);
}

TEST_CASE("a topic with LogAppendTime stamps the batch and answers the time") {
  Buffer batch = batch_of({{"k", "a", 5}});
  AppendRules rules{.timestamp_type = TimestampType::log_append_time};
  auto checked = check_produced_batch(batch, rules, kNow);
  REQUIRE(checked);
  CHECK(checked->log_append_time_ms == kNow.ms);
  CHECK(checked->header.is_log_append_time());
  CHECK(checked->header.max_timestamp == kNow.ms);
  CHECK(check_batch(checked->bytes));
}

TEST_CASE("a largest timestamp that is not the records' is corrected") {
  Buffer batch = with_header(batch_of({{"k", "a"}, {"k", "b", kNow.ms + 7}}),
                             [](BatchHeader& h) { h.max_timestamp = 3; });
  auto checked = check_produced_batch(batch, {}, kNow);
  REQUIRE(checked);
  CHECK(checked->header.max_timestamp == kNow.ms + 7);
  CHECK(check_batch(checked->bytes));
}

TEST_CASE("a topic with a codec of its own packs batches again") {
  for (Codec from : {Codec::none, Codec::lz4, Codec::gzip}) {
    for (Codec to : {Codec::none, Codec::gzip, Codec::zstd}) {
      Buffer batch = batch_of({{"k", std::string(500, 'a')}, {std::nullopt, "b"}}, from);
      auto checked = check_produced_batch(batch, {.codec = to}, kNow);
      REQUIRE(checked);
      REQUIRE(check_batch(checked->bytes));
      CHECK(checked->header.codec() == to);
      CHECK(checked->packed_again.empty() == (from == to));
      Buffer plain;
      REQUIRE(decompress(to, records_of(checked->bytes), plain, 10000));
      CHECK(walk_records(plain, 2));
    }
  }
}
