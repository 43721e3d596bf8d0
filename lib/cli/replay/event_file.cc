// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/replay/event_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "lib/base/text.h"
#include "lib/base/varint.h"
#include "lib/cli/interrupt.h"

namespace eventd {

namespace {

constexpr size_t kChunk = 256 << 10;
constexpr size_t kLineMax = size_t{256} << 20;

void append_sized(Buffer& out, const std::optional<Bytes>& bytes) {
  uint8_t size[kVarintSizeMax<uint32_t>];
  int32_t count = bytes ? static_cast<int32_t>(bytes->size()) : -1;
  append(out, Bytes(size, static_cast<size_t>(put_varint(size, count) - size)));
  if (bytes) append(out, *bytes);
}

}  // namespace

Result<std::unique_ptr<EventFile>> EventFile::open(Disk& disk, const std::string& path,
                                                   std::string name, Report report) {
  std::unique_ptr<EventFile> made(new EventFile(std::move(name), std::move(report)));
  Result<std::unique_ptr<File>> file = disk.open(path, Open::read);
  if (!file) return pass(file);
  made->file_ = std::move(*file);
  made->decompressor_ = Decompressor::make(codec_of_file(made->name_));
  made->lines_ = split_at("\n", kLineMax);
  return made;
}

const FileEvent* EventFile::next() {
  InputRecord line;
  while (true) {
    while (lines_->next(line)) {
      line_++;
      if (line.kind == InputRecord::Kind::part) line_--;
      if (line.kind == InputRecord::Kind::too_long) {
        report_(text(name_, " line ", line_, ": it is too long"));
      }
      if (line.kind == InputRecord::Kind::record && take(line.bytes)) return &event_;
    }
    if (ended_) return nullptr;
    if (!read_more()) {
      ended_ = true;
      lines_->finish();
    }
  }
}

// Feeds the next piece of text; false at the end.
bool EventFile::read_more() {
  plain_.resize(kChunk);
  while (true) {
    if (left_.empty()) {
      in_.resize(kChunk);
      Result<size_t> got = file_->read_at(position_, in_);
      if (!got) report_(got.error().message);
      if (!got || *got == 0) {
        if (got && decompressor_ && !decompressor_->between_frames()) {
          report_(text(name_, " is cut short: its compression does not end"));
        }
        return false;
      }
      in_.resize(*got);
      position_ += *got;
      left_ = in_;
    }
    if (!decompressor_) {
      lines_->feed(text_of(std::exchange(left_, Bytes{})));
      return true;
    }
    Result<size_t> size = decompressor_->step(left_, plain_);
    if (!size) {
      report_(text(name_, ": ", size.error().message));
      return false;
    }
    if (*size == 0) continue;
    lines_->feed(text_of(Bytes(plain_).first(*size)));
    return true;
  }
}

bool EventFile::take(std::string_view line) {
  Result<const ParsedEvent*> parsed = parser_.parse(line);
  if (!parsed) {
    report_(text(name_, " line ", line_, ": ", parsed.error().message));
    return false;
  }
  const ParsedEvent& event = **parsed;
  event_.topic = event.topic.value_or("events");
  event_.partition = event.partition.value_or(0);
  event_.offset = event.offset;
  event_.timestamp = event.timestamp.value_or(-1);
  if (event_.partition < 0 || event_.offset.value_or(0) < 0 || event_.offset == INT64_MAX) {
    report_(text(name_, " line ", line_, ": no record has such a partition or offset"));
    return false;
  }
  event_.key = event_.record.key = event.key;
  event_.value = event_.record.value = event.value;
  event_.line = line_;
  headers_.clear();
  for (const RecordHeader& header : event.headers) {
    append_sized(headers_, bytes_of(header.key));
    append_sized(headers_, header.value);
  }
  event_.record.header_count = static_cast<int32_t>(event.headers.size());
  event_.record.header_bytes = headers_;
  return true;
}

Result<Spool> spool(int from) {
  const char* folder = std::getenv("TMPDIR");
  std::string name =
      text(std::string_view(folder != nullptr ? folder : "/tmp"), "/event-replay.XXXXXX");
  int to = mkostemp(name.data(), O_CLOEXEC);
  if (to < 0) return fail_with_errno(errno, text("make ", name));
  unlink(name.c_str());
  Spool spooled{to, text("/proc/self/fd/", to)};
  Buffer chunk(kChunk);
  while (true) {
    ssize_t got = read(from, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_with_errno(errno, "read the events");
    if (got == 0) return spooled;
    for (Bytes left = Bytes(chunk).first(static_cast<size_t>(got)); !left.empty();) {
      ssize_t put = write(to, left.data(), left.size());
      if (put < 0 && errno != EINTR) return fail_with_errno(errno, "keep the events for a while");
      if (put > 0) left = left.subspan(static_cast<size_t>(put));
    }
  }
}

}  // namespace eventd
