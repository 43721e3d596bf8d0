// SPDX-License-Identifier: Apache-2.0
#include "lib/record/record.h"

#include <doctest/doctest.h>

#include <limits>
#include <random>
#include <string>

#include "lib/record/builder.h"
#include "lib/record/control.h"

using namespace eventd;

namespace {

// A record with its own bytes, to compare what was written with what is read.
struct Owned {
  int64_t timestamp = 0;
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;
  bool operator==(const Owned&) const = default;
};

std::optional<Bytes> view(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return bytes_of(*text);
}
std::optional<std::string> owned(const std::optional<Bytes>& bytes) {
  if (!bytes) return std::nullopt;
  return std::string(text_of(*bytes));
}

Buffer build(const std::vector<Owned>& records, const BatchOptions& options = {}) {
  BatchBuilder builder;
  for (const Owned& record : records) {
    std::vector<RecordHeader> headers;
    for (const auto& [key, value] : record.headers) headers.push_back({key, view(value)});
    builder.append(record.timestamp, view(record.key), view(record.value), headers);
  }
  return *builder.finish(options);
}

std::vector<Owned> read(Bytes batch) {
  BatchHeader header = *check_batch(batch);
  Buffer payload;
  REQUIRE(decompress(header.codec(), records_of(batch), payload, 1 << 26));
  RecordReader reader(payload, header.record_count);
  std::vector<Owned> records;
  Record record;
  while (reader.next(record)) {
    Owned one{static_cast<int64_t>(static_cast<uint64_t>(header.base_timestamp) +
                                   static_cast<uint64_t>(record.timestamp_delta)),
              owned(record.key), owned(record.value), {}};
    for (const RecordHeader& each : record.headers()) {
      one.headers.emplace_back(each.key, owned(each.value));
    }
    records.push_back(one);
  }
  REQUIRE(reader.finished());
  return records;
}

std::string random_text(std::mt19937& random) {
  std::string text(random() % 8 == 0 ? random() % 20000 : random() % 70, 'x');
  for (char& c : text) c = static_cast<char>(random() % 4 + 'a');
  return text;
}

std::vector<Owned> random_records(std::mt19937& random) {
  std::vector<Owned> records(random() % 100 + 1);
  for (Owned& record : records) {
    record.timestamp = random() % 20 == 0 ? static_cast<int64_t>(random()) << 32 | random()
                                          : 1700000000000 + static_cast<int64_t>(random() % 9999);
    if (random() % 2 == 0) record.key = random_text(random);
    if (random() % 5 != 0) record.value = random_text(random);
    size_t headers = random() % 4 == 0 ? random() % 5 : 0;
    for (size_t i = 0; i < headers; i++) {
      std::optional<std::string> value;
      if (random() % 3 != 0) value = random_text(random);
      record.headers.emplace_back(random_text(random), value);
    }
  }
  return records;
}

Buffer payload_of(const std::vector<Owned>& records) {
  Buffer batch = build(records);
  return Buffer(batch.begin() + kBatchHeaderSize, batch.end());
}

Code refused(Bytes payload, int32_t count) {
  RecordReader reader(payload, count);
  Record record;
  while (reader.next(record)) {
  }
  Result<void> finished = reader.finished();
  Result<RecordWalk> walk = walk_records(payload, count);
  CHECK(finished.has_value() == walk.has_value());
  return walk ? Code::none : walk.error().code;
}

}  // namespace

TEST_CASE("what is built is read, with every codec") {
  std::mt19937 random(7);
  for (int round = 0; round < 60; round++) {
    std::vector<Owned> records = random_records(random);
    for (Codec codec : {Codec::none, Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd}) {
      BatchOptions options;
      options.codec = codec;
      REQUIRE(read(build(records, options)) == records);
    }
  }
}

TEST_CASE("null, empty and absent are three things") {
  std::vector<Owned> records = {{5, std::nullopt, "", {}},
                                {5, "", std::nullopt, {{"", std::nullopt}, {"h", ""}}}};
  CHECK(read(build(records)) == records);
}

TEST_CASE("a batch tells what its options were") {
  BatchOptions options;
  options.base_offset = Offset{50};
  options.leader_epoch = LeaderEpoch{4};
  options.producer_id = ProducerId{9};
  options.producer_epoch = ProducerEpoch{2};
  options.base_sequence = 100;
  options.transactional = true;
  Buffer batch = build({{1000, "a", "b", {}}, {1005, "a", "b", {}}, {1003, "a", "b", {}}}, options);
  BatchHeader header = *check_batch(batch);
  CHECK(header.base_offset == Offset{50});
  CHECK(header.last_offset() == Offset{52});
  CHECK(header.leader_epoch == LeaderEpoch{4});
  CHECK(header.base_timestamp == 1000);
  CHECK(header.max_timestamp == 1005);
  CHECK(header.producer_id == ProducerId{9});
  CHECK(header.producer_epoch == ProducerEpoch{2});
  CHECK(header.base_sequence == 100);
  CHECK(header.last_sequence() == 102);
  CHECK(header.is_transactional());
  CHECK(header.record_count == 3);
}

TEST_CASE("a builder counts its bytes and starts again after a batch") {
  BatchBuilder builder;
  CHECK(builder.size_bytes() == kBatchHeaderSize);
  builder.append(1, bytes_of("key"), bytes_of(std::string(5000, 'v')));
  size_t size = builder.size_bytes();
  CHECK(size - kBatchHeaderSize <= BatchBuilder::record_size_max(3, 5000));
  CHECK(builder.finish({})->size() == size);
  CHECK(builder.empty());
  builder.append(900, std::nullopt, bytes_of("second"));
  Buffer second = *builder.finish({});
  CHECK(read(second) == std::vector<Owned>{{900, std::nullopt, "second", {}}});
}

