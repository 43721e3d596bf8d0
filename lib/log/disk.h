// SPDX-License-Identifier: Apache-2.0
// The seam between the log and a file system.
//
// PosixDisk is the real one. Tests put a simulated disk (which loses what was not synced) or a
// recording one (which enumerates crash points) in its place, so nothing in lib/log calls the
// system by itself. Paths are given whole. Every member may be called from any thread; calls on one
// File that overlap are the caller's to order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/clock.h"
#include "lib/base/result.h"

namespace eventd {

class File {
 public:
  virtual ~File() = default;
  File() = default;
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  // Fills `into`; fewer bytes only where the file ends.
  virtual Result<size_t> read_at(uint64_t position, MutableBytes into) = 0;
  // The same if all of it is in memory; nothing at all if it would have to wait for the device.
  virtual Result<std::optional<size_t>> read_resident(uint64_t position, MutableBytes into) = 0;
  // Whether a read of that range, sendfile's too, would not wait for the device. By default by
  // read_resident(), which copies.
  virtual Result<bool> is_resident(uint64_t position, uint64_t size);
  // Writes all or fails; how much of a failed write stands in the file is unknown.
  virtual Result<void> write_at(uint64_t position, Bytes bytes) = 0;
  virtual Result<void> truncate(uint64_t size_bytes) = 0;
  virtual Result<uint64_t> size_bytes() = 0;
  // fdatasync: contents and size, not the directory entry.
  virtual Result<void> sync() = 0;
  // Begins to bring what was written there to the device, so that sync() has less to wait for. Only
  // a hint: what fails shows in sync().
  virtual void start_sync([[maybe_unused]] uint64_t position, [[maybe_unused]] uint64_t size) {}
  // Forgets cached pages from there on that are clean, so that the next read comes from the device.
  virtual void drop_cache(uint64_t from) = 0;
  // Takes an exclusive lock that other processes see (F_OFD_SETLK); in_use if they hold it. Ends
  // with the File.
  virtual Result<void> lock() = 0;
  // For sendfile, or -1 if there is none.
  virtual int descriptor() const = 0;
};

enum class Open { read, read_write, create };  // create: read_write, made if it is not there

struct DiskSpace {
  uint64_t total_bytes = 0;
  uint64_t free_bytes = 0;
};

struct DirectoryEntry {
  std::string name;
  bool is_directory = false;
};

class Disk {
 public:
  virtual ~Disk() = default;

  virtual Result<std::unique_ptr<File>> open(const std::string& path, Open how) = 0;
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  virtual Result<void> remove_file(const std::string& path) = 0;
  // The directory and all in it.
  virtual Result<void> remove_tree(const std::string& path) = 0;
  // With its parents; no error if it is there.
  virtual Result<void> make_directory(const std::string& path) = 0;
  virtual Result<void> sync_directory(const std::string& path) = 0;
  // In no order, without "." and "..".
  virtual Result<std::vector<DirectoryEntry>> list(const std::string& path) = 0;
  virtual Result<bool> exists(const std::string& path) = 0;
  virtual Result<uint64_t> file_size(const std::string& path) = 0;
  virtual Result<WallTime> modified(const std::string& path) = 0;
  virtual Result<DiskSpace> space(const std::string& path) = 0;
};

class PosixDisk : public Disk {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, Open how) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove_file(const std::string& path) override;
  Result<void> remove_tree(const std::string& path) override;
  Result<void> make_directory(const std::string& path) override;
  Result<void> sync_directory(const std::string& path) override;
  Result<std::vector<DirectoryEntry>> list(const std::string& path) override;
  Result<bool> exists(const std::string& path) override;
  Result<uint64_t> file_size(const std::string& path) override;
  Result<WallTime> modified(const std::string& path) override;
  Result<DiskSpace> space(const std::string& path) override;
};

// A small file, whole; too_large if it has more than `size_max` bytes.
Result<Buffer> read_file(Disk& disk, const std::string& path, size_t size_max);

// Writes `path` so that after a crash it is either as it was or whole and new: a temporary file
// beside it, synced, renamed, and the directory synced.
Result<void> replace_file(Disk& disk, const std::string& path, Bytes contents);
// The same in two steps, of which the first may find the disk full and leaves nothing behind then;
// the directory is the caller's to sync.
Result<void> write_aside(Disk& disk, const std::string& path, Bytes contents);
Result<void> put_in_place(Disk& disk, const std::string& path);

// The directory with its parents; those that were not there are on the disk after it.
Result<void> make_directory_durably(Disk& disk, const std::string& path);

// "a/b" of "a/b/c"; "." of "c".
std::string parent_of(const std::string& path);

}  // namespace eventd
