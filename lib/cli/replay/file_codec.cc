// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/replay/file_codec.h"

#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>

#include "lib/base/text.h"

namespace eventd {

namespace {

constexpr int kGzipWindow = 15 + 16;
constexpr size_t kPiece = 64 << 10;

std::unexpected<Error> damaged(std::string_view what) {
  return fail(Code::bad_data, text("cannot decompress: ", what));
}
std::unexpected<Error> failed(std::string_view what) {
  return fail(Code::unknown_server_error, text("cannot compress: ", what));
}

class GzipCompressor : public Compressor {
 public:
  GzipCompressor() {
    ready_ = deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, 8,
                          Z_DEFAULT_STRATEGY) == Z_OK;
  }
  ~GzipCompressor() override { deflateEnd(&stream_); }

  Result<void> add(Bytes in, Buffer& out) override { return pump(in, out, Z_NO_FLUSH); }
  Result<void> end_frame(Buffer& out) override {
    Result<void> done = pump({}, out, Z_FINISH);
    deflateReset(&stream_);
    return done;
  }

 private:
  Result<void> pump(Bytes in, Buffer& out, int flush) {
    if (!ready_) return failed("zlib has no memory");
    do {
      Bytes piece = in.first(std::min(in.size(), kPiece));
      in = in.subspan(piece.size());
      stream_.next_in = const_cast<uint8_t*>(piece.data());
      stream_.avail_in = static_cast<uInt>(piece.size());
      do {
        size_t before = out.size();
        out.resize(before + kPiece);
        stream_.next_out = out.data() + before;
        stream_.avail_out = kPiece;
        int status = deflate(&stream_, flush);
        out.resize(before + kPiece - stream_.avail_out);
        if (status == Z_STREAM_ERROR) return failed("zlib");
      } while (stream_.avail_out == 0);
    } while (!in.empty());
    return {};
  }

  z_stream stream_{};
  bool ready_ = false;
};

class ZstdCompressor : public Compressor {
 public:
  ZstdCompressor() : context_(ZSTD_createCCtx()) {
    ZSTD_CCtx_setParameter(context_, ZSTD_c_checksumFlag, 1);
  }
  ~ZstdCompressor() override { ZSTD_freeCCtx(context_); }

  Result<void> add(Bytes in, Buffer& out) override { return pump(in, out, ZSTD_e_continue); }
  Result<void> end_frame(Buffer& out) override { return pump({}, out, ZSTD_e_end); }

 private:
  Result<void> pump(Bytes bytes, Buffer& out, ZSTD_EndDirective how) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    while (true) {
      size_t before = out.size();
      out.resize(before + kPiece);
      ZSTD_outBuffer room{out.data() + before, kPiece, 0};
      size_t left = ZSTD_compressStream2(context_, &room, &in, how);
      out.resize(before + room.pos);
      if (ZSTD_isError(left) != 0) return failed(ZSTD_getErrorName(left));
      bool is_done = how == ZSTD_e_end ? left == 0 : in.pos == in.size;
      if (is_done) return {};
    }
  }

  ZSTD_CCtx* context_;
};

class Lz4Compressor : public Compressor {
 public:
  Lz4Compressor() {
    ready_ = LZ4F_isError(LZ4F_createCompressionContext(&context_, LZ4F_VERSION)) == 0;
    preferences_.frameInfo.blockSizeID = LZ4F_max256KB;
    preferences_.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
  }
  ~Lz4Compressor() override { LZ4F_freeCompressionContext(context_); }

  Result<void> add(Bytes in, Buffer& out) override {
    Result<void> begun = begin(out);
    while (begun && !in.empty()) {
      Bytes piece = in.first(std::min(in.size(), kPiece));
      in = in.subspan(piece.size());
      begun = take(out, LZ4F_compressBound(piece.size(), &preferences_), [&](MutableBytes room) {
        return LZ4F_compressUpdate(context_, room.data(), room.size(), piece.data(), piece.size(),
                                   nullptr);
      });
    }
    return begun;
  }
  Result<void> end_frame(Buffer& out) override {
    Result<void> begun = begin(out);  // an empty frame is a frame
    if (!begun) return begun;
    in_frame_ = false;
    return take(out, LZ4F_compressBound(0, &preferences_), [&](MutableBytes room) {
      return LZ4F_compressEnd(context_, room.data(), room.size(), nullptr);
    });
  }

 private:
  Result<void> begin(Buffer& out) {
    if (!ready_) return failed("lz4 has no memory");
    if (in_frame_) return {};
    in_frame_ = true;
    return take(out, LZ4F_HEADER_SIZE_MAX, [&](MutableBytes room) {
      return LZ4F_compressBegin(context_, room.data(), room.size(), &preferences_);
    });
  }
  template <class Write>
  static Result<void> take(Buffer& out, size_t room, Write write) {
    size_t before = out.size();
    out.resize(before + room);
    size_t size = write(MutableBytes(out).subspan(before));
    bool is_wrong = LZ4F_isError(size) != 0;
    out.resize(before + (is_wrong ? 0 : size));
    if (is_wrong) return failed(LZ4F_getErrorName(size));
    return {};
  }

