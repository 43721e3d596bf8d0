// SPDX-License-Identifier: Apache-2.0
// Batches that Apache Kafka's own classes wrote. tests/golden/generate/Batches.java has the format.
#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "lib/base/text.h"
#include "lib/record/builder.h"
#include "lib/record/control.h"
#include "tests/support/hex.h"

using namespace eventd;

namespace {

struct Golden {
  std::string name;
  std::string header;
  std::vector<std::string> records;
  Buffer bytes;
};

std::vector<Golden> golden_batches() {
  std::ifstream file(TEST_SOURCE_DIR "/golden/batches/kafka-4.3.1.txt");
  std::vector<Golden> all;
  std::string line;
  while (std::getline(file, line)) {
    size_t space = line.find(' ');
    std::string kind = line.substr(0, space);
    std::string rest = line.substr(space + 1);
    if (kind == "batch") all.emplace_back().name = rest;
    if (kind == "header") all.back().header = rest;
    if (kind == "record") all.back().records.push_back(rest);
    if (kind == "bytes") all.back().bytes = from_hex(rest);
  }
  return all;
}

Golden golden(std::string_view name) {
  for (Golden& each : golden_batches()) {
    if (each.name == name) return each;
  }
  FAIL("no golden batch has this name");
  return {};
}

std::string shown(const std::optional<Bytes>& bytes) {
  if (!bytes) return "-";
  if (bytes->size() > 1000) {
    bool letters = true;
    for (size_t i = 0; i < bytes->size(); i++) letters &= (*bytes)[i] == 'a' + i / 7 % 26;
    REQUIRE(letters);
    return text("~", bytes->size());
  }
  return "x" + to_hex(*bytes);
}

std::string shown(const BatchHeader& header) {
  return text(header.base_offset, " ", header.last_offset(), " ", header.leader_epoch, " ",
              header.attributes, " ", header.base_timestamp, " ", header.max_timestamp, " ",
              header.producer_id, " ", header.producer_epoch, " ", header.base_sequence, " ",
              header.record_count);
}

std::string shown(const BatchHeader& header, const Record& record) {
  int64_t timestamp = header.is_log_append_time() ? header.max_timestamp
                                                  : header.base_timestamp + record.timestamp_delta;
  std::string line = text(header.base_offset + record.offset_delta, " ", timestamp, " ",
                          shown(record.key), " ", shown(record.value));
  for (const RecordHeader& each : record.headers()) {
    line += text(" ", shown(bytes_of(each.key)), " ", shown(each.value));
  }
  return line;
}

std::optional<Bytes> view(const std::optional<Buffer>& bytes) {
  if (!bytes) return std::nullopt;
  return Bytes(*bytes);
}

}  // namespace

TEST_CASE("Kafka's batches are read as Kafka reads them, whatever their codec") {
  std::vector<Golden> all = golden_batches();
  REQUIRE(all.size() == 18);
  for (const Golden& each : all) {
    CAPTURE(each.name);
    Result<BatchHeader> header = check_batch(each.bytes);
    REQUIRE(header);
    CHECK(shown(*header) == each.header);
    Buffer payload;
    REQUIRE(decompress(header->codec(), records_of(each.bytes), payload, 1 << 20));
    RecordReader reader(payload, header->record_count);
    std::vector<std::string> records;
    Record record;
    while (reader.next(record)) records.push_back(shown(*header, record));
    CHECK(reader.finished());
    CHECK(records == each.records);
    bool from_a_producer = each.name != "gaps";
    CHECK(walk_records(payload, header->record_count).has_value() == from_a_producer);
  }
}

TEST_CASE("the builder writes the bytes that Kafka writes") {
  for (const char* name : {"none", "transactional", "far-timestamps", "marker-commit",
                           "marker-abort", "snapshot-header"}) {
    CAPTURE(name);
    Golden expected = golden(name);
    BatchHeader header = *check_batch(expected.bytes);
    BatchBuilder builder;
    RecordReader reader(records_of(expected.bytes), header.record_count);
    Record record;
    while (reader.next(record)) {
      builder.append(header.base_timestamp + record.timestamp_delta, record.key, record.value,
                     record.headers());
    }
    BatchOptions options;
    options.base_offset = header.base_offset;
    options.leader_epoch = header.leader_epoch;
    options.producer_id = header.producer_id;
    options.producer_epoch = header.producer_epoch;
    options.base_sequence = header.base_sequence;
    options.transactional = header.is_transactional();
    options.control = header.is_control();
    CHECK(to_hex(*builder.finish(options)) == to_hex(expected.bytes));
  }
}

TEST_CASE("the leader's rewrites give the bytes that Kafka gives") {
  Golden expected = golden("log-append-time");
  Buffer batch = golden("none").bytes;
  stamp(batch, Offset{100}, LeaderEpoch{7});
  set_log_append_time(batch, 1700000005000);
  CHECK(to_hex(batch) == to_hex(expected.bytes));
}

TEST_CASE("Kafka's transaction markers are understood") {
  for (auto [name, type] : {std::pair("marker-commit", ControlType::commit),
                            std::pair("marker-abort", ControlType::abort)}) {
    Golden marker = golden(name);
    RecordReader reader(records_of(marker.bytes), 1);
    Record record;
    REQUIRE(reader.next(record));
    CHECK(*control_type(record) == type);
    CHECK(parse_end_transaction(*record.value)->coordinator_epoch == 33);
    std::optional<Buffer> copy(Buffer(record.value->begin(), record.value->end()));
    CHECK(equal(*view(copy), encode_end_transaction({33})));
  }
}
