// SPDX-License-Identifier: Apache-2.0
// What hostile and unusual bytes decode to. Golden bytes are golden_test.cc's.
#include <doctest/doctest.h>

#include <cstdlib>
#include <new>

#include "lib/base/text.h"
#include "lib/wire/messages/fetch.h"
#include "lib/wire/messages/metadata.h"
#include "lib/wire/messages/metadata_records.h"
#include "lib/wire/messages/produce.h"
#include "lib/wire/messages/topics.h"
#include "tests/support/hex.h"

using namespace eventd;

namespace {
size_t largest_allocation = 0;
}

// NOLINTBEGIN(misc-new-delete-overloads): the whole program's, to see how much a decoder asks for.
void* operator new(size_t size) {
  if (size > largest_allocation) largest_allocation = size;
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
// NOLINTEND(misc-new-delete-overloads)

namespace {

template <class M>
std::string shown(std::string_view hex, int16_t version) {
  Buffer body = from_hex(hex);
  Result<M> message = decode<M>(body, version);
  return message ? to_json(*message, version) : message.error().message;
}

// A list whose elements are much smaller on the wire than in memory, `count` times over.
Buffer repeated(std::string_view before, uint32_t count, std::string_view element,
                std::string_view after) {
  Buffer body = from_hex(before);
  Writer writer(body);
  writer.uvarint(count + 1);
  Buffer once = from_hex(element);
  for (uint32_t i = 0; i < count; i++) writer.bytes(once);
  writer.bytes(from_hex(after));
  return body;
}

// FetchRequest 15 but for its tagged fields.
constexpr std::string_view kFetch = "00000001 00000002 00000003 00 00000004 00000005 01 01 01 ";

std::string fetch_with_tags(std::string_view tags) {
  Buffer body = from_hex(std::string(kFetch) + std::string(tags));
  Result<FetchRequest> fetch = decode<FetchRequest>(body, 15);
  if (!fetch) return fetch.error().message;
  return text(fetch->cluster_id.value_or("null"), " ", fetch->replica_state.replica_id, " ",
              fetch->replica_state.replica_epoch);
}

}  // namespace

TEST_CASE("a list that claims two thousand million elements is refused before it gets memory") {
  for (auto [hex, version] : {std::pair{"7fffffff 00000000", 1}, {"7fffffff", 7},
                              {"ffffffff07 000000", 9}, {"ffffffff0f 00000000", 12},
                              {"00000005 0001 61 0001 62", 4}}) {
    CAPTURE(hex);
    Buffer body = from_hex(hex);
    largest_allocation = 0;
    CHECK(!decode<MetadataRequest>(body, static_cast<int16_t>(version)));
    CHECK(largest_allocation < 1000);
  }
  // One level further down: one topic with 2^31 - 1 partitions.
  Buffer body = from_hex("ffff 0001 00000000 00000001 0001 61 7fffffff 00000000");
  largest_allocation = 0;
  CHECK(!decode<ProduceRequest>(body, 3));
  CHECK(largest_allocation < 1000);
}

TEST_CASE("what is decoded takes at most four times the frame and a mebibyte") {
  // DescribeTopicPartitions: a topic takes two bytes on the wire, and sixteen in memory.
  constexpr uint32_t kMany = 1'000'000;
  Buffer body = repeated("", kMany, "01 00", "000007d0 ff 00");
  largest_allocation = 0;
  CHECK(!decode<DescribeTopicPartitionsRequest>(body, 0));
  CHECK(largest_allocation < 1000);
  body = repeated("", 20'000, "01 00", "000007d0 ff 00");
  largest_allocation = 0;
  Result<DescribeTopicPartitionsRequest> few = decode<DescribeTopicPartitionsRequest>(body, 0);
  REQUIRE(few);
  CHECK(few->topics.size() == 20'000);
  CHECK(largest_allocation >= 20'000 * sizeof(few->topics[0]));  // so it is counted at all
}

TEST_CASE("the budget is enough for honest messages, however many partitions they have") {
  constexpr uint32_t kMany = 200'000;
  // Fetch 17: a partition without records, in the fewest bytes that it can take.
  Buffer body = repeated(
      "00000000 0000 00000000 02 00112233445566778899aabbccddeeff", kMany,
      "00000001 0000 0000000000000002 0000000000000003 0000000000000000 00 ffffffff 01 00",
      "00 00");
  Result<FetchResponse> fetched = decode<FetchResponse>(body, 17);
  REQUIRE_MESSAGE(fetched, fetched.error().message);
  CHECK(fetched->responses[0].partitions.size() == kMany);
  // Metadata 12: partitions with one replica.
  body = repeated(
      "00000000 01 00 00000001 02 0000 02 61 00112233445566778899aabbccddeeff 00", kMany,
      "0000 00000001 00000001 00000000 02 00000001 02 00000001 01 00", "80000000 00 00");
  Result<MetadataResponse> described = decode<MetadataResponse>(body, 12);
  REQUIRE_MESSAGE(described, described.error().message);
  CHECK(described->topics[0].partitions.size() == kMany);
}

TEST_CASE("an error names the message, its version, the field and the place") {
  CHECK(shown<MetadataRequest>("00000001 0005 6162", 1) ==
        "MetadataRequest v1: Name cut short or out of range at byte 6");
  CHECK(shown<MetadataRequest>("", 1) ==
        "MetadataRequest v1: Topics cut short or out of range at byte 0");
  CHECK(fetch_with_tags("01 63 09 00") ==
        "FetchRequest v15: tagged fields cut short or out of range at byte 27");
}

TEST_CASE("null is refused where it has no meaning") {
  CHECK(shown<MetadataRequest>("ffffffff", 1) == R"({"topics":null})");
  CHECK(shown<MetadataRequest>("ffffffff", 0).find("Topics") != std::string::npos);
  CHECK(shown<MetadataRequest>("00000001 ffff", 1).find("Name") != std::string::npos);
  // Names may be null from 10 on, where there are ids.
  CHECK(shown<MetadataRequest>("02 00 00 01 00 00 00", 9).find("Name") != std::string::npos);
  CHECK(shown<MetadataRequest>("02 00112233445566778899aabbccddeeff 00 00 01 00 00 00", 10)
            .starts_with(R"({"topics":[{"topicId":"ABEiM0RVZneImaq7zN3u_w","name":null}])"));
  CHECK(shown<TopicRecord>("00 00112233445566778899aabbccddeeff 00", 0).find("Name") !=
        std::string::npos);
  CHECK(shown<UserScramCredentialRecord>("02 61 01 00 01 01 00000001 00", 0).find("Salt") !=
        std::string::npos);
  // In a tagged field: log directories of a broker.
  CHECK(shown<BrokerRegistrationChangeRecord>("00000001 0000000000000002 01 02 01 00", 2) ==
        "BrokerRegistrationChangeRecord v2: tagged fields cut short or out of range at byte 16");
}

TEST_CASE("any negative length is null, as it is to Kafka") {
  CHECK(shown<MetadataRequest>("80000000", 1) == R"({"topics":null})");
  CHECK(shown<ProduceRequest>("8000 0001 00000005 00000000", 3) ==
        R"({"transactionalId":null,"acks":1,"timeoutMs":5,"topicData":[]})");
}

TEST_CASE("a string has at most 32767 bytes in both encodings") {
  for (auto [size, prefix, accepted] :
       {std::tuple{32767u, "80 80 02", true}, {32768u, "81 80 02", false}}) {
    Buffer body = from_hex(std::string("02 ") + prefix);
    body.resize(body.size() + size, 'a');
    append(body, from_hex("00 01 00 00 00"));
    CHECK(decode<MetadataRequest>(body, 9).has_value() == accepted);
  }
}

TEST_CASE("any byte but zero is true") {
  CHECK(shown<MetadataRequest>("00 00 02 80 00", 9) ==
        R"({"topics":null,"allowAutoTopicCreation":false,)"
        R"("includeClusterAuthorizedOperations":true,"includeTopicAuthorizedOperations":true})");
}

TEST_CASE("a varint has at most five bytes, whatever they add to the number") {
  CHECK(shown<MetadataRequest>("8080808000 01 00 00 00", 9).find("\"topics\":null") !=
        std::string::npos);
  CHECK(shown<MetadataRequest>("808080808000 01 00 00 00", 9).find("Topics") != std::string::npos);
  CHECK(shown<MetadataRequest>("80", 9).find("Topics") != std::string::npos);
}

TEST_CASE("unknown tagged fields are skipped") {
  CHECK(fetch_with_tags("00") == "null -1 -1");
  CHECK(fetch_with_tags("02 63 03 010203 ffffffff0f 00") == "null -1 -1");
  CHECK(fetch_with_tags("03 00 02 0261 01 0d 00000007 0000000000000008 00 63 01 aa") == "a 7 8");
}

TEST_CASE("tagged fields may come in any order, and the last of two counts, as with Kafka") {
  CHECK(fetch_with_tags("02 63 01 aa 62 01 bb") == "null -1 -1");
  CHECK(fetch_with_tags("02 01 0d 00000007 0000000000000008 00 00 02 0261") == "a 7 8");
  CHECK(fetch_with_tags("02 00 02 0261 00 02 0262") == "b -1 -1");
  CHECK(fetch_with_tags("02 00 02 0261 00 01 00") == "null -1 -1");
}

TEST_CASE("a tagged field has exactly the size that it claims") {
  CHECK(fetch_with_tags("01 00 03 0261 63").find("tagged fields") != std::string::npos);
  CHECK(fetch_with_tags("01 00 01 0261").find("tagged fields") != std::string::npos);
  CHECK(fetch_with_tags("01 00 00").find("tagged fields") != std::string::npos);
  CHECK(fetch_with_tags("01 01 0c 00000007 0000000000000008 00").find("tagged") !=
        std::string::npos);
  CHECK(fetch_with_tags("ffffffff0f").find("tagged fields") != std::string::npos);
  CHECK(fetch_with_tags("01 63 ffffffff0f 00").find("tagged fields") != std::string::npos);
}

TEST_CASE("the head of a metadata record is bounded") {
  Buffer good = from_hex("01 1c 00 02 61 00");
  Result<MetadataRecordHead> head = parse_metadata_record_head(good);
  REQUIRE(head);
  CHECK(head->type == ClearElrRecord::type);
  CHECK(head->version == 0);
  CHECK(head->size_bytes == 3);
  for (auto [hex, code] : {std::pair{"", Code::bad_data},
                           {"01 1c", Code::bad_data},
                           {"01 808004 00", Code::bad_data},
                           {"01 00 ffffffff0f", Code::bad_data},
                           {"00 1c 00", Code::unsupported_version},
                           {"02 1c 00", Code::unsupported_version}}) {
    CAPTURE(hex);
    Result<MetadataRecordHead> bad = parse_metadata_record_head(from_hex(hex));
    REQUIRE(!bad);
    CHECK(bad.error().code == code);
  }
}
