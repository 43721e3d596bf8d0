// SPDX-License-Identifier: Apache-2.0
// One run at a time in a folder: a lock on the folder itself, which leaves nothing behind.
#pragma once

#include <string>
#include <utility>

#include "lib/base/result.h"

namespace eventd {

class FolderLock {
 public:
  // bad_usage if another process has it. Ends with this object, or the process.
  static Result<FolderLock> take(const std::string& folder);
  FolderLock(FolderLock&& from) noexcept : descriptor_(std::exchange(from.descriptor_, -1)) {}
  FolderLock& operator=(FolderLock&& from) noexcept {
    std::swap(descriptor_, from.descriptor_);
    return *this;
  }
  ~FolderLock();

 private:
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
};

}  // namespace eventd
