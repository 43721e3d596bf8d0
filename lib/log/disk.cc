// SPDX-License-Identifier: Apache-2.0
#include "lib/log/disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "lib/base/logger.h"
#include "lib/base/text.h"

namespace eventd {

namespace {

constexpr uint64_t kCopiedToSee = 32 << 10;
constexpr const char* kTemporarySuffix = ".tmp";

class PosixFile : public File {
 public:
  PosixFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  ~PosixFile() override { close(descriptor_); }

  Result<size_t> read_at(uint64_t position, MutableBytes into) override {
    size_t done = 0;
    while (done < into.size()) {
      ssize_t got = pread(descriptor_, into.data() + done, into.size() - done,
                          static_cast<off_t>(position + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return failed("read");
      if (got == 0) break;
      done += static_cast<size_t>(got);
    }
    return done;
  }

  Result<std::optional<size_t>> read_resident(uint64_t position, MutableBytes into) override {
    iovec room{into.data(), into.size()};
    ssize_t got = preadv2(descriptor_, &room, 1, static_cast<off_t>(position), RWF_NOWAIT);
    if (got >= 0) return std::optional<size_t>(static_cast<size_t>(got));
    if (errno == EAGAIN || errno == EINTR) return std::optional<size_t>();
    if (errno == EOPNOTSUPP) {
      // A file system that cannot tell: reading is all there is.
      Result<size_t> read = read_at(position, into);
      if (!read) return pass(read);
      return std::optional<size_t>(*read);
    }
    return failed("read");
  }

  // A small range is read and forgotten. For a large one mincore() is asked about a mapping that
  // nobody touches, and that can therefore raise no SIGBUS.
  Result<bool> is_resident(uint64_t position, uint64_t size) override {
    if (size <= kCopiedToSee) return File::is_resident(position, size);
    uint64_t page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
    uint64_t first = position / page * page;
    auto length = static_cast<size_t>(position + size - first);
    auto at = static_cast<off_t>(first);
    void* map = mmap(nullptr, length, PROT_NONE, MAP_SHARED, descriptor_, at);
    if (map == MAP_FAILED) return failed("map");
    std::vector<unsigned char> pages((length + page - 1) / page);
    int status = mincore(map, length, pages.data());
    int error = errno;
    munmap(map, length);
    if (status != 0) return fail_with_errno(error, text("look for pages of ", path_));
    return std::ranges::all_of(pages, [](unsigned char flags) { return (flags & 1) != 0; });
  }

  Result<void> write_at(uint64_t position, Bytes bytes) override {
    while (!bytes.empty()) {
      ssize_t put = pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(position));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return failed("write");
      if (put == 0) return fail(Code::disk_full, text("write ", path_, ": nothing was taken"));
      bytes = bytes.subspan(static_cast<size_t>(put));
      position += static_cast<uint64_t>(put);
    }
    return {};
  }

  Result<void> truncate(uint64_t size_bytes) override {
    if (ftruncate(descriptor_, static_cast<off_t>(size_bytes)) != 0) return failed("truncate");
    return {};
  }

  Result<uint64_t> size_bytes() override {
    struct stat status{};
    if (fstat(descriptor_, &status) != 0) return failed("stat");
    return static_cast<uint64_t>(status.st_size);
  }

  Result<void> sync() override {
    if (fdatasync(descriptor_) != 0) return failed("sync");
    return {};
  }

  void start_sync(uint64_t position, uint64_t size) override {
    sync_file_range(descriptor_, static_cast<off_t>(position), static_cast<off_t>(size),
                    SYNC_FILE_RANGE_WRITE);
  }

  void drop_cache(uint64_t from) override {
    posix_fadvise(descriptor_, static_cast<off_t>(from), 0, POSIX_FADV_DONTNEED);
  }

  Result<void> lock() override {
    struct flock whole{};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    if (fcntl(descriptor_, F_OFD_SETLK, &whole) == 0) return {};
    if (errno != EAGAIN && errno != EACCES) return failed("lock");
    return fail(Code::in_use, text(path_, " is locked by another process"));
  }

  int descriptor() const override { return descriptor_; }

 private:
  std::unexpected<Error> failed(std::string_view what) const {
    return fail_with_errno(errno, text(what, " ", path_));
  }

  const int descriptor_;
  const std::string path_;
};

std::unexpected<Error> failed(std::string_view what, const std::string& path) {
  return fail_with_errno(errno, text(what, " ", path));
}

std::unexpected<Error> failed(const std::error_code& error, std::string_view what,
                              const std::string& path) {
  return fail_with_errno(error.value(), text(what, " ", path));
}

}  // namespace

Result<bool> File::is_resident(uint64_t position, uint64_t size) {
  uint8_t scratch[kCopiedToSee];
  while (size > 0) {
    MutableBytes room = MutableBytes(scratch).first(std::min<uint64_t>(size, sizeof scratch));
    Result<std::optional<size_t>> got = read_resident(position, room);
    if (!got) return pass(got);
    if (!*got) return false;
    if (**got == 0) return true;  // nothing stands there: there is nothing to wait for
    position += **got;
    size -= **got;
  }
  return true;
}

Result<std::unique_ptr<File>> PosixDisk::open(const std::string& path, Open how) {
  int flags = O_CLOEXEC | (how == Open::read ? O_RDONLY : O_RDWR);
  if (how == Open::create) flags |= O_CREAT;
  int descriptor = ::open(path.c_str(), flags, 0644);
  if (descriptor < 0) return failed("open", path);
  return std::make_unique<PosixFile>(descriptor, path);
}

Result<void> PosixDisk::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return failed("rename", text(from, " to ", to));
  return {};
}

Result<void> PosixDisk::remove_file(const std::string& path) {
  if (unlink(path.c_str()) != 0) return failed("remove", path);
  return {};
}

Result<void> PosixDisk::remove_tree(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) return failed(error, "remove", path);
  return {};
}

