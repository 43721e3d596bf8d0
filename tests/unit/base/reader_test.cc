// SPDX-License-Identifier: Apache-2.0
#include "lib/base/reader.h"

#include <doctest/doctest.h>

#include <limits>
#include <vector>

using namespace eventd;

namespace {
template <class T>
Buffer as_varint(T value) {
  Buffer out(varint_size(value));
  uint8_t* end = put_varint(out.data(), value);
  CHECK(end == out.data() + out.size());
  return out;
}
}  // namespace

TEST_CASE("a reader hands out numbers, views and ids in order") {
  const std::vector<uint8_t> in = {0x01, 0x02, 0xff, 0x01, 'a', 'b', 0xac, 0x02};
  Reader read(in);
  CHECK(read.number<int16_t>() == 0x0102);
  CHECK(read.number<int8_t>() == -1);
  CHECK(read.boolean());
  CHECK(text_of(read.bytes(2)) == "ab");
  CHECK(read.uvarint() == 300);
  CHECK(read.left() == 0);
  CHECK_FALSE(read.failed());
}

TEST_CASE("after a short read everything is zero and nothing moves") {
  const std::vector<uint8_t> in = {0x01, 0x02, 0x03};
  Reader read(in);
  CHECK(read.number<int32_t>() == 0);
  CHECK(read.failed());
  CHECK(read.left() == 0);
  CHECK(read.number<int8_t>() == 0);
  CHECK(read.bytes(1).empty());
  CHECK(read.uvarint() == 0);
  CHECK(read.uuid().is_zero());
  CHECK(read.position() == 0);
}

TEST_CASE("a varint that is cut short or too long fails") {
  const std::vector<uint8_t> cut = {0x80, 0x80};
  const std::vector<uint8_t> endless(6, 0x80);
  Reader short_one(cut);
  CHECK(short_one.uvarint() == 0);
  CHECK(short_one.failed());
  Reader long_one(endless);
  CHECK(long_one.uvarint() == 0);
  CHECK(long_one.failed());
}

TEST_CASE("varints of every size come back as they were") {
  for (int64_t value : {int64_t{0}, int64_t{-1}, int64_t{63}, int64_t{64}, int64_t{-65},
                        std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min()}) {
    Buffer encoded = as_varint(value);
    Reader read(encoded);
    CHECK(read.varint<int64_t>() == value);
    CHECK(read.left() == 0);
  }
  for (int32_t value : {0, -1, 8191, 8192, std::numeric_limits<int32_t>::max(),
                        std::numeric_limits<int32_t>::min()}) {
    Buffer encoded = as_varint(value);
    Reader read(encoded);
    CHECK(read.varint<int32_t>() == value);
  }
}
