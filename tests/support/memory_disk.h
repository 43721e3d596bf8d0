// SPDX-License-Identifier: Apache-2.0
// A disk in memory for tests: it records what is done to it, fails on demand, and can say what a
// power cut at any moment would leave.
//
// What is durable follows the letter of POSIX, which is less than most file systems give: contents
// and size of a file after its sync; an entry of a directory (made, renamed, removed) after the
// sync of that directory. All else may survive in part and in any order, and writes may be torn.
// Renames of whole directories are taken for durable.
//
// Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "lib/log/disk.h"

namespace eventd {

// One change, or one sync, in the order in which they happened.
struct DiskOperation {
  enum Kind {
    create, write, truncate, sync, failed_sync, rename, remove, make_directory, sync_directory
  };
  Kind kind = create;
  std::string path;
  std::string to;         // rename
  size_t inode = 0;       // of files
  uint64_t position = 0;  // write; the size of truncate
  std::string bytes;      // write
};

// What of the unsynced changes a power cut leaves.
enum class Survival {
  nothing,     // what syncs guarantee, no more
  everything,  // as after kill -9
  prefixes,    // of each file and each directory the first few changes, the last write torn
  any,         // any subset; writes torn, or their size without their bytes
};

class MemoryDisk : public Disk {
 public:
  MemoryDisk() = default;

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

  // The record of changes and syncs, without reads.
  std::vector<DiskOperation> operations() const;
  size_t operation_count() const;
  // Reads, opens, lists and the like too.
  size_t call_count() const;

  // From now on the n-th change or sync (0 is the next one) fails with this errno: once, or also
  // all that follow. A write that fails leaves half of its bytes, as a full disk does; a sync that
  // fails loses what it should have saved, and later ones succeed, as on Linux.
  void fail_operation(size_t n, int system_error, bool also_later = false);
  // The same by choice: an errno for each operation that shall fail, 0 for the others.
  void fail_if(std::function<int(const DiskOperation&)> chosen);
  // Called before each sync of a file, without a lock.
  void before_sync(std::function<void(const std::string& path)> called);

  // What `survival` leaves of the first `count` operations, as a disk of its own.
  std::unique_ptr<MemoryDisk> after_cut(size_t count, Survival survival,
                                        std::mt19937_64& random) const;
  // All that is there now, synced or not, on a disk of its own: a process that was killed.
  std::unique_ptr<MemoryDisk> after_kill() const;

  // Lines "read PATH", "sync PATH" and "drop POSITION PATH" (of the cache) since it was cleared.
  std::vector<std::string> trace() const;
  void clear_trace();

  // Straight access, past records and faults.
  std::optional<std::string> contents(const std::string& path) const;
  void set_contents(const std::string& path, std::string bytes);
  std::vector<std::string> paths() const;

 private:
  friend class MemoryFile;
  struct Tree {
    std::map<std::string, size_t> files;  // path to inode
    std::set<std::string> directories;
    std::vector<std::string> inodes;
  };
  struct Cut;

  // Records an operation, or fails it; called with the mutex held.
  Result<void> record(DiskOperation operation);
  static void apply_entry(Tree& tree, const DiskOperation& operation);
  static void apply_contents(Tree& tree, const DiskOperation& operation, size_t size, bool zeros);

  mutable std::mutex mutex_;
  Tree now_{{}, {"/"}, {}};
  Tree at_first_ = now_;
  std::vector<DiskOperation> operations_;
  mutable size_t calls_ = 0;
  std::vector<std::string> trace_;
  std::function<int(const DiskOperation&)> fails_;
  std::function<void(const std::string&)> before_sync_;
};

}  // namespace eventd
