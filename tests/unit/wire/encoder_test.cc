// SPDX-License-Identifier: Apache-2.0
// What the encoder refuses, leaves out and omits. Golden bytes are golden_test.cc's.
#include <doctest/doctest.h>

#include "lib/base/text.h"
#include "lib/wire/messages/configs.h"
#include "lib/wire/messages/fetch.h"
#include "lib/wire/messages/metadata.h"
#include "lib/wire/messages/metadata_records.h"
#include "lib/wire/messages/produce.h"
#include "lib/wire/messages/topics.h"
#include "tests/support/hex.h"

using namespace eventd;

namespace {

// The bytes as hex, or the error.
template <class M>
std::string encoded(const M& message, int16_t version) {
  Buffer out = from_hex("aa");
  Writer writer(out);
  Result<void> result = encode(message, version, writer);
  if (!result) {
    CHECK(to_hex(out) == "aa");  // nothing was appended
    CHECK(writer.wire_size() == 0);
    return result.error().message;
  }
  CHECK(encoded_size(message, version) == writer.wire_size());
  return to_hex(Bytes(out).subspan(1));
}

MetadataRequest one_topic(std::optional<std::string_view> name) {
  MetadataRequest request;
  request.topics.emplace().emplace_back().name = name;
  return request;
}

FetchResponse one_partition(uint32_t omitted_size) {
  FetchResponse response;
  auto& topic = response.responses.emplace_back();
  topic.partitions.emplace_back().records.omitted_size = omitted_size;
  return response;
}

}  // namespace

TEST_CASE("a field that its version lacks is refused by name, unless it is at its default") {
  MetadataRequest request = one_topic("a");
  request.allow_auto_topic_creation = false;
  CHECK(encoded(request, 3) ==
        "MetadataRequest v3: AllowAutoTopicCreation is not in this version");
  CHECK(encoded(request, 4) == "00000001" "000161" "00");
  CHECK(encoded(one_topic("a"), 3) == "00000001" "000161");

  ListConfigResourcesRequest types;
  types.resource_types = {2};
  CHECK(encoded(types, 0) ==
        "ListConfigResourcesRequest v0: ResourceTypes is not in this version");
  // In a structure of a list.
  DeleteTopicsRequest by_id;
  by_id.topics.emplace_back().topic_id = Uuid::random();
  CHECK(encoded(by_id, 5) == "DeleteTopicsRequest v5: Topics is not in this version");
}

TEST_CASE("an ignorable field is left out of versions that lack it") {
  MetadataRequest request = one_topic("a");
  request.topics->front().topic_id = Uuid::random();
  CHECK(encoded(request, 3) == "00000001" "000161");
  MetadataResponse response;
  response.throttle_time_ms = 7;
  response.cluster_id = "id";
  CHECK(encoded(response, 0) == "00000000" "00000000");
}

TEST_CASE("null is refused where the version does not allow it") {
  CHECK(encoded(MetadataRequest{}, 0) == "MetadataRequest v0: Topics is null");
  CHECK(encoded(MetadataRequest{}, 1) == "ffffffff");
  CHECK(encoded(one_topic(std::nullopt), 9) == "MetadataRequest v9: Name is null");
  CHECK(encoded(one_topic(std::nullopt), 12).size() == 2 * (1 + 16 + 1 + 1 + 3));
}

TEST_CASE("a string that is too long is refused") {
  std::string longest(32767, 'a');
  CHECK(encoded(one_topic(longest), 1).size() == 2 * (4 + 2 + longest.size()));
  CHECK(encoded(one_topic(longest), 9).size() == 2 * (1 + 3 + longest.size() + 1 + 4));
  longest += 'a';
  for (int16_t version : {1, 9}) {
    CHECK(encoded(one_topic(longest), version) ==
          text("MetadataRequest v", version, ": Name is longer than 32767 bytes"));
  }
}

TEST_CASE("a version that a message does not have is refused") {
  CHECK(encoded(MetadataRequest{}, 14) == "MetadataRequest has versions 0 to 13, not 14");
  CHECK(encoded(ProduceRequest{}, 2) == "ProduceRequest has versions 3 to 13, not 2");
}

