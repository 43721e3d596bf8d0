// SPDX-License-Identifier: Apache-2.0
#include "lib/record/codec.h"

#include <lz4frame.h>
#include <snappy.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>

#include "lib/base/big_endian.h"
#include "lib/base/text.h"

namespace eventd {
namespace {

std::unexpected<Error> damaged(std::string_view what) {
  return fail(Code::corrupt_message, text("cannot decompress: ", what));
}

std::unexpected<Error> too_much(size_t size_max) {
  return fail(Code::too_large, text("decompressed records have more than ", size_max, " bytes"));
}

// Gives `out` room behind `used` bytes: four times the input at first, then twice what it had. One
// byte more than `size_max` may be asked for, so that too much can be told from just enough.
void make_room(Buffer& out, size_t used, size_t in_size, size_t size_max) {
  size_t wanted = std::max({in_size * 4, used * 2, size_t{4096}});
  out.resize(std::max(used, std::min(wanted, size_max + 1)));
}

// gzip

Result<void> gzip_compress(Bytes in, Buffer& out, int level) {
  z_stream stream{};
  int level_known = level == kDefaultLevel ? Z_DEFAULT_COMPRESSION : std::clamp(level, -1, 9);
  constexpr int kGzipWindow = 15 + 16;
  if (deflateInit2(&stream, level_known, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    return fail(Code::unknown_server_error, "zlib has no memory");
  }
  size_t before = out.size();
  out.resize(before + deflateBound(&stream, in.size()));
  stream.next_in = const_cast<uint8_t*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = out.data() + before;
  stream.avail_out = static_cast<uInt>(out.size() - before);
  int status = deflate(&stream, Z_FINISH);
  out.resize(before + stream.total_out);
  deflateEnd(&stream);
  if (status != Z_STREAM_END) return fail(Code::unknown_server_error, "zlib did not finish");
  return {};
}

Result<void> gzip_members(z_stream& stream, size_t in_size, Buffer& out, size_t size_max) {
  size_t used = 0;
  while (true) {
    if (used == out.size()) make_room(out, used, in_size, size_max);
    stream.next_out = out.data() + used;
    stream.avail_out = static_cast<uInt>(out.size() - used);
    int status = inflate(&stream, Z_NO_FLUSH);
    used = out.size() - stream.avail_out;
    if (used > size_max) return too_much(size_max);
    if (status == Z_STREAM_END) {
      if (stream.avail_in == 0) break;
      inflateReset(&stream);
      continue;
    }
    bool wants_room = stream.avail_out == 0;
    if (status == Z_OK && (wants_room || stream.avail_in > 0)) continue;
    if (status == Z_BUF_ERROR && wants_room) continue;
    return damaged(stream.msg != nullptr ? stream.msg : "gzip stream is cut short");
  }
  out.resize(used);
  return {};
}

Result<void> gzip_decompress(Bytes in, Buffer& out, size_t size_max) {
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 16) != Z_OK) {
    return fail(Code::unknown_server_error, "zlib has no memory");
  }
  stream.next_in = const_cast<uint8_t*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  Result<void> done = gzip_members(stream, in.size(), out, size_max);
  inflateEnd(&stream);
  return done;
}

// snappy

constexpr std::array<uint8_t, 16> kXerialHeader = {0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0,
                                                   0,    0,   0,   1,   0,   0,   0,   1};
constexpr size_t kXerialMagicSize = 8;
constexpr size_t kXerialBlockSize = 32 * 1024;

bool is_xerial(Bytes in) {
  return in.size() >= kXerialHeader.size() &&
         equal(in.first(kXerialMagicSize), Bytes(kXerialHeader).first(kXerialMagicSize));
}

void snappy_compress(Bytes in, Buffer& out) {
  append(out, kXerialHeader);
  while (!in.empty()) {
    Bytes block = in.first(std::min(in.size(), kXerialBlockSize));
    size_t before = out.size();
    out.resize(before + 4 + snappy::MaxCompressedLength(block.size()));
    size_t size = 0;
    snappy::RawCompress(reinterpret_cast<const char*>(block.data()), block.size(),
                        reinterpret_cast<char*>(out.data() + before + 4), &size);
    store_big_endian(out.data() + before, static_cast<int32_t>(size));
    out.resize(before + 4 + size);
    in = in.subspan(block.size());
  }
}

Result<void> snappy_block(Bytes in, Buffer& out, size_t size_max) {
  size_t size = 0;
  auto* from = reinterpret_cast<const char*>(in.data());
  if (!snappy::GetUncompressedLength(from, in.size(), &size)) return damaged("snappy block size");
  // Three bytes of snappy make 64 at most, so a larger claim is a lie.
  if (size > in.size() * 22) return damaged("snappy block claims more than it can hold");
  if (size > size_max - out.size()) return too_much(size_max);
  size_t before = out.size();
  out.resize(before + size);
  if (!snappy::RawUncompress(from, in.size(), reinterpret_cast<char*>(out.data() + before))) {
    return damaged("snappy block");
  }
  return {};
}

Result<void> snappy_decompress(Bytes in, Buffer& out, size_t size_max) {
  out.clear();
  if (!is_xerial(in)) return snappy_block(in, out, size_max);
  while (!in.empty()) {
    if (is_xerial(in)) {  // at the start, and again where streams were put one behind the other
      in = in.subspan(kXerialHeader.size());
      continue;
    }
    if (in.size() < 4) return damaged("xerial block is cut short");
    auto size = load_big_endian<int32_t>(in.data());
    in = in.subspan(4);
    if (size < 0 || static_cast<size_t>(size) > in.size()) return damaged("xerial block size");
    Result<void> done = snappy_block(in.first(static_cast<size_t>(size)), out, size_max);
    if (!done) return done;
    in = in.subspan(static_cast<size_t>(size));
  }
  return {};
}

// lz4

Result<void> lz4_compress(Bytes in, Buffer& out, int level) {
  // Kafka's default, 9, is the fast compressor; its other levels are those of the high compressor.
  constexpr int kKafkaDefault = 9;
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.blockMode = LZ4F_blockIndependent;
  preferences.frameInfo.blockSizeID = LZ4F_max64KB;
  if (level != kDefaultLevel && level != kKafkaDefault) {
    constexpr int kHighMin = 3;  // liblz4 takes lower ones for the fast compressor
    preferences.compressionLevel = std::clamp(level, kHighMin, LZ4F_compressionLevel_max());
  }
  size_t before = out.size();
  out.resize(before + LZ4F_compressFrameBound(in.size(), &preferences));
  size_t size = LZ4F_compressFrame(out.data() + before, out.size() - before, in.data(), in.size(),
                                   &preferences);
  if (LZ4F_isError(size) != 0) {
    return fail(Code::unknown_server_error, text("lz4: ", LZ4F_getErrorName(size)));
  }
  out.resize(before + size);
  return {};
}

struct FreeLz4 {
  void operator()(LZ4F_dctx* context) const { LZ4F_freeDecompressionContext(context); }
};

Result<void> lz4_decompress(Bytes in, Buffer& out, size_t size_max) {
  LZ4F_dctx* made = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&made, LZ4F_VERSION)) != 0) {
    return fail(Code::unknown_server_error, "lz4 has no memory");
  }
  std::unique_ptr<LZ4F_dctx, FreeLz4> context(made);
  size_t in_size = in.size();
  size_t used = 0;
  while (true) {
    if (used == out.size()) make_room(out, used, in_size, size_max);
    size_t taken = in.size();
    size_t given = out.size() - used;
    size_t status =
        LZ4F_decompress(context.get(), out.data() + used, &given, in.data(), &taken, nullptr);
    if (LZ4F_isError(status) != 0) return damaged(LZ4F_getErrorName(status));
    in = in.subspan(taken);
    used += given;
    if (used > size_max) return too_much(size_max);
    if (status == 0) break;
    // Nothing left to take, and room that was not used: the frame ends too early.
    if (in.empty() && used < out.size()) return damaged("lz4 frame is cut short");
  }
  if (!in.empty()) return damaged("bytes follow the lz4 frame");
  out.resize(used);
  return {};
}

