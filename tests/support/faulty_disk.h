// SPDX-License-Identifier: Apache-2.0
// A real disk of which a test chooses what fails.
#pragma once

#include <cerrno>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "lib/base/text.h"
#include "lib/log/disk.h"

namespace eventd {

class FaultyDisk : public PosixDisk {
 public:
  enum class Act { open, write, sync };
  // An errno for what shall fail, else 0. May be changed at any time while nothing runs.
  std::function<int(Act act, const std::string& path)> fault;

  Result<std::unique_ptr<File>> open(const std::string& path, Open how) override {
    Result<void> allowed = allow(Act::open, path);
    if (how == Open::create && !allowed) return pass(allowed);
    Result<std::unique_ptr<File>> file = PosixDisk::open(path, how);
    if (!file) return file;
    return std::make_unique<Faulty>(*this, path, std::move(*file));
  }

 private:
  class Faulty : public File {
   public:
    Faulty(FaultyDisk& disk, std::string path, std::unique_ptr<File> file)
        : disk_(disk), path_(std::move(path)), file_(std::move(file)) {}
    Result<size_t> read_at(uint64_t position, MutableBytes into) override {
      return file_->read_at(position, into);
    }
    Result<std::optional<size_t>> read_resident(uint64_t position, MutableBytes into) override {
      return file_->read_resident(position, into);
    }
    Result<void> write_at(uint64_t position, Bytes bytes) override {
      Result<void> allowed = disk_.allow(Act::write, path_);
      if (allowed) return file_->write_at(position, bytes);
      // Some of it is written before the disk is full.
      (void)file_->write_at(position, bytes.first(bytes.size() / 2));
      return allowed;
    }
    Result<void> truncate(uint64_t size_bytes) override { return file_->truncate(size_bytes); }
    Result<uint64_t> size_bytes() override { return file_->size_bytes(); }
    Result<void> sync() override {
      Result<void> allowed = disk_.allow(Act::sync, path_);
      return allowed ? file_->sync() : allowed;
    }
    void drop_cache() override { file_->drop_cache(); }
    Result<void> lock() override { return file_->lock(); }
    int descriptor() const override { return file_->descriptor(); }

   private:
    FaultyDisk& disk_;
    const std::string path_;
    const std::unique_ptr<File> file_;
  };

  Result<void> allow(Act act, const std::string& path) {
    int error = fault ? fault(act, path) : 0;
    if (error == 0) return {};
    return fail_with_errno(error, text("test fault on ", path));
  }
};

}  // namespace eventd
