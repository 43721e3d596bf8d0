// SPDX-License-Identifier: Apache-2.0
// Every message in every version, as Apache Kafka's generated classes and franz-go's kmsg write it.
// tests/golden/generate/Messages.java and tests/peers/go/cmd/golden say what the files hold.
#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "lib/wire/messages/metadata_records.h"
#include "tests/support/hex.h"
#include "tests/support/messages.h"

using namespace eventd;
using nlohmann::json;
using nlohmann::ordered_json;

namespace {

struct Golden {
  GoldenMessage message;
  const MessageKind* kind;
  Bytes body;  // without the head of a metadata record
};

// What stands before the message in a metadata record must name its type and version.
Bytes body_of(const GoldenMessage& message, const MessageKind& kind) {
  if (!kind.record_type) return message.bytes;
  Result<MetadataRecordHead> head = parse_metadata_record_head(message.bytes);
  REQUIRE(head);
  CHECK(head->type == *kind.record_type);
  CHECK(head->version == message.version);
  return Bytes(message.bytes).subspan(head->size_bytes);
}

template <class Check>
void each_golden(std::initializer_list<const char*> files, Check check) {
  for (std::string file : files) {
    for (const GoldenMessage& message : golden_messages(file)) {
      CAPTURE(file);
      CAPTURE(message.name);
      CAPTURE(message.version);
      CAPTURE(message.filling);
      const MessageKind* kind = message_kind(message.name);
      REQUIRE(kind != nullptr);
      check(Golden{message, kind, body_of(message, *kind)});
    }
  }
}

const auto kKafkaFiles = {"kafka-4.3.1/requests.txt", "kafka-4.3.1/responses.txt",
                          "kafka-4.3.1/metadata-records.txt", "kafka-4.3.1/control-records.txt"};
const auto kKmsgFiles = {"kmsg-1.15.0/requests.txt", "kmsg-1.15.0/responses.txt"};
const auto kAllFiles = {"kafka-4.3.1/requests.txt",         "kafka-4.3.1/responses.txt",
                        "kafka-4.3.1/metadata-records.txt", "kafka-4.3.1/control-records.txt",
                        "kmsg-1.15.0/requests.txt",         "kmsg-1.15.0/responses.txt"};

// In memory of exactly that size, so that the sanitizer sees a read beyond it.
Result<Reading> read(const MessageKind& kind, Bytes body, int16_t version) {
  auto copy = std::make_unique<uint8_t[]>(body.size());
  std::copy(body.begin(), body.end(), copy.get());
  return kind.read(Bytes(copy.get(), body.size()), version);
}

// Of tagged fields that nobody knows nothing is left, so that message is not written as it came.
bool has_unknown_tags(const Golden& golden) { return golden.message.filling == "tags"; }

// A structure without the names of its fields.
ordered_json without_names(const ordered_json& fields) {
  if (!fields.is_structured()) return fields;
  ordered_json values = ordered_json::array();
  for (const ordered_json& each : fields) values.push_back(without_names(each));
  return values;
}

}  // namespace

TEST_CASE("Kafka's bytes mean what Kafka says they mean, and are written again as they were") {
  each_golden(kKafkaFiles, [](const Golden& golden) {
    Result<Reading> reading = read(*golden.kind, golden.body, golden.message.version);
    REQUIRE_MESSAGE(reading, reading.error().message);
    CHECK(json::parse(reading->json) == json::parse(golden.message.fields));
    REQUIRE(reading->encoding);
    CHECK(to_hex(reading->bytes) == to_hex(golden.body));
    CHECK(reading->size_bytes == golden.body.size());
  });
}

TEST_CASE("kmsg's bytes mean what kmsg says they mean, and are written again as they were") {
  each_golden(kKmsgFiles, [](const Golden& golden) {
    Result<Reading> reading = read(*golden.kind, golden.body, golden.message.version);
    REQUIRE_MESSAGE(reading, reading.error().message);
    if (!golden.message.fields.empty()) {
      CHECK(without_names(ordered_json::parse(reading->json)) ==
            ordered_json::parse(golden.message.fields));
    }
    REQUIRE(reading->encoding);
    CHECK(reading->size_bytes == reading->bytes.size());
    if (!has_unknown_tags(golden)) CHECK(to_hex(reading->bytes) == to_hex(golden.body));
  });
}

TEST_CASE("every message, version and filling is among Kafka's bytes, and nothing else") {
  std::map<std::tuple<std::string, int16_t, std::string>, int> found;
  each_golden(kKafkaFiles, [&](const Golden& golden) {
    found[{golden.message.name, golden.message.version, golden.message.filling}]++;
  });
  size_t expected = 0;
  for (auto kinds :
       {request_kinds(), response_kinds(), metadata_record_kinds(), control_record_kinds()}) {
    for (const MessageKind& kind : kinds) {
      for (int16_t v = kind.format.versions.min; v <= kind.format.versions.max; v++) {
        for (const char* filling : {"default", "set", "null", "empty"}) {
          CAPTURE(kind.name);
          CAPTURE(v);
          CAPTURE(filling);
          CHECK(found[{std::string(kind.name), v, filling}] == 1);
          expected++;
        }
      }
    }
  }
  CHECK(found.size() == expected);
}

TEST_CASE("a message that is cut short anywhere is refused") {
  each_golden(kAllFiles, [](const Golden& golden) {
    for (size_t size = 0; size < golden.body.size(); size++) {
      CAPTURE(size);
      Result<Reading> cut = read(*golden.kind, golden.body.first(size), golden.message.version);
      REQUIRE(!cut);
      REQUIRE(cut.error().code == Code::invalid_request);
    }
  });
}

TEST_CASE("a message that is longer than it should be is refused, but is a prefix of others") {
  each_golden(kAllFiles, [](const Golden& golden) {
    Buffer longer(golden.body.begin(), golden.body.end());
    longer.push_back(0);
    Result<Reading> reading = golden.kind->read(longer, golden.message.version);
    REQUIRE(!reading);
    CHECK(reading.error().message.ends_with(": 1 bytes too many"));
    Result<size_t> prefix = golden.kind->prefix_size(longer, golden.message.version);
    REQUIRE(prefix);
    CHECK(*prefix == golden.body.size());
  });
}

TEST_CASE("a version outside of a message's range is refused by name") {
  for (auto kinds :
       {request_kinds(), response_kinds(), metadata_record_kinds(), control_record_kinds()}) {
    for (const MessageKind& kind : kinds) {
      CAPTURE(kind.name);
      VersionRange range = kind.format.versions;
      for (int16_t version : {static_cast<int16_t>(range.min - 1),
                              static_cast<int16_t>(range.max + 1), int16_t{-32768}}) {
        Result<Reading> reading = kind.read({}, version);
        REQUIRE(!reading);
        CHECK(reading.error().code == Code::unsupported_version);
        CHECK(reading.error().message.starts_with(std::string(kind.name) + " has versions "));
      }
    }
  }
}
