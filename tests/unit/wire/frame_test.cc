// SPDX-License-Identifier: Apache-2.0
// Headers of requests and responses, held against those that Kafka's own classes wrote.
#include "lib/wire/frame.h"

#include <doctest/doctest.h>

#include <fstream>
#include <set>

#include "lib/base/text.h"
#include "lib/wire/messages/api_versions.h"
#include "lib/wire/messages/metadata.h"
#include "tests/support/hex.h"

using namespace eventd;

namespace {

// A line of headers.txt; tests/golden/generate/Messages.java says what it holds.
struct GoldenHeaders {
  std::string api;
  int16_t key = 0;
  int16_t version = 0;
  std::optional<std::string> client;
  Buffer request;
  Buffer response;

  int32_t correlation_id() const {
    int32_t number = 100 * key + version;
    return number % 3 == 0 ? -number : number;
  }
};

std::vector<GoldenHeaders> golden_headers() {
  std::ifstream file(TEST_SOURCE_DIR "/golden/messages/kafka-4.3.1/headers.txt");
  std::vector<GoldenHeaders> all;
  GoldenHeaders line;
  std::string client;
  std::string request;
  std::string response;
  std::string word;
  while (file >> line.api >> line.key >> line.version >> client >> word >> request >> word >>
         response) {
    line.client.reset();
    if (client != "-") line.client = text_of(from_hex(client.substr(1)));
    line.request = from_hex(request);
    line.response = from_hex(response);
    all.push_back(line);
  }
  return all;
}

}  // namespace

TEST_CASE("every API of Kafka 4.3 is known by number and name") {
  std::set<int16_t> keys;
  for (const GoldenHeaders& golden : golden_headers()) {
    CAPTURE(golden.api);
    std::optional<ApiKey> key = api_key_of(golden.key);
    REQUIRE(key);
    CHECK(name_of(*key) == golden.api);
    keys.insert(golden.key);
  }
  CHECK(keys.size() == 89);
  for (int32_t number = INT16_MIN; number <= INT16_MAX; number++) {
    auto key = static_cast<int16_t>(number);
    if (api_key_of(key).has_value() != keys.contains(key)) FAIL("API ", key);
  }
  CHECK(name_of(static_cast<ApiKey>(4)) == "?");
}

TEST_CASE("request headers are read and written as Kafka does, whatever the API and version") {
  for (const GoldenHeaders& golden : golden_headers()) {
    CAPTURE(golden.api);
    CAPTURE(golden.version);
    Buffer frame = golden.request;
    append(frame, bytes_of("body"));
    Result<RequestHeader> header = parse_request_header(frame);
    REQUIRE(header);
    CHECK(header->api == golden.key);
    CHECK(header->version == golden.version);
    CHECK(header->correlation_id == golden.correlation_id());
    CHECK(header->client_id == golden.client.value_or(""));
    CHECK(header->size_bytes == golden.request.size());
    if (!golden.client) continue;
    Buffer written;
    Writer writer(written);
    write_request_header(*api_key_of(golden.key), golden.version, golden.correlation_id(),
                         *golden.client, writer);
    CHECK(to_hex(written) == to_hex(golden.request));
  }
}

TEST_CASE("response headers are read as Kafka writes them, that of ApiVersions without tags") {
  for (const GoldenHeaders& golden : golden_headers()) {
    CAPTURE(golden.api);
    CAPTURE(golden.version);
    Buffer frame = golden.response;
    append(frame, bytes_of("body"));
    int32_t correlation_id = 0;
    Result<size_t> size =
        parse_response_header(frame, *api_key_of(golden.key), golden.version, correlation_id);
    REQUIRE(size);
    CHECK(*size == golden.response.size());
    CHECK(correlation_id == golden.correlation_id());
  }
  CHECK(response_header_version(ApiKey::api_versions, 4) == 0);
}

TEST_CASE("a header that is cut short is refused") {
  for (const GoldenHeaders& golden : golden_headers()) {
    CAPTURE(golden.api);
    CAPTURE(golden.version);
    for (size_t size = 0; size < golden.request.size(); size++) {
      Buffer cut(golden.request.begin(), golden.request.begin() + static_cast<ptrdiff_t>(size));
      cut.shrink_to_fit();
      Result<RequestHeader> header = parse_request_header(cut);
      REQUIRE(!header);
      CHECK(header.error().code == Code::invalid_request);
    }
    int32_t correlation_id = 0;
    Bytes cut = Bytes(golden.response).first(golden.response.size() - 1);
    CHECK(!parse_response_header(cut, *api_key_of(golden.key), golden.version, correlation_id));
  }
}

TEST_CASE("tagged fields in a header are skipped, in any order") {
  // Metadata 9, correlation id 1, client id "c"; tags 9000 (empty) and 7 (three bytes); a body.
  Buffer frame = from_hex("0003 0009 00000001 0001 63  02 a846 00 07 03 00ff00  aa");
  Result<RequestHeader> header = parse_request_header(frame);
  REQUIRE(header);
  CHECK(header->size_bytes == frame.size() - 1);

  frame = from_hex("00000005  01 63 02 ffff  aa");
  int32_t correlation_id = 0;
  Result<size_t> size = parse_response_header(frame, ApiKey::metadata, 9, correlation_id);
  REQUIRE(size);
  CHECK(*size == frame.size() - 1);
}

TEST_CASE("tagged fields in a header that claim more than there is are refused") {
  for (const char* tags : {"ffffffff0f", "01 07 ffffffff0f 00", "01 07 05 00", "01", "01 07",
                           "ffffffffff01", "808080808000"}) {
    CAPTURE(tags);
    Buffer frame = from_hex(std::string("0003 0009 00000001 ffff ") + tags);
    CHECK(!parse_request_header(frame));
  }
}

TEST_CASE("the header of an API that nobody knows is read without tagged fields") {
  Buffer frame = from_hex("03e7 0000 00000001 ffff");
  Result<RequestHeader> header = parse_request_header(frame);
  REQUIRE(header);
  CHECK(header->api == 999);
  CHECK(header->client_id.empty());
  CHECK(header->size_bytes == frame.size());
}

TEST_CASE("a client id is at most 32767 bytes long and never longer than its frame") {
  CHECK(!parse_request_header(from_hex("0003 0009 00000001 7fff 6161 00")));
  Buffer out = from_hex("aa");
  std::string longest(32767, 'c');
  REQUIRE(encode_request(MetadataRequest{}, 9, 1, longest, out));
  Result<RequestHeader> header = parse_request_header(Bytes(out).subspan(5));
  REQUIRE(header);
  CHECK(header->client_id == longest);

  out = from_hex("aa");
  Result<void> longer = encode_request(MetadataRequest{}, 9, 1, longest + "c", out);
  REQUIRE(!longer);
  CHECK(longer.error().message == "a client id of 32768 bytes; at most 32767 fit into a header");
  CHECK(to_hex(out) == "aa");
}

TEST_CASE("a whole request stands behind its length, and a refused one leaves nothing behind") {
  Buffer out = from_hex("aa");
  REQUIRE(encode_request(ApiVersionsRequest{"tool", "1"}, 3, 7, "me", out));
  CHECK(to_hex(out) == to_hex(from_hex("aa 00000015 0012 0003 00000007 0002 6d65 00"
                                       "05 746f6f6c 02 31 00")));
  MetadataRequest null_topics;
  Result<void> refused = encode_request(null_topics, 0, 7, "me", out);
  REQUIRE(!refused);
  CHECK(refused.error().message == "MetadataRequest v0: Topics is null");
  CHECK(out.size() == 26);
}
