// SPDX-License-Identifier: Apache-2.0
#include "lib/record/codec.h"

#include <doctest/doctest.h>
#include <lz4frame.h>
#include <snappy.h>
#include <zlib.h>
#include <zstd.h>

#include <limits>
#include <random>
#include <string>

using namespace eventd;

namespace {

constexpr Codec kCodecs[] = {Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd};
constexpr size_t kPlenty = 64 << 20;

Buffer packed(Codec codec, Bytes in, int level = kDefaultLevel) {
  Buffer out;
  REQUIRE(compress(codec, in, out, level));
  return out;
}

Code unpack_code(Codec codec, Bytes in, size_t size_max = kPlenty) {
  Buffer out;
  Result<void> done = decompress(codec, in, out, size_max);
  if (done) CHECK(out.size() <= size_max);
  return done ? Code::none : done.error().code;
}

// Half of it repeats, so that every codec has something to do.
std::string sample(size_t size, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::string text;
  while (text.size() < size) {
    if (random() % 2 == 0) text += "the same words again and again, ";
    text += static_cast<char>(random());
  }
  text.resize(size);
  return text;
}

bool unpacks_to(Codec codec, Bytes in, std::string_view expected) {
  Buffer out;
  Result<void> done = decompress(codec, in, out, kPlenty);
  return done && text_of(out) == expected;
}

Buffer lz4_frame(std::string_view text, const LZ4F_preferences_t& preferences) {
  Buffer out(LZ4F_compressFrameBound(text.size(), &preferences));
  out.resize(LZ4F_compressFrame(out.data(), out.size(), text.data(), text.size(), &preferences));
  return out;
}

}  // namespace

TEST_CASE("what is compressed is decompressed, at every level and size") {
  for (size_t size : {size_t{1}, size_t{100}, size_t{32768}, size_t{32769}, size_t{300000}}) {
    std::string text = sample(size);
    for (Codec codec : kCodecs) {
      for (int level : {kDefaultLevel, -1, 0, 1, 9, 17, 100}) {
        CHECK(unpacks_to(codec, packed(codec, bytes_of(text), level), text));
      }
    }
    CHECK(unpacks_to(Codec::none, packed(Codec::none, bytes_of(text)), text));
  }
}

TEST_CASE("compressing appends, and nothing becomes nothing") {
  for (Codec codec : kCodecs) {
    Buffer out = {1, 2, 3};
    REQUIRE(compress(codec, bytes_of("text"), out));
    CHECK(out[2] == 3);
    CHECK(unpacks_to(codec, Bytes(out).subspan(3), "text"));
    CHECK(unpacks_to(codec, {}, ""));
    CHECK(unpacks_to(codec, packed(codec, {}), ""));
  }
}

TEST_CASE("a buffer that is used again holds only the new text") {
  Buffer out;
  for (Codec codec : kCodecs) {
    REQUIRE(decompress(codec, packed(codec, bytes_of(sample(100000))), out, kPlenty));
    REQUIRE(decompress(codec, packed(codec, bytes_of("short")), out, kPlenty));
    CHECK(text_of(out) == "short");
  }
}

TEST_CASE("the output is bounded exactly") {
  std::string text = sample(50000);
  for (Codec codec : {Codec::none, Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd}) {
    Buffer in = packed(codec, bytes_of(text));
    CHECK(unpack_code(codec, in, text.size()) == Code::none);
    CHECK(unpack_code(codec, in, text.size() - 1) == Code::too_large);
    CHECK(unpack_code(codec, in, 0) == Code::too_large);
  }
}

TEST_CASE("a bomb costs no more than its bound") {
  std::string zeros(100 << 20, '\0');
  constexpr size_t kBound = 1 << 20;
  for (Codec codec : kCodecs) {
    Buffer bomb = packed(codec, bytes_of(zeros));
    CAPTURE(name_of(codec));
    CAPTURE(bomb.size());
    Buffer out;
    CHECK(decompress(codec, bomb, out, kBound).error().code == Code::too_large);
    CHECK(out.capacity() <= 2 * std::max(kBound, bomb.size() * 4));
  }
}

TEST_CASE("sizes that the input claims are not believed") {
  Buffer snappy_claim = {0xff, 0xff, 0xff, 0x7f, 0};  // 256 MiB from one byte
  CHECK(unpack_code(Codec::snappy, snappy_claim) == Code::corrupt_message);
  Buffer xerial = packed(Codec::snappy, bytes_of("text"));
  for (uint8_t first : {uint8_t{0x7f}, uint8_t{0xff}}) {
    xerial[16] = first;  // a block of 2 GiB, a block of negative size
    CHECK(unpack_code(Codec::snappy, xerial) == Code::corrupt_message);
  }
  // A frame that claims an exabyte of content, and one with a window of 128 MiB.
  Buffer zstd_claim = {0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0x10, 1, 0, 0};
  Buffer out;
  CHECK(!decompress(Codec::zstd, zstd_claim, out, kPlenty));
  CHECK(out.capacity() <= 1 << 20);
  Buffer wide_window = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x88, 0x19, 0, 0, 'a', 'b', 'c'};
  CHECK(unpacks_to(Codec::zstd, wide_window, "abc"));
}

