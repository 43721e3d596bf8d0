// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cerrno>
#include <random>

#include "lib/base/big_endian.h"
#include "lib/base/crc32c.h"
#include "lib/base/result.h"
#include "lib/base/text.h"
#include "lib/base/uuid.h"

using namespace eventd;

TEST_CASE("CRC-32C gives the check value of its catalogue entry") {
  CHECK(crc32c(bytes_of("123456789")) == 0xe3069283);
  CHECK(crc32c({}) == 0);
}

TEST_CASE("the fast CRC agrees with the table at every length and alignment") {
  std::mt19937 random(1);
  Buffer bytes(20000);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  for (int i = 0; i < 2000; i++) {
    size_t from = random() % 64;
    size_t size = i < 900 ? static_cast<size_t>(i) : random() % (bytes.size() - 64);
    Bytes part = Bytes(bytes).subspan(from, size);
    REQUIRE(crc32c(part) == crc32c_by_table(part));
    size_t cut = size == 0 ? 0 : random() % size;
    REQUIRE(crc32c(part.subspan(cut), crc32c(part.first(cut))) == crc32c(part));
  }
}

TEST_CASE("an error gathers its context from the inside out") {
  Error error{Code::not_found, "no such file", ENOENT};
  CHECK(std::move(error).during("open segment 5").during("start").message ==
        "start: open segment 5: no such file");
}

TEST_CASE("an error of our own reaches a peer as Kafka's nearest code") {
  CHECK(wire_code(Code::offset_out_of_range) == 1);
  CHECK(wire_code(Code::io_error) == 56);
  CHECK(wire_code(Code::disk_full) == 56);
  CHECK(wire_code(Code::connection_closed) == -1);
  CHECK(name_of(Code::unknown_topic_or_partition) == "UNKNOWN_TOPIC_OR_PARTITION");
  CHECK(name_of(static_cast<Code>(999)) == "ERROR_999");
}

TEST_CASE("errno becomes a code that callers can act on") {
  CHECK(fail_with_errno(ENOSPC, "write").error().code == Code::disk_full);
  CHECK(fail_with_errno(ENOENT, "open").error().code == Code::not_found);
  CHECK(fail_with_errno(EIO, "read").error().code == Code::io_error);
}

TEST_CASE("numbers are taken whole or not at all") {
  CHECK(parse_number<int16_t>("-32768") == -32768);
  CHECK(!parse_number<int16_t>("32768"));
  CHECK(!parse_number<int>(""));
  CHECK(!parse_number<int>("1 "));
  CHECK(!parse_number<int>("+1"));
}

TEST_CASE("base64 keeps any bytes and refuses what is not canonical") {
  std::mt19937 random(2);
  for (size_t size = 0; size < 100; size++) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    CHECK(from_base64(to_base64(bytes_of(bytes))) == bytes);
  }
  CHECK(to_base64(bytes_of("\xff\x00")) == "/w==");
  CHECK(!from_base64("/w="));
  CHECK(!from_base64("/x=="));
  CHECK(!from_base64("===="));
  CHECK(!from_base64("ab=c"));
}

TEST_CASE("uuids have Kafka's text form") {
  CHECK(to_string(kMetadataTopicId) == "AAAAAAAAAAAAAAAAAAAAAQ");
  for (int i = 0; i < 1000; i++) {
    Uuid id = Uuid::random();
    CHECK(Uuid::parse(to_string(id)) == id);
    CHECK(to_string(id).front() != '-');
  }
  CHECK(!Uuid::parse("AAAAAAAAAAAAAAAAAAAAA"));
  CHECK(!Uuid::parse("AAAAAAAAAAAAAAAAAAAA+Q"));
}

TEST_CASE("UTF-8 is judged strictly") {
  CHECK(is_utf8("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"));
  CHECK(!is_utf8("\xc0\x80"));          // overlong
  CHECK(!is_utf8("\xed\xa0\x80"));      // surrogate
  CHECK(!is_utf8("\xf4\x90\x80\x80"));  // beyond U+10FFFF
  CHECK(!is_utf8("\xe2\x82"));          // cut short
}

TEST_CASE("foreign strings cannot forge a log line") {
  CHECK(printable("a\nb\x1b[31m\xff") == "a\\x0ab\\x1b[31m\\xff");
  CHECK(printable("caf\xc3\xa9") == "caf\xc3\xa9");
  CHECK(printable("abcdef", 3) == "abc...");
}

TEST_CASE("integers are stored big-endian") {
  uint8_t raw[4];
  store_big_endian<int32_t>(raw, -2);
  CHECK(raw[0] == 0xff);
  CHECK(raw[3] == 0xfe);
  CHECK(load_big_endian<int32_t>(raw) == -2);
}

TEST_CASE("text joins literals, characters, numbers and truth values") {
  CHECK(text("a", ' ', 5, " ", true, " ", std::string("s"), Offset{-7}) == "a 5 true s-7");
}
