// SPDX-License-Identifier: Apache-2.0
#include "tests/support/memory_disk.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "lib/base/text.h"

namespace eventd {

namespace {

using Kind = DiskOperation::Kind;

std::string string_of(Bytes bytes) { return std::string(text_of(bytes)); }

std::unexpected<Error> missing(std::string_view what, const std::string& path) {
  return fail_with_errno(ENOENT, text(what, " ", path));
}

bool is_below(const std::string& path, const std::string& directory) {
  return path.size() > directory.size() && path.starts_with(directory) &&
         path[directory.size()] == '/';
}

bool changes_entry(Kind kind) {
  return kind == Kind::create || kind == Kind::rename || kind == Kind::remove ||
         kind == Kind::make_directory;
}

}  // namespace

class MemoryFile : public File {
 public:
  MemoryFile(MemoryDisk& disk, size_t inode, std::string path)
      : disk_(disk), inode_(inode), path_(std::move(path)) {}

  Result<size_t> read_at(uint64_t position, MutableBytes into) override {
    std::lock_guard lock(disk_.mutex_);
    disk_.calls_++;
    disk_.trace_.push_back(text("read ", path_));
    const std::string& bytes = disk_.now_.inodes[inode_];
    if (position >= bytes.size()) return size_t{0};
    size_t size = std::min<size_t>(into.size(), bytes.size() - position);
    std::memcpy(into.data(), bytes.data() + position, size);
    return size;
  }
  Result<std::optional<size_t>> read_resident(uint64_t position, MutableBytes into) override {
    Result<size_t> got = read_at(position, into);
    return std::optional<size_t>(*got);
  }
  Result<void> write_at(uint64_t position, Bytes bytes) override {
    std::lock_guard lock(disk_.mutex_);
    DiskOperation operation{Kind::write, path_, {}, inode_, position, string_of(bytes)};
    Result<void> recorded = disk_.record(operation);
    if (!recorded) {
      operation.bytes.resize(operation.bytes.size() / 2);
      disk_.operations_.push_back(operation);
    }
    MemoryDisk::apply_contents(disk_.now_, operation, operation.bytes.size(), false);
    return recorded;
  }
  Result<void> truncate(uint64_t size_bytes) override {
    std::lock_guard lock(disk_.mutex_);
    DiskOperation operation{Kind::truncate, path_, {}, inode_, size_bytes, {}};
    Result<void> recorded = disk_.record(operation);
    if (recorded) MemoryDisk::apply_contents(disk_.now_, operation, 0, false);
    return recorded;
  }
  Result<uint64_t> size_bytes() override {
    std::lock_guard lock(disk_.mutex_);
    disk_.calls_++;
    return uint64_t{disk_.now_.inodes[inode_].size()};
  }
  Result<void> sync() override {
    std::function<void(const std::string&)> called;
    {
      std::lock_guard lock(disk_.mutex_);
      called = disk_.before_sync_;
    }
    if (called) called(path_);
    std::lock_guard lock(disk_.mutex_);
    Result<void> recorded = disk_.record({Kind::sync, path_, {}, inode_, 0, {}});
    disk_.trace_.push_back(text("sync ", path_));
    if (!recorded) disk_.operations_.push_back({Kind::failed_sync, path_, {}, inode_, 0, {}});
    return recorded;
  }
  void drop_cache(uint64_t from) override {
    std::lock_guard lock(disk_.mutex_);
    disk_.trace_.push_back(text("drop ", from, " ", path_));
  }
  Result<void> lock() override { return {}; }
  int descriptor() const override { return -1; }