  LZ4F_cctx* context_ = nullptr;
  LZ4F_preferences_t preferences_{};
  bool ready_ = false;
  bool in_frame_ = false;
};

class GzipDecompressor : public Decompressor {
 public:
  GzipDecompressor() { ready_ = inflateInit2(&stream_, kGzipWindow) == Z_OK; }
  ~GzipDecompressor() override { inflateEnd(&stream_); }

  Result<size_t> step(Bytes& in, MutableBytes out) override {
    if (!ready_) return damaged("zlib has no memory");
    Bytes piece = in.first(std::min(in.size(), kPiece));
    MutableBytes room = out.first(std::min(out.size(), kPiece));
    stream_.next_in = const_cast<uint8_t*>(piece.data());
    stream_.avail_in = static_cast<uInt>(piece.size());
    stream_.next_out = room.data();
    stream_.avail_out = static_cast<uInt>(room.size());
    if (!piece.empty()) between_ = false;
    int status = inflate(&stream_, Z_NO_FLUSH);
    in = in.subspan(piece.size() - stream_.avail_in);
    if (status == Z_STREAM_END) {
      between_ = true;
      inflateReset(&stream_);
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      return damaged(stream_.msg != nullptr ? stream_.msg : "gzip");
    }
    return room.size() - stream_.avail_out;
  }
  bool between_frames() const override { return between_; }

 private:
  z_stream stream_{};
  bool ready_ = false;
  bool between_ = true;
};

class ZstdDecompressor : public Decompressor {
 public:
  ZstdDecompressor() : context_(ZSTD_createDCtx()) {}
  ~ZstdDecompressor() override { ZSTD_freeDCtx(context_); }

  Result<size_t> step(Bytes& in, MutableBytes out) override {
    ZSTD_inBuffer from{in.data(), in.size(), 0};
    ZSTD_outBuffer room{out.data(), out.size(), 0};
    size_t status = ZSTD_decompressStream(context_, &room, &from);
    if (ZSTD_isError(status) != 0) return damaged(ZSTD_getErrorName(status));
    if (from.pos > 0 || room.pos > 0) between_ = status == 0;
    in = in.subspan(from.pos);
    return room.pos;
  }
  bool between_frames() const override { return between_; }

 private:
  ZSTD_DCtx* context_;
  bool between_ = true;
};

class Lz4Decompressor : public Decompressor {
 public:
  Lz4Decompressor() {
    ready_ = LZ4F_isError(LZ4F_createDecompressionContext(&context_, LZ4F_VERSION)) == 0;
  }
  ~Lz4Decompressor() override { LZ4F_freeDecompressionContext(context_); }

  Result<size_t> step(Bytes& in, MutableBytes out) override {
    if (!ready_) return damaged("lz4 has no memory");
    size_t taken = in.size();
    size_t given = out.size();
    size_t status = LZ4F_decompress(context_, out.data(), &given, in.data(), &taken, nullptr);
    if (LZ4F_isError(status) != 0) return damaged(LZ4F_getErrorName(status));
    if (taken > 0 || given > 0) between_ = status == 0;
    in = in.subspan(taken);
    return given;
  }
  bool between_frames() const override { return between_; }

 private:
  LZ4F_dctx* context_ = nullptr;
  bool ready_ = false;
  bool between_ = true;
};

}  // namespace

FileCodec codec_of_file(std::string_view path) {
  if (path.ends_with(".gz")) return FileCodec::gzip;
  if (path.ends_with(".zst")) return FileCodec::zstd;
  if (path.ends_with(".lz4")) return FileCodec::lz4;
  return FileCodec::none;
}

std::string_view without_codec(std::string_view path) {
  return codec_of_file(path) == FileCodec::none ? path : path.substr(0, path.rfind('.'));
}

std::unique_ptr<Compressor> Compressor::make(FileCodec codec) {
  switch (codec) {
    case FileCodec::none:
      break;
    case FileCodec::gzip:
      return std::make_unique<GzipCompressor>();
    case FileCodec::zstd:
      return std::make_unique<ZstdCompressor>();
    case FileCodec::lz4:
      return std::make_unique<Lz4Compressor>();
  }
  return nullptr;
}

std::unique_ptr<Decompressor> Decompressor::make(FileCodec codec) {
  switch (codec) {
    case FileCodec::none:
      break;
    case FileCodec::gzip:
      return std::make_unique<GzipDecompressor>();
    case FileCodec::zstd:
      return std::make_unique<ZstdDecompressor>();
    case FileCodec::lz4:
      return std::make_unique<Lz4Decompressor>();
  }
  return nullptr;
}

}  // namespace eventd
