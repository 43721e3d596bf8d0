// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/replay/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "lib/base/text.h"

namespace eventd {

Result<FolderLock> FolderLock::take(const std::string& folder) {
  FolderLock lock(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (lock.descriptor_ < 0) return fail_with_errno(errno, text("open ", folder));
  if (flock(lock.descriptor_, LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno != EWOULDBLOCK) return fail_with_errno(errno, text("lock ", folder));
  return fail(Code::bad_usage, text("another event-replay writes into ", folder));
}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace eventd
