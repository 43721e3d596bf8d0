// SPDX-License-Identifier: Apache-2.0
#include "lib/log/open_files.h"

#include <utility>

namespace eventd {

LazyFile::LazyFile(OpenFiles& files, std::string path) : files_(files), path_(std::move(path)) {}

LazyFile::~LazyFile() {
  std::lock_guard lock(files_.mutex_);
  if (file_) files_.recent_.erase(place_);
}

Result<std::shared_ptr<File>> LazyFile::get(bool make) {
  std::shared_ptr<File> closes;  // after the mutex is free
  std::lock_guard lock(files_.mutex_);
  if (file_) {
    files_.recent_.splice(files_.recent_.begin(), files_.recent_, place_);
    return file_;
  }
  Result<std::unique_ptr<File>> opened =
      files_.disk_.open(path_, make ? Open::create : Open::read_write);
  if (!opened) return pass(opened);
  file_ = std::move(*opened);
  files_.recent_.push_front(this);
  place_ = files_.recent_.begin();
  if (files_.recent_.size() > files_.open_max_) {
    closes = std::move(files_.recent_.back()->file_);
    files_.recent_.pop_back();
  }
  return file_;
}

std::string LazyFile::path() const {
  std::lock_guard lock(files_.mutex_);
  return path_;
}

Result<void> LazyFile::rename(const std::string& to) {
  std::lock_guard lock(files_.mutex_);
  Result<void> renamed = files_.disk_.rename(path_, to);
  if (renamed) path_ = to;
  return renamed;
}

size_t OpenFiles::open_count() const {
  std::lock_guard lock(mutex_);
  return recent_.size();
}

}  // namespace eventd
