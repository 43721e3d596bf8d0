// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/replay/partition_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "lib/base/text.h"
#include "lib/cli/replay/segment_walk.h"
#include "lib/log/segment.h"

namespace eventd {

namespace {

constexpr std::string_view kLog = ".log";
constexpr std::string_view kSwap = ".log.swap";

// Behind the last batch of a file.
Result<Offset> end_of(Disk& disk, const SegmentFile& segment) {
  Result<std::unique_ptr<File>> file = disk.open(segment.path, Open::read);
  if (!file) return pass(file);
  SegmentWalk walk(**file,
                   {.base = segment.base, .end = segment.size_bytes, .expected = segment.base},
                   SegmentWalk::Check::all);
  Offset end = segment.base + 1;
  while (true) {
    Result<std::optional<SegmentWalk::Batch>> batch = walk.next();
    if (!batch) return pass(batch);
    if (!*batch) return end;
    end = (*batch)->header.next_offset();
  }
}

}  // namespace

Result<std::vector<SegmentFile>> list_segments(Disk& disk, const std::string& folder) {
  Result<std::vector<DirectoryEntry>> entries = disk.list(folder);
  if (!entries) return pass(entries);
  std::vector<SegmentFile> segments;
  std::vector<SegmentFile> swaps;
  for (const DirectoryEntry& entry : *entries) {
    std::optional<Offset> base = offset_in_name(entry.name, kLog);
    std::optional<Offset> swap = offset_in_name(entry.name, kSwap);
    if (!base && !swap) continue;
    SegmentFile segment{base ? *base : *swap, text(folder, "/", entry.name), 0};
    Result<uint64_t> size = disk.file_size(segment.path);
    if (!size && size.error().code == Code::not_found) continue;  // gone since it was listed
    if (!size) return pass(size);
    segment.size_bytes = *size;
    (base ? segments : swaps).push_back(std::move(segment));
  }
  for (SegmentFile& swap : swaps) {
    Result<Offset> end = end_of(disk, swap);
    if (!end) return pass(end);
    std::erase_if(segments, [&](const SegmentFile& segment) {
      return segment.base >= swap.base && segment.base < *end;
    });
    segments.push_back(std::move(swap));
  }
  std::ranges::sort(segments, {}, &SegmentFile::base);
  return segments;
}

std::optional<TopicPartition> partition_in_name(std::string_view name) {
  constexpr size_t kIdDigits = 32;
  for (std::string_view suffix : {"-delete", "-stray", "-future"}) {
    size_t tail = 1 + kIdDigits + suffix.size();
    if (!name.ends_with(suffix) || name.size() <= tail) continue;
    if (name[name.size() - tail] != '.') continue;
    name.remove_suffix(tail);
    break;
  }
  size_t dash = name.rfind('-');
  if (dash == std::string_view::npos || dash == 0) return std::nullopt;
  std::string_view digits = name.substr(dash + 1);
  auto number = parse_number<int32_t>(digits);
  if (!number || *number < 0 || digits != text(*number)) return std::nullopt;
  return TopicPartition{std::string(name.substr(0, dash)), *number};
}

std::string name_of_path(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  size_t slash = path.rfind('/');
  std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  return name.empty() ? "." : std::string(name);
}

bool is_in_use(const std::string& log_folder) {
  int descriptor = open(text(log_folder, "/.lock").c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  struct flock held {};
  held.l_type = F_WRLCK;
  held.l_whence = SEEK_SET;
  bool is_held = fcntl(descriptor, F_OFD_GETLK, &held) == 0 && held.l_type != F_UNLCK;
  close(descriptor);
  return is_held;
}

}  // namespace eventd