TEST_CASE("several gzip members are one stream") {
  Buffer in = packed(Codec::gzip, bytes_of("one "));
  append(in, packed(Codec::gzip, bytes_of("two")));
  CHECK(unpacks_to(Codec::gzip, in, "one two"));
  in.push_back(0);
  CHECK(unpack_code(Codec::gzip, in) == Code::corrupt_message);
}

TEST_CASE("several zstd frames are one stream") {
  Buffer in = packed(Codec::zstd, bytes_of("one "));
  append(in, packed(Codec::zstd, bytes_of("two")));
  CHECK(unpacks_to(Codec::zstd, in, "one two"));
}

TEST_CASE("snappy is read bare, framed, and framed again in the middle") {
  std::string raw;
  std::string text = sample(70000);
  snappy::Compress(text.data(), text.size(), &raw);
  CHECK(unpacks_to(Codec::snappy, bytes_of(raw), text));

  Buffer framed = packed(Codec::snappy, bytes_of(text));
  CHECK(text_of(Bytes(framed).first(16)) == std::string_view("\x82SNAPPY\0\0\0\0\1\0\0\0\1", 16));
  append(framed, packed(Codec::snappy, bytes_of("more")));
  CHECK(unpacks_to(Codec::snappy, framed, text + "more"));
}

TEST_CASE("lz4 is written as Java's reader wants it") {
  for (int level : {kDefaultLevel, 9, 12}) {
    Buffer frame = packed(Codec::lz4, bytes_of(sample(200000)), level);
    CHECK(text_of(Bytes(frame).first(4)) == "\x04\x22\x4d\x18");
    uint8_t flags = frame[4];
    int version = flags >> 6;
    CHECK(version == 1);
    CHECK((flags & 0x3f) == 0x20);  // independent blocks, no checksums, size or dictionary
    CHECK((frame[5] & 0x70) == 0x40);  // blocks of 64 KiB
  }
}

TEST_CASE("lz4 is read with linked blocks, checksums, content size and stored blocks") {
  std::mt19937 random(3);
  std::string noise(100000, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  for (const std::string& text : {sample(500000), noise}) {
    LZ4F_preferences_t preferences{};
    preferences.frameInfo.blockMode = LZ4F_blockLinked;
    preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
    preferences.frameInfo.blockChecksumFlag = LZ4F_blockChecksumEnabled;
    preferences.frameInfo.contentSize = text.size();
    for (LZ4F_blockSizeID_t block : {LZ4F_max64KB, LZ4F_max256KB, LZ4F_max4MB}) {
      preferences.frameInfo.blockSizeID = block;
      Buffer frame = lz4_frame(text, preferences);
      CHECK(unpacks_to(Codec::lz4, frame, text));
      frame.back() ^= 1;  // the content's checksum
      CHECK(unpack_code(Codec::lz4, frame) == Code::corrupt_message);
    }
  }
  Buffer frame = packed(Codec::lz4, bytes_of("text"));
  frame[6] ^= 1;  // the header's checksum, which old clients computed wrong for old formats only
  CHECK(unpack_code(Codec::lz4, frame) == Code::corrupt_message);
}

TEST_CASE("every truncation and many mutations are refused or harmless") {
  std::mt19937 random(5);
  std::string text = sample(3000);
  for (Codec codec : kCodecs) {
    Buffer whole = packed(codec, bytes_of(text));
    for (size_t size = 1; size < whole.size(); size++) {
      Buffer cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      bool ends_at_a_block = codec == Codec::snappy && size == 16;
      CAPTURE(name_of(codec));
      CAPTURE(size);
      CHECK((unpack_code(codec, cut) == Code::none) == ends_at_a_block);
    }
    for (int i = 0; i < 2000; i++) {
      Buffer bent = whole;
      bent[random() % std::min<size_t>(bent.size(), i % 2 == 0 ? 40 : bent.size())] ^=
          uint8_t(1 << random() % 8);
      (void)unpack_code(codec, bent, 10000);  // only for its reads and writes
    }
  }
}

TEST_CASE("an unknown codec is refused") {
  auto unknown = static_cast<Codec>(5);
  CHECK(unpack_code(unknown, bytes_of("x")) == Code::unsupported_compression_type);
  Buffer out;
  CHECK(!compress(unknown, bytes_of("x"), out));
  CHECK(name_of(unknown) == "unknown");
}