TEST_CASE("tagged fields are written in the order of their tags, those at their default never") {
  PartitionChangeRecord record;
  record.partition_id = 1;
  std::string fixed = "00000001" "00000000000000000000000000000000";
  CHECK(encoded(record, 2) == fixed + "00");
  record.leader = 5;
  record.isr.emplace();
  record.directories.emplace();             // tag 8, described before 6 and 7
  record.eligible_leader_replicas = {{3}};  // 6
  CHECK(encoded(record, 2) ==
        fixed + "04" "00" "01" "01" "01" "04" "00000005" "06" "05" "02" "00000003" "08" "01" "01");
  // -2 is the default of this field, and 0 is not.
  record = {};
  record.leader = 0;
  record.partition_id = 1;
  CHECK(encoded(record, 0) == fixed + "01" "01" "04" "00000000");
}

TEST_CASE("omitted records are counted, and their places are told") {
  FetchResponse response = one_partition(1000);
  auto& second = response.responses[0].partitions.emplace_back();
  second.records.omitted_size = 0;
  second.records.bytes = Bytes();
  response.responses[0].partitions.emplace_back().records.omitted_size = 300;

  Buffer out = from_hex("aabb");
  Writer writer(out);
  REQUIRE(encode(response, 11, writer));
  CHECK(writer.wire_size() == out.size() - 2 + 1300);
  CHECK(encoded_size(response, 11) == writer.wire_size());
  REQUIRE(writer.omissions().size() == 2);

  // With bytes put where they were omitted it is an ordinary message.
  Buffer whole(out.begin() + 2, out.end());
  size_t shift = 0;
  for (const Writer::Omission& omission : writer.omissions()) {
    auto at = whole.begin() + static_cast<ptrdiff_t>(omission.position - 2 + shift);
    whole.insert(at, omission.size, uint8_t{0x5a});
    shift += omission.size;
  }
  Result<FetchResponse> again = decode<FetchResponse>(whole, 11);
  REQUIRE_MESSAGE(again, again.error().message);
  const auto& partitions = again->responses[0].partitions;
  CHECK(partitions[0].records.bytes->size() == 1000);
  CHECK(partitions[1].records.bytes->empty());
  CHECK(partitions[2].records.bytes->size() == 300);
  CHECK(partitions[2].records.bytes->back() == 0x5a);
}

TEST_CASE("what could not be encoded leaves no omission behind") {
  FetchResponse response = one_partition(1000);
  response.session_id = 1;  // not before 7
  response.responses.push_back(response.responses[0]);
  response.responses[1].partitions[0].preferred_read_replica = 3;  // not before 11
  Buffer out;
  Writer writer(out);
  Result<void> result = encode(response, 7, writer);
  REQUIRE(!result);
  CHECK(result.error().message == "FetchResponse v7: PreferredReadReplica is not in this version");
  CHECK(writer.omissions().empty());
  CHECK(out.empty());
}

TEST_CASE("JSON shows any string as valid UTF-8, and omitted records by their size") {
  std::string_view odd("a\"\\\n\x01\xff\xc3\x28\xe2\x98", 10);
  CHECK(to_json(one_topic(odd), 0) ==
        "{\"topics\":[{\"name\":\"a\\\"\\\\\\u000a\\u0001\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef"
        "\xbf\xbd\"}]}");
  std::string shown = to_json(one_partition(1000), 11);
  CHECK(shown.find("\"recordsSizeInBytes\":1000") != std::string::npos);
  CHECK(shown.find("\"records\"") == std::string::npos);
}

TEST_CASE("JSON shows numbers that JSON lacks as null") {
  ClientQuotaRecord quota;
  quota.value = 1.0 / 3;
  CHECK(to_json(quota, 0).find("\"value\":0.3333333333333333,") != std::string::npos);
  quota.value = std::numeric_limits<double>::infinity();
  CHECK(to_json(quota, 0).find("\"value\":null") != std::string::npos);
}
