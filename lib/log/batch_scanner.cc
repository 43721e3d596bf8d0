// SPDX-License-Identifier: Apache-2.0
#include "lib/log/batch_scanner.h"

#include <algorithm>

namespace eventd {

namespace {
constexpr size_t kWindow = 1 << 20;
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

Result<std::optional<BatchScanner::Batch>> BatchScanner::next() {
  std::optional<Batch> nothing;
  if (position_ >= end_) return nothing;
  Result<Bytes> head = window(position_, kBatchHeaderSize);
  if (!head) return pass(head);
  Result<BatchHeader> header = parse_batch_header(*head);
  if (!header || header->size_bytes() > end_ - position_) return nothing;
  if (position_ + header->size_bytes() <= checked_from_) {
    Batch believed{*header, position_, {}};
    // Control batches are few and small, and their records matter.
    if (header->is_control()) {
      Result<Bytes> bytes = window(position_, header->size_bytes());
      if (!bytes) return pass(bytes);
      believed.bytes = *bytes;
    }
    position_ += header->size_bytes();
    return std::optional<Batch>(believed);
  }
  Result<Bytes> bytes = window(position_, header->size_bytes());
  if (!bytes) return pass(bytes);
  if (!check_batch(*header, *bytes)) return nothing;
  Batch batch{*header, position_, *bytes};
  position_ += header->size_bytes();
  return std::optional<Batch>(batch);
}

Result<bool> BatchScanner::finds_another(Offset from) {
  for (uint64_t at = position_ + 1; at + kBatchHeaderSize <= end_; at++) {
    Result<Bytes> head = window(at, kBatchHeaderSize);
    if (!head) return pass(head);
    if (head->size() < kBatchHeaderSize || batch_magic(*head) != kBatchMagic) continue;
    Result<BatchHeader> header = parse_batch_header(*head);
    if (!header || header->base_offset < from || header->size_bytes() > end_ - at) continue;
    Result<Bytes> bytes = window(at, header->size_bytes());
    if (!bytes) return pass(bytes);
    if (check_batch(*header, *bytes)) return true;
  }
  return false;
}

}  // namespace eventd