 private:
  MemoryDisk& disk_;
  const size_t inode_;
  const std::string path_;
};

Result<void> MemoryDisk::record(DiskOperation operation) {
  calls_++;
  if (int error = fails_ ? fails_(operation) : 0; error != 0) {
    return fail_with_errno(error, text("operation on ", operation.path));
  }
  operations_.push_back(std::move(operation));
  return {};
}

void MemoryDisk::apply_entry(Tree& tree, const DiskOperation& operation) {
  const std::string& path = operation.path;
  switch (operation.kind) {
    case Kind::create: tree.files[path] = operation.inode; break;
    case Kind::remove: tree.files.erase(path); break;
    case Kind::make_directory: tree.directories.insert(path); break;
    case Kind::rename: {
      auto known = tree.files.find(path);
      if (known != tree.files.end() && known->second == operation.inode) tree.files.erase(known);
      tree.files[operation.to] = operation.inode;
      break;
    }
    default: break;
  }
}

// Of a write the first `size` bytes, or zeros in their place.
void MemoryDisk::apply_contents(Tree& tree, const DiskOperation& operation, size_t size,
                                bool zeros) {
  std::string& bytes = tree.inodes[operation.inode];
  auto position = static_cast<size_t>(operation.position);
  if (operation.kind == Kind::truncate) {
    bytes.resize(position, '\0');
    return;
  }
  if (bytes.size() < position + size) bytes.resize(position + size, '\0');
  if (!zeros) bytes.replace(position, size, operation.bytes, 0, size);
}

Result<std::unique_ptr<File>> MemoryDisk::open(const std::string& path, Open how) {
  std::lock_guard lock(mutex_);
  calls_++;
  auto known = now_.files.find(path);
  if (known != now_.files.end()) return std::make_unique<MemoryFile>(*this, known->second, path);
  if (how != Open::create) return missing("open", path);
  if (!now_.directories.contains(parent_of(path))) return missing("create", path);
  DiskOperation operation{Kind::create, path, {}, now_.inodes.size(), 0, {}};
  Result<void> recorded = record(operation);
  if (!recorded) return pass(recorded);
  now_.inodes.emplace_back();
  apply_entry(now_, operation);
  return std::make_unique<MemoryFile>(*this, operation.inode, path);
}

Result<void> MemoryDisk::rename(const std::string& from, const std::string& to) {
  std::lock_guard lock(mutex_);
  calls_++;
  if (now_.directories.contains(from)) {
    auto move = [&](Tree& tree) {
      std::map<std::string, size_t> files;
      for (const auto& [path, inode] : tree.files) {
        files[is_below(path, from) ? to + path.substr(from.size()) : path] = inode;
      }
      tree.files = std::move(files);
      if (tree.directories.erase(from) > 0) tree.directories.insert(to);
    };
    move(now_);
    move(at_first_);
    for (DiskOperation& operation : operations_) {
      for (std::string* path : {&operation.path, &operation.to}) {
        if (*path == from || is_below(*path, from)) *path = to + path->substr(from.size());
      }
    }
    return {};
  }
  auto known = now_.files.find(from);
  if (known == now_.files.end()) return missing("rename", from);
  DiskOperation operation{Kind::rename, from, to, known->second, 0, {}};
  Result<void> recorded = record(operation);
  if (recorded) apply_entry(now_, operation);
  return recorded;
}

Result<void> MemoryDisk::remove_file(const std::string& path) {
  std::lock_guard lock(mutex_);
  calls_++;
  auto known = now_.files.find(path);
  if (known == now_.files.end()) return missing("remove", path);
  DiskOperation operation{Kind::remove, path, {}, known->second, 0, {}};
  Result<void> recorded = record(operation);
  if (recorded) apply_entry(now_, operation);
  return recorded;
}

Result<void> MemoryDisk::remove_tree(const std::string& path) {
  for (const std::string& file : paths()) {
    if (file != path && !is_below(file, path)) continue;
    Result<void> removed = remove_file(file);
    if (!removed) return removed;
  }
  std::lock_guard lock(mutex_);
  std::erase_if(now_.directories, [&](const std::string& directory) {
    return directory == path || is_below(directory, path);
  });
  return {};
}

Result<void> MemoryDisk::make_directory(const std::string& path) {
  std::lock_guard lock(mutex_);
  calls_++;
  if (now_.directories.contains(path)) return {};
  for (size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    std::string part = path.substr(0, slash);
    if (!now_.directories.contains(part)) {
      DiskOperation operation{Kind::make_directory, part, {}, 0, 0, {}};
      Result<void> recorded = record(operation);
      if (!recorded) return recorded;
      apply_entry(now_, operation);
    }
    if (slash == std::string::npos) return {};
  }
}

Result<void> MemoryDisk::sync_directory(const std::string& path) {
  std::lock_guard lock(mutex_);
  calls_++;
  if (!now_.directories.contains(path)) return missing("sync", path);
  return record({Kind::sync_directory, path, {}, 0, 0, {}});
}

Result<std::vector<DirectoryEntry>> MemoryDisk::list(const std::string& path) {
  std::lock_guard lock(mutex_);
  calls_++;
  if (!now_.directories.contains(path)) return missing("list", path);
  std::vector<DirectoryEntry> entries;
  for (const auto& [file, inode] : now_.files) {
    if (parent_of(file) == path) entries.push_back({file.substr(path.size() + 1), false});
  }
  for (const std::string& directory : now_.directories) {
    if (is_below(directory, path) && parent_of(directory) == path) {
      entries.push_back({directory.substr(path.size() + 1), true});
    }
  }
  return entries;
}

Result<bool> MemoryDisk::exists(const std::string& path) {
  std::lock_guard lock(mutex_);
  calls_++;
  return now_.files.contains(path) || now_.directories.contains(path);
}

Result<uint64_t> MemoryDisk::file_size(const std::string& path) {
  std::lock_guard lock(mutex_);
  calls_++;
  auto known = now_.files.find(path);
  if (known == now_.files.end()) return missing("stat", path);
  return uint64_t{now_.inodes[known->second].size()};
}

Result<WallTime> MemoryDisk::modified(const std::string& path) {
  Result<bool> there = exists(path);
  if (!*there) return missing("stat", path);
  return WallTime{0};
}

Result<DiskSpace> MemoryDisk::space(const std::string&) {
  return DiskSpace{uint64_t{1} << 40, uint64_t{1} << 40};
}

std::vector<DiskOperation> MemoryDisk::operations() const {
  std::lock_guard lock(mutex_);
  return operations_;
}

size_t MemoryDisk::operation_count() const {
  std::lock_guard lock(mutex_);
  return operations_.size();
}

std::vector<std::string> MemoryDisk::trace() const {
  std::lock_guard lock(mutex_);
  return trace_;
}

void MemoryDisk::clear_trace() {
  std::lock_guard lock(mutex_);
  trace_.clear();
}

size_t MemoryDisk::call_count() const {
  std::lock_guard lock(mutex_);
  return calls_;
}

void MemoryDisk::fail_operation(size_t n, int system_error, bool also_later) {
  fail_if([n, system_error, also_later](const DiskOperation&) mutable {
    if (n > 0) {
      n--;
      return 0;
    }
    int error = system_error;
    if (!also_later) system_error = 0;
    return error;
  });
}

void MemoryDisk::fail_if(std::function<int(const DiskOperation&)> chosen) {
  std::lock_guard lock(mutex_);
  fails_ = std::move(chosen);
}

void MemoryDisk::before_sync(std::function<void(const std::string& path)> called) {
  std::lock_guard lock(mutex_);
  before_sync_ = std::move(called);
}

// Walks over the operations and keeps apart what is durable and what is pending.
struct MemoryDisk::Cut {
  Tree durable;
  std::map<size_t, std::vector<const DiskOperation*>> contents;     // by inode
  std::map<std::string, std::vector<const DiskOperation*>> entries;  // by directory

