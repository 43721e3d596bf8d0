// SPDX-License-Identifier: Apache-2.0
#include "lib/log/batch_scanner.h"

#include <algorithm>

#include "lib/base/mutant.h"

namespace eventd {

namespace {
constexpr size_t kWindow = 1 << 20;
constexpr uint64_t kSearchMax = 64 << 20;
}  // namespace

// The bytes at a position: as many as asked for, fewer only where the file ends.
Result<Bytes> BatchScanner::window(uint64_t position, size_t size) {
  size = static_cast<size_t>(std::min<uint64_t>(size, end_ - position));
  bool inside = position >= buffer_at_ && position + size <= buffer_at_ + buffer_.size();
  if (!inside) {
    buffer_.resize(
        static_cast<size_t>(std::min<uint64_t>(std::max(size, kWindow), end_ - position)));
    Result<size_t> got = file_.read_at(position, buffer_);
    if (!got) return pass(got);
    buffer_.resize(*got);
    buffer_at_ = position;
  }
  Bytes all = buffer_;
  size_t skip = static_cast<size_t>(position - buffer_at_);
  return all.subspan(skip, std::min(size, all.size() - skip));
}

void BatchScanner::read_from_device() {
  if (from_device_) return;
  from_device_ = true;
  file_.drop_cache(position_);
  buffer_.clear();
}

Result<std::optional<BatchScanner::Batch>> BatchScanner::next() {
  std::optional<Batch> nothing;
  if (position_ >= end_) return nothing;
  Result<Bytes> head = window(position_, kBatchHeaderSize);
  if (!head) return pass(head);
  Result<BatchHeader> header = parse_batch_header(*head);
  bool is_believed = !from_device_ && header && header->last_offset_delta >= 0 &&
                     header->base_offset < believed_ - header->last_offset_delta;
  if (!is_believed && !from_device_) {
    read_from_device();
    return next();
  }
  if (!header || header->size_bytes() > end_ - position_) return nothing;
  Batch batch{*header, position_, {}};
  // Of the believed ones only control batches are read: they are few, and their records matter.
  if (!is_believed || header->is_control()) {
    Result<Bytes> bytes = window(position_, header->size_bytes());
    if (!bytes) return pass(bytes);
    batch.bytes = *bytes;
    if (!is_believed && !check_batch(*header, *bytes) && !is_mutant("checksum-not-checked")) {
      return nothing;
    }
  }
  position_ += header->size_bytes();
  return std::optional<Batch>(batch);
}

Result<bool> BatchScanner::finds_another(Offset from) {
  read_from_device();
  uint64_t work = 0;
  for (uint64_t at = position_ + 1; at + kBatchHeaderSize <= end_; at++) {
    Result<Bytes> head = window(at, kBatchHeaderSize);
    if (!head) return pass(head);
    if (head->size() < kBatchHeaderSize || batch_magic(*head) != kBatchMagic) continue;
    Result<BatchHeader> header = parse_batch_header(*head);
    if (!header || header->base_offset < from || header->size_bytes() > end_ - at) continue;
    if (header->last_offset_delta < 0 || header->record_count < 0) continue;
    work += header->size_bytes();
    if (work > kSearchMax + 4 * end_) return true;
    Result<Bytes> bytes = window(at, header->size_bytes());
    if (!bytes) return pass(bytes);
    if (check_batch(*header, *bytes)) return true;
  }
  return false;
}

}  // namespace eventd
