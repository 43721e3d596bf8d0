// SPDX-License-Identifier: Apache-2.0
#include "lib/record/batch.h"

#include <doctest/doctest.h>

#include <limits>

#include "lib/base/crc32c.h"

using namespace eventd;

namespace {

// A batch whose records are any bytes: nothing here looks into them.
Buffer batch_of(std::string_view payload) {
  BatchHeader header;
  header.base_offset = Offset{7};
  header.length = static_cast<int32_t>(kBatchHeaderSize - kBatchPrefixSize + payload.size());
  header.last_offset_delta = 2;
  header.base_timestamp = 1000;
  header.max_timestamp = 1002;
  header.record_count = 3;
  Buffer batch(kBatchHeaderSize);
  encode_batch_header(header, batch);
  append(batch, bytes_of(payload));
  refresh_crc(batch);
  return batch;
}

}  // namespace

TEST_CASE("a header is read as it was written") {
  BatchHeader header;
  header.base_offset = Offset{0x0102030405060708};
  header.length = 1234;
  header.leader_epoch = LeaderEpoch{0x11223344};
  header.crc = 0xdeadbeef;
  header.attributes = BatchHeader::kTransactionalBit | 4;
  header.last_offset_delta = 99;
  header.base_timestamp = -1;
  header.max_timestamp = 1700000000123;
  header.producer_id = ProducerId{4000};
  header.producer_epoch = ProducerEpoch{3};
  header.base_sequence = 17;
  header.record_count = 100;
  Buffer bytes(kBatchHeaderSize);
  encode_batch_header(header, bytes);
  Result<BatchHeader> read = parse_batch_header(bytes);
  REQUIRE(read);
  CHECK(*read == header);
  CHECK(read->codec() == Codec::zstd);
  CHECK(read->is_transactional());
  CHECK(!read->is_control());
  CHECK(!read->has_delete_horizon());
  CHECK(read->timestamp_type() == TimestampType::create_time);
  CHECK(read->last_offset() == header.base_offset + 99);
  CHECK(read->last_sequence() == 116);
  CHECK(read->size_bytes() == 1246);
}

TEST_CASE("every truncation of a batch is refused") {
  Buffer batch = batch_of("some records");
  REQUIRE(check_batch(batch));
  for (size_t size = 0; size < batch.size(); size++) {
    Buffer cut(batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK(!check_batch(cut));
    CHECK(parse_batch_header(cut).has_value() == (size >= kBatchHeaderSize));
  }
}

TEST_CASE("a flipped bit is seen everywhere but in the base offset and the leader epoch") {
  Buffer batch = batch_of("some records");
  for (size_t i = 0; i < batch.size(); i++) {
    Buffer bent = batch;
    bent[i] ^= 0x10;
    bool outside_checksum = i < 8 || (i >= 12 && i < 16);
    CHECK(check_batch(bent).has_value() == outside_checksum);
  }
}

TEST_CASE("older message formats are told from damage") {
  Buffer batch = batch_of("");
  batch[16] = 1;
  CHECK(parse_batch_header(batch).error().code == Code::unsupported_for_message_format);
  // A whole message of an old format may be shorter than a header of today.
  CHECK(parse_batch_header(Bytes(batch).first(30)).error().code ==
        Code::unsupported_for_message_format);
  batch[16] = 3;
  CHECK(parse_batch_header(batch).error().code == Code::corrupt_message);
  CHECK(batch_magic(Bytes(batch).first(16)) == -1);
}

TEST_CASE("a length that cannot hold a header is refused") {
  Buffer batch = batch_of("");
  for (int length : {0, -1, 48, std::numeric_limits<int32_t>::min()}) {
    BatchHeader header = *parse_batch_header(batch_of(""));
    header.length = length;
    encode_batch_header(header, batch);
    CHECK(parse_batch_header(batch).error().code == Code::corrupt_message);
    CHECK(!batch_size(batch));
  }
  CHECK(batch_size(batch_of("abc")) == kBatchHeaderSize + 3);
}

TEST_CASE("the leader's stamp leaves the checksum alone") {
  Buffer batch = batch_of("some records");
  stamp(batch, Offset{5000}, LeaderEpoch{6});
  Result<BatchHeader> header = check_batch(batch);
  REQUIRE(header);
  CHECK(header->base_offset == Offset{5000});
  CHECK(header->last_offset() == Offset{5002});
  CHECK(header->next_offset() == Offset{5003});
  CHECK(header->leader_epoch == LeaderEpoch{6});
}

TEST_CASE("log append time and a corrected max timestamp come with a new checksum") {
  Buffer batch = batch_of("some records");
  set_log_append_time(batch, 123456789);
  Result<BatchHeader> header = check_batch(batch);
  REQUIRE(header);
  CHECK(header->timestamp_type() == TimestampType::log_append_time);
  CHECK(header->max_timestamp == 123456789);
  CHECK(header->base_timestamp == 1000);

  batch = batch_of("some records");
  set_max_timestamp(batch, 1007);
  header = check_batch(batch);
  REQUIRE(header);
  CHECK(header->timestamp_type() == TimestampType::create_time);
  CHECK(header->max_timestamp == 1007);
}

TEST_CASE("sequences wrap from the largest to zero") {
  constexpr int32_t kMax = std::numeric_limits<int32_t>::max();
  CHECK(advance_sequence(0, 0) == 0);
  CHECK(advance_sequence(kMax, 1) == 0);
  CHECK(advance_sequence(kMax - 1, 3) == 1);
  CHECK(advance_sequence(kNoSequence, 5) == kNoSequence);
}