  void see(const DiskOperation& operation) {
    if (operation.kind == Kind::create) {
      durable.inodes.resize(std::max(durable.inodes.size(), operation.inode + 1));
    }
    if (changes_entry(operation.kind)) {
      entries[parent_of(operation.path)].push_back(&operation);
    } else if (operation.kind == Kind::sync) {
      for (const DiskOperation* pending : contents[operation.inode]) keep(*pending);
      contents.erase(operation.inode);
    } else if (operation.kind == Kind::failed_sync) {
      contents.erase(operation.inode);
    } else if (operation.kind == Kind::sync_directory) {
      for (const DiskOperation* pending : entries[operation.path]) apply_entry(durable, *pending);
      entries.erase(operation.path);
    } else {
      contents[operation.inode].push_back(&operation);
    }
  }

  void keep(const DiskOperation& operation) {
    apply_contents(durable, operation, operation.bytes.size(), false);
  }

  void settle(Survival survival, std::mt19937_64& random) {
    if (survival == Survival::nothing) return;
    auto pick = [&](size_t below) { return static_cast<size_t>(random() % below); };
    for (const auto& [directory, pending] : entries) {
      size_t first = survival == Survival::prefixes ? pick(pending.size() + 1) : pending.size();
      for (size_t i = 0; i < first; i++) {
        if (survival == Survival::any && pick(2) == 0) continue;
        apply_entry(durable, *pending[i]);
      }
    }
    for (const auto& [inode, pending] : contents) {
      size_t first = survival == Survival::prefixes ? pick(pending.size() + 1) : pending.size();
      for (size_t i = 0; i < first; i++) {
        const DiskOperation& operation = *pending[i];
        size_t whole = operation.bytes.size();
        if (survival == Survival::everything) {
          keep(operation);
        } else if (survival == Survival::prefixes) {
          apply_contents(durable, operation, i + 1 < first ? whole : pick(whole + 1), false);
        } else if (pick(2) == 0) {
          apply_contents(durable, operation, pick(2) == 0 ? whole : pick(whole + 1), pick(4) == 0);
        }
      }
    }
  }
};

std::unique_ptr<MemoryDisk> MemoryDisk::after_cut(size_t count, Survival survival,
                                                  std::mt19937_64& random) const {
  std::lock_guard lock(mutex_);
  Cut cut{at_first_, {}, {}};
  for (size_t i = 0; i < std::min(count, operations_.size()); i++) cut.see(operations_[i]);
  cut.settle(survival, random);
  // What stands in a directory that is not there is not there either.
  std::erase_if(cut.durable.files, [&](const auto& file) {
    return !cut.durable.directories.contains(parent_of(file.first));
  });
  auto disk = std::make_unique<MemoryDisk>();
  disk->now_ = disk->at_first_ = std::move(cut.durable);
  return disk;
}

std::unique_ptr<MemoryDisk> MemoryDisk::after_kill() const {
  std::lock_guard lock(mutex_);
  auto disk = std::make_unique<MemoryDisk>();
  disk->now_ = disk->at_first_ = now_;
  return disk;
}

std::optional<std::string> MemoryDisk::contents(const std::string& path) const {
  std::lock_guard lock(mutex_);
  auto known = now_.files.find(path);
  if (known == now_.files.end()) return std::nullopt;
  return now_.inodes[known->second];
}

void MemoryDisk::set_contents(const std::string& path, std::string bytes) {
  std::lock_guard lock(mutex_);
  size_t inode = std::max(now_.inodes.size(), at_first_.inodes.size());
  for (Tree* tree : {&now_, &at_first_}) {
    tree->directories.insert(parent_of(path));
    tree->inodes.resize(inode + 1);
    tree->inodes[inode] = bytes;
    tree->files[path] = inode;
  }
}

std::vector<std::string> MemoryDisk::paths() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (const auto& [path, inode] : now_.files) out.push_back(path);
  return out;
}

}  // namespace eventd