// zstd

struct FreeZstd {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

Result<void> zstd_compress(Bytes in, Buffer& out, int level) {
  // A context is a megabyte or more, hence one for a thread rather than one for a batch.
  thread_local std::unique_ptr<ZSTD_CCtx, FreeZstd> context(ZSTD_createCCtx());
  int level_known = level == kDefaultLevel
                        ? ZSTD_CLEVEL_DEFAULT
                        : std::clamp(level, ZSTD_minCLevel(), ZSTD_maxCLevel());
  size_t before = out.size();
  out.resize(before + ZSTD_compressBound(in.size()));
  size_t size = ZSTD_compressCCtx(context.get(), out.data() + before, out.size() - before,
                                  in.data(), in.size(), level_known);
  if (ZSTD_isError(size) != 0) {
    return fail(Code::unknown_server_error, text("zstd: ", ZSTD_getErrorName(size)));
  }
  out.resize(before + size);
  return {};
}

// Decompresses in one piece, with more room and again while it does not fit. A stream would need
// the window that the frame asks for, up to 128 MiB, whatever comes out of it.
Result<void> zstd_decompress(Bytes in, Buffer& out, size_t size_max) {
  thread_local std::unique_ptr<ZSTD_DCtx, FreeZstd> context(ZSTD_createDCtx());
  size_t room = std::max(in.size() * 8, size_t{64} * 1024);
  uint64_t claimed = ZSTD_getFrameContentSize(in.data(), in.size());
  // A claim is taken for a hint if it asks for no more than the next round would.
  bool is_hint = claimed != ZSTD_CONTENTSIZE_ERROR && claimed != ZSTD_CONTENTSIZE_UNKNOWN &&
                 claimed <= uint64_t{room} * 4;
  if (is_hint) room = static_cast<size_t>(claimed);
  while (true) {
    room = std::min(room, size_max);
    out.resize(room);
    size_t size = ZSTD_decompressDCtx(context.get(), out.data(), room, in.data(), in.size());
    if (ZSTD_isError(size) == 0) {
      out.resize(size);
      return {};
    }
    if (ZSTD_getErrorCode(size) != ZSTD_error_dstSize_tooSmall) {
      return damaged(ZSTD_getErrorName(size));
    }
    if (room == size_max) return too_much(size_max);
    room = room > size_max / 4 ? size_max : std::max(room, size_t{1024}) * 4;
  }
}

std::unexpected<Error> unknown_codec(Codec codec) {
  return fail(Code::unsupported_compression_type,
              text("no codec has the number ", static_cast<int>(codec)));
}

}  // namespace

Result<void> compress(Codec codec, Bytes in, Buffer& out, int level) {
  switch (codec) {
    case Codec::none: append(out, in); return {};
    case Codec::gzip: return gzip_compress(in, out, level);
    case Codec::snappy: snappy_compress(in, out); return {};
    case Codec::lz4: return lz4_compress(in, out, level);
    case Codec::zstd: return zstd_compress(in, out, level);
  }
  return unknown_codec(codec);
}

Result<void> decompress(Codec codec, Bytes in, Buffer& out, size_t size_max) {
  if (in.empty()) {
    out.clear();
    return {};
  }
  // zlib counts in 32 bits; no batch comes near.
  size_max = std::min(size_max, size_t{std::numeric_limits<int32_t>::max()} - 1);
  switch (codec) {
    case Codec::none:
      if (in.size() > size_max) return too_much(size_max);
      out.assign(in.begin(), in.end());
      return {};
    case Codec::gzip: return gzip_decompress(in, out, size_max);
    case Codec::snappy: return snappy_decompress(in, out, size_max);
    case Codec::lz4: return lz4_decompress(in, out, size_max);
    case Codec::zstd: return zstd_decompress(in, out, size_max);
  }
  return unknown_codec(codec);
}

}  // namespace eventd
