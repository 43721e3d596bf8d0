// SPDX-License-Identifier: Apache-2.0
// A bound on the files that logs hold open: ten thousand partitions are no ten thousand
// descriptors.
//
// The file that was used longest ago loses its reference; it closes when the last reader of it is
// done. Any thread.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "lib/log/disk.h"

namespace eventd {

class OpenFiles;

// A file that is opened when it is needed. Must not outlive its OpenFiles.
class LazyFile {
 public:
  LazyFile(OpenFiles& files, std::string path);
  ~LazyFile();
  LazyFile(const LazyFile&) = delete;
  LazyFile& operator=(const LazyFile&) = delete;

  // Opens it for reading and writing; `make` creates it.
  Result<std::shared_ptr<File>> get(bool make = false);
  std::string path() const;
  // Renames the file on its disk.
  Result<void> rename(const std::string& to);

 private:
  friend class OpenFiles;
  OpenFiles& files_;
  // All below under the mutex of files_.
  std::string path_;
  std::shared_ptr<File> file_;  // shared with readers, who may outlive the reference here
  std::list<LazyFile*>::iterator place_;
};

class OpenFiles {
 public:
  OpenFiles(Disk& disk, size_t open_max) : disk_(disk), open_max_(open_max) {}
  Disk& disk() { return disk_; }
  size_t open_count() const;

 private:
  friend class LazyFile;
  Disk& disk_;
  const size_t open_max_;
  mutable std::mutex mutex_;
  std::list<LazyFile*> recent_;  // those that hold a file, the most recently used first
};

}  // namespace eventd
