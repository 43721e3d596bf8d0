// SPDX-License-Identifier: Apache-2.0
// A file that is being written: gathers bytes, compresses them if asked, and writes at its end.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "lib/base/result.h"
#include "lib/cli/replay/file_codec.h"
#include "lib/log/disk.h"

namespace eventd {

class OutputFile {
 public:
  // What stands there is emptied first. The disk outlives it.
  static Result<std::unique_ptr<OutputFile>> create(Disk& disk, std::string path, FileCodec codec);

  // Where the next bytes go.
  std::string& buffer() { return buffer_; }
  // To be called after each record: writes if much has gathered.
  Result<void> record_done() { return buffer_.size() < kGathered ? Result<void>() : write_out(); }
  // Ends the frame of the compression, if one is open, and closes the file for now: the memory and
  // the descriptor go. The next write opens it again.
  Result<void> suspend();
  // suspend(), and all of it is on the disk, but for the entry in its folder.
  Result<void> finish();

  bool is_open() const { return file_ != nullptr; }
  Result<void> resume();
  // As it would be on the disk now; what is still in a compressor is not in it.
  uint64_t size_bytes() const { return size_ + (codec_ == FileCodec::none ? buffer_.size() : 0); }
  const std::string& path() const { return path_; }

 private:
  static constexpr size_t kGathered = 256 << 10;
  // The device writes while the next ones are gathered.
  static constexpr uint64_t kSyncAhead = 8 << 20;

  OutputFile(Disk& disk, std::string path, FileCodec codec)
      : disk_(disk), path_(std::move(path)), codec_(codec) {}
  Result<void> write_out();
  Result<void> put(Bytes bytes);
  Result<void> drain();

  Disk& disk_;
  const std::string path_;
  const FileCodec codec_;
  std::unique_ptr<File> file_;
  std::unique_ptr<Compressor> compressor_;
  std::string buffer_;
  Buffer compressed_;
  uint64_t size_ = 0;
  uint64_t on_its_way_ = 0;  // bytes that the device was told to write
  bool has_frame_ = false;
};

}  // namespace eventd