TEST_CASE("gaps between offset deltas are kept, and refused from a producer") {
  BatchBuilder builder;
  builder.append_at(3, 10, bytes_of("k"), bytes_of("v"));
  builder.append_at(8, 10, bytes_of("k"), bytes_of("v"));
  Buffer batch = *builder.finish({});
  BatchHeader header = *check_batch(batch);
  CHECK(header.record_count == 2);
  CHECK(header.last_offset_delta == 8);
  RecordReader reader(records_of(batch), 2);
  Record record;
  REQUIRE(reader.next(record));
  CHECK(record.offset_delta == 3);
  CHECK(walk_records(records_of(batch), 2).error().code == Code::invalid_record);
}

TEST_CASE("the walk finds the timestamps and the missing keys") {
  Buffer payload =
      payload_of({{100, "k", "v", {}}, {90, std::nullopt, "v", {}}, {120, "k", "v", {{"h", "x"}}},
                  {120, std::nullopt, "v", {}}});
  RecordWalk walk = *walk_records(payload, 4);
  CHECK(walk.timestamp_delta_min == -10);
  CHECK(walk.timestamp_delta_max == 20);
  CHECK(walk.first_latest == 2);
  CHECK(walk.records_without_key == 2);
  CHECK(walk_records({}, 0)->timestamp_delta_max == 0);
}

TEST_CASE("a count that does not match the bytes is refused") {
  Buffer payload = payload_of({{1, "k", "v", {}}, {1, "k", "v", {}}});
  CHECK(refused(payload, 2) == Code::none);
  CHECK(refused(payload, 1) == Code::invalid_record);
  CHECK(refused(payload, 3) == Code::invalid_record);
  CHECK(refused(payload, std::numeric_limits<int32_t>::max()) == Code::invalid_record);
  CHECK(refused(payload, -1) == Code::invalid_record);
  CHECK(refused({}, 1) == Code::invalid_record);
}

TEST_CASE("a record that is longer or shorter than it says is refused") {
  Buffer payload = payload_of({{1, "k", "v", {{"h", "x"}}}});
  for (int change : {-2, 2}) {  // the length is folded: 2 is one byte
    Buffer bent = payload;
    bent[0] = static_cast<uint8_t>(bent[0] + change);
    if (change > 0) bent.push_back(0);
    CHECK(refused(bent, 1) == Code::invalid_record);
  }
}

TEST_CASE("negative sizes and null header keys are refused") {
  // length 7, attributes, timestamp delta, offset delta, no key, no value, one header ..
  auto record = [](std::initializer_list<uint8_t> tail) {
    Buffer payload = {0, 0, 0, 0, 1, 1};
    payload.insert(payload.end(), tail);
    payload[0] = static_cast<uint8_t>((payload.size() - 1) * 2);
    return payload;
  };
  CHECK(refused(record({0}), 1) == Code::none);
  CHECK(refused(record({2, 0, 0}), 1) == Code::none);            // an empty name, an empty value
  CHECK(refused(record({2, 0, 1}), 1) == Code::none);            // an empty name, a null value
  CHECK(refused(record({2, 1, 1}), 1) == Code::invalid_record);  // a null name
  CHECK(refused(record({2, 0, 3}), 1) == Code::invalid_record);  // a value of size -2
  CHECK(refused(record({1}), 1) == Code::invalid_record);        // -1 headers
  CHECK(refused(record({0xfe, 0xff, 0xff, 0xff, 0x0f}), 1) == Code::invalid_record);
  Buffer key_size = record({0});
  key_size[4] = 3;  // a key of size -2
  CHECK(refused(key_size, 1) == Code::invalid_record);
}

TEST_CASE("no truncation and no mutation of a payload leaves its bounds") {
  std::mt19937 random(11);
  for (int round = 0; round < 200; round++) {
    std::vector<Owned> records = random_records(random);
    records.resize(std::min<size_t>(records.size(), 10));
    auto count = static_cast<int32_t>(records.size());
    Buffer payload = payload_of(records);
    for (int i = 0; i < 50; i++) {
      // A fresh allocation each time, so that the sanitizer sees a step beyond it.
      Buffer bent(payload.begin(), payload.begin() + static_cast<std::ptrdiff_t>(
                                                         random() % (payload.size() + 1)));
      if (!bent.empty() && i % 2 == 0) bent[random() % bent.size()] ^= uint8_t(1 << random() % 8);
      RecordReader reader(bent, count);
      Record record;
      while (reader.next(record)) (void)record.headers();  // only for its reads
      (void)walk_records(bent, count);                     // only for its reads
    }
  }
}

TEST_CASE("control records carry their type and an end of transaction its epoch") {
  BatchBuilder builder;
  append_control(builder, 77, ControlType::commit, encode_end_transaction({12}));
  BatchOptions options;
  options.control = options.transactional = true;
  options.producer_id = ProducerId{5};
  options.producer_epoch = ProducerEpoch{1};
  Buffer batch = *builder.finish(options);
  BatchHeader header = *check_batch(batch);
  CHECK(header.is_control());
  CHECK(header.base_sequence == kNoSequence);
  RecordReader reader(records_of(batch), 1);
  Record record;
  REQUIRE(reader.next(record));
  CHECK(*control_type(record) == ControlType::commit);
  CHECK(parse_end_transaction(*record.value)->coordinator_epoch == 12);
  CHECK(!parse_end_transaction(record.value->first(5)));
  record.key = record.key->first(3);
  CHECK(!control_type(record));
  record.key = std::nullopt;
  CHECK(!control_type(record));
}
