// SPDX-License-Identifier: Apache-2.0
// A real disk of which a test chooses what fails, and what a power cut takes of the files.
#pragma once

#include <cerrno>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/text.h"
#include "lib/log/disk.h"

namespace eventd {

class FaultyDisk : public PosixDisk {
 public:
  enum class Act { open, write, sync };
  // An errno for what shall fail, else 0. May be changed at any time while nothing runs.
  std::function<int(Act act, const std::string& path)> fault;
  // Notes what a crash() could take back. Entries of directories last at once.
  bool may_crash = false;

  // A power cut, while no file is open for writing: of each file a random number of the writes
  // since its last sync stay, the last of them perhaps in part.
  void crash(std::mt19937_64& random) {
    for (auto& [path, writes] : unsynced_) {
      size_t kept = random() % (writes.size() + 1);
      Result<std::unique_ptr<File>> file = PosixDisk::open(path, Open::read_write);
      if (!file) continue;  // renamed or removed since
      for (size_t i = writes.size(); i > kept; i--) undo(**file, writes[i - 1]);
      if (kept > 0 && random() % 2 == 0) {
        uint64_t size = *(*file)->size_bytes();
        uint64_t before = writes[kept - 1].size_before;
        if (size > before) (void)(*file)->truncate(before + random() % (size - before));
      }
    }
    unsynced_.clear();
  }

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
      disk_.note(path_, *file_, position, bytes.size());
      if (allowed) return file_->write_at(position, bytes);
      // Some of it is written before the disk is full.
      (void)file_->write_at(position, bytes.first(bytes.size() / 2));
      return allowed;
    }
    Result<void> truncate(uint64_t size_bytes) override { return file_->truncate(size_bytes); }
    Result<uint64_t> size_bytes() override { return file_->size_bytes(); }
    Result<void> sync() override {
      Result<void> allowed = disk_.allow(Act::sync, path_);
      if (!allowed) return allowed;
      disk_.unsynced_.erase(path_);
      return file_->sync();
    }
    void drop_cache(uint64_t from) override { file_->drop_cache(from); }
    Result<void> lock() override { return file_->lock(); }
    int descriptor() const override { return file_->descriptor(); }

   private:
    FaultyDisk& disk_;
    const std::string path_;
    const std::unique_ptr<File> file_;
  };

  struct Write {
    uint64_t position;
    uint64_t size_before;
    Buffer before;
  };

  void note(const std::string& path, File& file, uint64_t position, size_t size) {
    if (!may_crash) return;
    Write write{position, *file.size_bytes(), Buffer(size)};
    write.before.resize(*file.read_at(position, write.before));
    unsynced_[path].push_back(std::move(write));
  }
  static void undo(File& file, const Write& write) {
    (void)file.write_at(write.position, write.before);
    (void)file.truncate(write.size_before);
  }

  Result<void> allow(Act act, const std::string& path) {
    int error = fault ? fault(act, path) : 0;
    if (error == 0) return {};
    return fail_with_errno(error, text("test fault on ", path));
  }

  std::map<std::string, std::vector<Write>> unsynced_;
};

}  // namespace eventd
