// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/own_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/text.h"

namespace eventd {

namespace {

constexpr std::string_view kPrefix = "eventd-run-";
constexpr const char* kOwner = "/.owner";
constexpr std::chrono::minutes kMakingMax{1};

std::string temporary_directory() {
  const char* given = std::getenv("TMPDIR");
  return given != nullptr && *given != '\0' ? given : "/tmp";
}

void remove_all(const std::string& path) {
  std::error_code ignored;  // whatever is left is in TMPDIR
  std::filesystem::remove_all(path, ignored);
}

// Whether it is a folder of this user, and no link to one.
bool is_ours(const std::string& path, struct stat& status) {
  return lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
         status.st_uid == geteuid();
}

bool is_abandoned(Disk& disk, const std::string& path) {
  struct stat status{};
  if (!is_ours(path, status)) return false;
  Result<std::unique_ptr<File>> owner = disk.open(path + kOwner, Open::read_write);
  if (owner) return (*owner)->lock().has_value();
  int64_t age_s = wall_now().ms / 1000 - status.st_mtim.tv_sec;
  return owner.error().code == Code::not_found && age_s > std::chrono::seconds(kMakingMax).count();
}

void remove_abandoned(Disk& disk, const std::string& directory) {
  Result<std::vector<DirectoryEntry>> entries = disk.list(directory);
  if (!entries) return;  // making a folder there will say why
  for (const DirectoryEntry& entry : *entries) {
    std::string path = text(directory, "/", entry.name);
    if (entry.name.starts_with(kPrefix) && is_abandoned(disk, path)) remove_all(path);
  }
}

}  // namespace

Result<std::unique_ptr<OwnFolder>> OwnFolder::make() {
  PosixDisk disk;
  std::string directory = temporary_directory();
  remove_abandoned(disk, directory);
  std::string path = text(directory, "/", kPrefix, "XXXXXX");
  if (mkdtemp(path.data()) == nullptr) {
    return fail_with_errno(errno, text("make a folder in ", directory));
  }
  std::unique_ptr<OwnFolder> folder(new OwnFolder(path));
  // Locked before it has its name: who sees it unlocked knows that nobody lives there.
  std::string making = text(path, kOwner, ".new");
  Result<std::unique_ptr<File>> lock = disk.open(making, Open::create);
  if (!lock) return pass(lock);
  Result<void> done = (*lock)->lock();
  if (done) done = disk.rename(making, path + kOwner);
  if (!done) return pass(done);
  folder->lock_ = std::move(*lock);
  return folder;
}

OwnFolder::~OwnFolder() { remove_all(path_); }

}  // namespace eventd