Result<void> PosixDisk::make_directory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return failed(error, "make the directory", path);
  return {};
}

Result<void> PosixDisk::sync_directory(const std::string& path) {
  int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return failed("open", path);
  int status = fsync(descriptor);
  int error = errno;
  close(descriptor);
  if (status != 0) return fail_with_errno(error, text("sync ", path));
  return {};
}

Result<std::vector<DirectoryEntry>> PosixDisk::list(const std::string& path) {
  DIR* directory = opendir(path.c_str());
  if (directory == nullptr) return failed("list", path);
  std::vector<DirectoryEntry> entries;
  while (const dirent* entry = readdir(directory)) {
    std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    bool is_directory = entry->d_type == DT_DIR;
    if (entry->d_type == DT_UNKNOWN) {
      is_directory = std::filesystem::is_directory(text(path, "/", name));
    }
    entries.push_back({std::move(name), is_directory});
  }
  closedir(directory);
  return entries;
}

Result<bool> PosixDisk::exists(const std::string& path) {
  if (access(path.c_str(), F_OK) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return failed("look at", path);
}

Result<uint64_t> PosixDisk::file_size(const std::string& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return failed("stat", path);
  return static_cast<uint64_t>(status.st_size);
}

Result<WallTime> PosixDisk::modified(const std::string& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return failed("stat", path);
  return WallTime{int64_t{status.st_mtim.tv_sec} * 1000 + status.st_mtim.tv_nsec / 1'000'000};
}

Result<DiskSpace> PosixDisk::space(const std::string& path) {
  struct statvfs status{};
  if (statvfs(path.c_str(), &status) != 0) return failed("stat the file system of", path);
  uint64_t block = status.f_frsize;
  return DiskSpace{status.f_blocks * block, status.f_bavail * block};
}

Result<Buffer> read_file(Disk& disk, const std::string& path, size_t size_max) {
  Result<std::unique_ptr<File>> file = disk.open(path, Open::read);
  if (!file) return pass(file);
  Result<uint64_t> size = (*file)->size_bytes();
  if (!size) return pass(size);
  if (*size > size_max) {
    return fail(Code::too_large,
                text(path, " has ", *size, " bytes; at most ", size_max, " are expected"));
  }
  Buffer contents(*size);
  Result<size_t> got = (*file)->read_at(0, contents);
  if (!got) return pass(got);
  contents.resize(*got);
  return contents;
}

Result<void> replace_file(Disk& disk, const std::string& path, Bytes contents) {
  Result<void> done = write_aside(disk, path, contents);
  if (done) done = put_in_place(disk, path);
  if (!done) return done;
  return disk.sync_directory(parent_of(path));
}

Result<void> write_aside(Disk& disk, const std::string& path, Bytes contents) {
  std::string temporary = text(path, kTemporarySuffix);
  Result<std::unique_ptr<File>> file = disk.open(temporary, Open::create);
  if (!file) return pass(file);
  Result<void> done = (*file)->truncate(0);
  if (done) done = (*file)->write_at(0, contents);
  if (done) return done;
  // The error that counts is the first.
  if (Result<void> gone = disk.remove_file(temporary); !gone) log_warning(gone.error().message);
  return done;
}

Result<void> put_in_place(Disk& disk, const std::string& path) {
  std::string temporary = text(path, kTemporarySuffix);
  {
    Result<std::unique_ptr<File>> file = disk.open(temporary, Open::read_write);
    if (!file) return pass(file);
    Result<void> synced = (*file)->sync();
    if (!synced) return synced;
  }
  return disk.rename(temporary, path);
}

Result<void> make_directory_durably(Disk& disk, const std::string& path) {
  std::vector<std::string> missing;
  for (std::string at = path;; at = parent_of(at)) {
    Result<bool> there = disk.exists(at);
    if (!there) return pass(there);
    if (*there) break;
    missing.push_back(at);
    if (parent_of(at) == at) break;
  }
  if (missing.empty()) return {};
  Result<void> made = disk.make_directory(path);
  if (!made) return made;
  for (const std::string& directory : missing) {
    Result<void> synced = disk.sync_directory(parent_of(directory));
    if (!synced) return synced;
  }
  return {};
}

std::string parent_of(const std::string& path) {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace eventd
