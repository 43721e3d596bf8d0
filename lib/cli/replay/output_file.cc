// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/replay/output_file.h"

namespace eventd {

Result<std::unique_ptr<OutputFile>> OutputFile::create(Disk& disk, std::string path,
                                                       FileCodec codec) {
  std::unique_ptr<OutputFile> made(new OutputFile(disk, std::move(path), codec));
  Result<std::unique_ptr<File>> file = disk.open(made->path_, Open::create);
  if (!file) return pass(file);
  made->file_ = std::move(*file);
  Result<void> emptied = made->file_->truncate(0);
  if (!emptied) return pass(emptied);
  return made;
}

Result<void> OutputFile::resume() {
  if (!file_) {
    Result<std::unique_ptr<File>> file = disk_.open(path_, Open::read_write);
    if (!file) return pass(file);
    file_ = std::move(*file);
  }
  if (!compressor_) compressor_ = Compressor::make(codec_);
  return {};
}

Result<void> OutputFile::put(Bytes bytes) {
  Result<void> written = file_->write_at(size_, bytes);
  if (!written) return written;
  size_ += bytes.size();
  if (size_ - on_its_way_ < kSyncAhead) return written;
  file_->start_sync(on_its_way_, size_ - on_its_way_);
  on_its_way_ = size_;
  return written;
}

Result<void> OutputFile::write_out() {
  Result<void> done = resume();
  if (!done) return done;
  if (codec_ == FileCodec::none) {
    done = put(bytes_of(buffer_));
  } else {
    has_frame_ = true;
    compressed_.clear();
    done = compressor_->add(bytes_of(buffer_), compressed_);
    if (done) done = put(compressed_);
  }
  buffer_.clear();
  return done;
}

// All that was gathered is in the file, as whole frames.
Result<void> OutputFile::drain() {
  Result<void> done;
  // An empty file of a codec has a frame too.
  if (!buffer_.empty() || (codec_ != FileCodec::none && size_ == 0)) done = write_out();
  if (done && has_frame_) {
    compressed_.clear();
    done = compressor_->end_frame(compressed_);
    if (done) done = put(compressed_);
    has_frame_ = false;
  }
  return done;
}

Result<void> OutputFile::suspend() {
  Result<void> done = drain();
  file_.reset();
  compressor_.reset();
  buffer_ = {};
  compressed_ = {};
  return done;
}

Result<void> OutputFile::finish() {
  Result<void> done = drain();
  if (done) done = resume();
  if (done) done = file_->sync();
  file_.reset();
  compressor_.reset();
  buffer_ = {};
  compressed_ = {};
  return done;
}

}  // namespace eventd
