// SPDX-License-Identifier: Apache-2.0
// A folder in $TMPDIR for as long as this process lives.
//
//   eventd-run-XXXXXX/     .owner   locked by the process that made the folder
//                          data     the broker's
//
// Who is killed with -9 cannot remove its folder: the next one does, for every folder of the same
// user whose owner is gone. A folder without .owner is being made, or its maker was killed just
// then: it goes once it is a minute old.
#pragma once

#include <memory>
#include <string>

#include "lib/base/result.h"
#include "lib/log/disk.h"

namespace eventd {

class OwnFolder {
 public:
  // Also removes what earlier ones left behind.
  static Result<std::unique_ptr<OwnFolder>> make();
  // Removes it with its contents.
  ~OwnFolder();
  OwnFolder(const OwnFolder&) = delete;
  OwnFolder& operator=(const OwnFolder&) = delete;

  std::string data_dir() const { return path_ + "/data"; }

 private:
  explicit OwnFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
  std::unique_ptr<File> lock_;
};

}  // namespace eventd
