// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/produce/dead_letters.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "lib/base/big_endian.h"
#include "lib/base/ensure.h"
#include "lib/base/text.h"

namespace eventd {

namespace {
constexpr size_t kBlock = 256 << 10;
}

DeadLetters::~DeadLetters() {
  if (is_open()) close(descriptor_);
}

Result<void> DeadLetters::open(const std::string& path) {
  descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor_ < 0) return fail_with_errno(errno, text("open the dead letters ", path));
  return {};
}

bool DeadLetters::is_file(const std::string& path) const {
  struct stat ours {};
  struct stat other {};
  if (!is_open() || fstat(descriptor_, &ours) != 0) return false;
  int found = path == "-" ? fstat(STDIN_FILENO, &other) : stat(path.c_str(), &other);
  return found == 0 && S_ISREG(ours.st_mode) && ours.st_dev == other.st_dev &&
         ours.st_ino == other.st_ino;
}

void DeadLetters::append_raw(std::string& out, const InputRecord& record) const {
  using Kind = InputRecord::Kind;
  bool is_whole = record.kind == Kind::record || record.kind == Kind::null;
  if (format_.frame && is_whole) {
    uint8_t size[sizeof(int32_t)];
    bool is_null = record.kind == Kind::null;
    store_big_endian<int32_t>(size, is_null ? -1 : static_cast<int32_t>(record.bytes.size()));
    out += text_of(size);
  }
  out += record.bytes;
  if (!format_.frame && record.kind != Kind::part) out += format_.delimiter;
}

void DeadLetters::keep(uint64_t line, const InputRecord& record) {
  if (!is_open()) return;
  if (blocks_.empty() || blocks_.back().bytes.size() >= kBlock) blocks_.emplace_back();
  Block& block = blocks_.back();
  size_t before = block.bytes.size();
  append_raw(block.bytes, record);
  kept_bytes_ += block.bytes.size() - before;
  block.records.push_back({line, block.bytes.size()});
  block.last_line = line;
  block.left++;
}

void DeadLetters::write(const InputRecord& record) {
  if (!is_open()) return;
  append_raw(buffer_, record);
  // A record that is too long comes in parts, so that it need not fit.
  if (buffer_.size() >= kBlock) (void)flush();  // said when the chunk is drained
}

void DeadLetters::release(uint64_t line, bool is_lost) {
  if (!is_open()) return;
  auto block =
      std::ranges::partition_point(blocks_, [&](const Block& one) { return one.last_line < line; });
  ENSURE(block != blocks_.end() && block->left > 0);
  if (is_lost) {
    auto kept = std::ranges::lower_bound(block->records, line, {}, &Kept::line);
    size_t begin = kept == block->records.begin() ? 0 : std::prev(kept)->end;
    buffer_.append(block->bytes, begin, kept->end - begin);
    if (buffer_.size() >= kBlock) (void)flush();  // said later
  }
  if (--block->left == 0) {
    kept_bytes_ -= block->bytes.size();
    block->bytes = {};
    block->records = {};
  }
  while (!blocks_.empty() && blocks_.front().left == 0) blocks_.pop_front();
}

Result<void> DeadLetters::flush() {
  std::string_view left = buffer_;
  while (is_open() && !left.empty()) {
    ssize_t put = ::write(descriptor_, left.data(), left.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) {
      // Tried again with what comes next: a disk may have room again.
      int error = errno;
      buffer_.erase(0, buffer_.size() - left.size());
      return fail_with_errno(error, "write the dead letters");
    }
    left.remove_prefix(static_cast<size_t>(put));
  }
  buffer_.clear();
  return {};
}

}  // namespace eventd
