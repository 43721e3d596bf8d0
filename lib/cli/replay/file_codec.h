// SPDX-License-Identifier: Apache-2.0
// Compressed files, by the ending of their names: .gz, .zst, .lz4. What is written is one frame (or
// member) or several, one behind the other; as gzip, zstd and lz4 read and write them.
#pragma once

#include <memory>
#include <string_view>

#include "lib/base/bytes.h"
#include "lib/base/result.h"

namespace eventd {

enum class FileCodec { none, gzip, zstd, lz4 };

FileCodec codec_of_file(std::string_view path);
// "a.jsonl" of "a.jsonl.zst".
std::string_view without_codec(std::string_view path);

class Compressor {
 public:
  // Null where nothing is compressed.
  static std::unique_ptr<Compressor> make(FileCodec codec);
  virtual ~Compressor() = default;
  // Appends to `out` what has become of `in` so far. Begins a frame where none is open.
  virtual Result<void> add(Bytes in, Buffer& out) = 0;
  // Ends the frame.
  virtual Result<void> end_frame(Buffer& out) = 0;
};

class Decompressor {
 public:
  // Null where nothing is compressed.
  static std::unique_ptr<Decompressor> make(FileCodec codec);
  virtual ~Decompressor() = default;
  // Takes from the front of `in` and fills `out`: how much. bad_data if `in` is damaged. Foreign
  // input: memory is bounded by the caller's `out` and the codec's window.
  virtual Result<size_t> step(Bytes& in, MutableBytes out) = 0;
  // False where the input must not end.
  virtual bool between_frames() const = 0;
};

}  // namespace eventd
