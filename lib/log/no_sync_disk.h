// SPDX-License-Identifier: Apache-2.0
// Another disk, without its syncs: for a broker whose files nobody will want after a power cut.
#pragma once

#include <memory>
#include <utility>

#include "lib/log/disk.h"

namespace eventd {

class NoSyncFile : public File {
 public:
  explicit NoSyncFile(std::unique_ptr<File> file) : file_(std::move(file)) {}
  Result<size_t> read_at(uint64_t position, MutableBytes into) override {
    return file_->read_at(position, into);
  }
  Result<std::optional<size_t>> read_resident(uint64_t position, MutableBytes into) override {
    return file_->read_resident(position, into);
  }
  Result<bool> is_resident(uint64_t position, uint64_t size) override {
    return file_->is_resident(position, size);
  }
  Result<void> write_at(uint64_t position, Bytes bytes) override {
    return file_->write_at(position, bytes);
  }
  Result<void> truncate(uint64_t size_bytes) override { return file_->truncate(size_bytes); }
  Result<uint64_t> size_bytes() override { return file_->size_bytes(); }
  Result<void> sync() override { return {}; }
  void drop_cache(uint64_t) override {}
  Result<void> lock() override { return file_->lock(); }
  int descriptor() const override { return file_->descriptor(); }

 private:
  const std::unique_ptr<File> file_;
};

// The other disk outlives this one.
class NoSyncDisk : public Disk {
 public:
  explicit NoSyncDisk(Disk& disk) : disk_(disk) {}
  Result<std::unique_ptr<File>> open(const std::string& path, Open how) override {
    Result<std::unique_ptr<File>> file = disk_.open(path, how);
    if (!file) return file;
    return std::make_unique<NoSyncFile>(std::move(*file));
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    return disk_.rename(from, to);
  }
  Result<void> remove_file(const std::string& path) override { return disk_.remove_file(path); }
  Result<void> remove_tree(const std::string& path) override { return disk_.remove_tree(path); }
  Result<void> make_directory(const std::string& path) override {
    return disk_.make_directory(path);
  }
  Result<void> sync_directory(const std::string&) override { return {}; }
  Result<std::vector<DirectoryEntry>> list(const std::string& path) override {
    return disk_.list(path);
  }
  Result<bool> exists(const std::string& path) override { return disk_.exists(path); }
  Result<uint64_t> file_size(const std::string& path) override { return disk_.file_size(path); }
  Result<WallTime> modified(const std::string& path) override { return disk_.modified(path); }
  Result<DiskSpace> space(const std::string& path) override { return disk_.space(path); }

 private:
  Disk& disk_;
};

}  // namespace eventd
