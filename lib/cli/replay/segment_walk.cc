// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/replay/segment_walk.h"

#include <zlib.h>

#include <algorithm>

#include "lib/base/big_endian.h"
#include "lib/base/text.h"
#include "lib/log/segment.h"

namespace eventd {

namespace {

constexpr size_t kWindow = 1 << 20;
constexpr size_t kHeaderWindow = 8 << 10;
constexpr uint64_t kSearchMax = 64 << 20;
constexpr size_t kMagicAt = 16;

}  // namespace

// The bytes at a position: as many as asked for, fewer only where the file ends.
Result<Bytes> SegmentWalk::window(uint64_t position, size_t size) {
  if (position >= end_) return Bytes{};
  size = static_cast<size_t>(std::min<uint64_t>(size, end_ - position));
  bool inside = position >= buffer_at_ && position + size <= buffer_at_ + buffer_.size();
  if (!inside) {
    size_t whole = std::max(size, check_ == Check::all ? kWindow : kHeaderWindow);
    buffer_.resize(static_cast<size_t>(std::min<uint64_t>(whole, end_ - position)));
    Result<size_t> got = file_.read_at(position, buffer_);
    if (!got) return pass(got);
    buffer_.resize(*got);
    buffer_at_ = position;
  }
  Bytes all = buffer_;
  size_t skip = static_cast<size_t>(position - buffer_at_);
  if (skip >= all.size()) return Bytes{};
  return all.subspan(skip, std::min(size, all.size() - skip));
}

Result<std::optional<SegmentWalk::Batch>> SegmentWalk::next() {
  while (position_ < end_) {
    std::string why;
    Result<std::optional<Batch>> batch = batch_at(position_, why);
    if (!batch) return batch;
    if (*batch) {
      position_ += (*batch)->header.size_bytes();
      expected_ = (*batch)->header.next_offset();
      return batch;
    }
    Result<void> is_new = refuse_old_format(position_);
    if (!is_new) return pass(is_new);
    Result<bool> found = skip_damage(std::move(why));
    if (!found) return pass(found);
    if (!*found) break;
  }
  return std::optional<Batch>();
}

// The whole batch that stands there, or nothing, and why not.
Result<std::optional<SegmentWalk::Batch>> SegmentWalk::batch_at(uint64_t position,
                                                                std::string& why) {
  std::optional<Batch> nothing;
  Result<Bytes> head = window(position, kBatchHeaderSize);
  if (!head) return pass(head);
  Result<BatchHeader> header = parse_batch_header(*head);
  if (!header) {
    why = header.error().message;
    return nothing;
  }
  if (header->size_bytes() > end_ - position) {
    why = text("a batch of ", header->size_bytes(), " bytes");
    return nothing;
  }
  if (header->base_offset < expected_ || header->record_count < 0 ||
      !fits_segment(*header, base_) || header->next_offset() > limit_) {
    why = text("offset ", header->base_offset, " where ", expected_, " is expected");
    return nothing;
  }
  Batch batch{*header, position, {}};
  if (check_ == Check::headers && !header->is_control()) return std::optional(batch);
  Result<Bytes> bytes = window(position, header->size_bytes());
  if (!bytes) return pass(bytes);
  Result<void> sound = check_batch(*header, *bytes);
  if (!sound) {
    why = sound.error().message;
    return nothing;
  }
  if (header->base_offset > expected_) {
    Result<bool> wrong = offset_is_wrong(*header, position);
    if (!wrong) return pass(wrong);
    if (*wrong) {
      why = text("offset ", header->base_offset, " before a batch with a smaller one");
      return nothing;
    }
    bytes = window(position, header->size_bytes());  // looking ahead may have moved it
    if (!bytes) return pass(bytes);
  }
  batch.bytes = *bytes;
  return std::optional(batch);
}

// The base offset is in no checksum. One that is too large would make all that follows look wrong.
Result<bool> SegmentWalk::offset_is_wrong(const BatchHeader& header, uint64_t position) {
  Result<Bytes> head = window(position + header.size_bytes(), kBatchHeaderSize);
  if (!head) return pass(head);
  Result<BatchHeader> following = parse_batch_header(*head);
  return following && following->base_offset >= expected_ &&
         following->base_offset < header.next_offset();
}

// A message of format 0 or 1: i64 offset, i32 size, then a CRC-32 of all from the magic on.
Result<void> SegmentWalk::refuse_old_format(uint64_t position) {
  constexpr size_t kOldHeader = 17;
  Result<Bytes> head = window(position, kOldHeader);
  if (!head) return pass(head);
  int8_t magic = batch_magic(*head);
  if (head->size() < kOldHeader || (magic != 0 && magic != 1)) return {};
  int64_t size = load_big_endian<int32_t>(head->data() + 8);
  if (size < 14 || static_cast<uint64_t>(size) + kBatchPrefixSize > end_ - position) return {};
  uint32_t crc = load_big_endian<uint32_t>(head->data() + kBatchPrefixSize);
  Result<Bytes> whole = window(position, kBatchPrefixSize + static_cast<size_t>(size));
  if (!whole) return pass(whole);
  Bytes covered = whole->subspan(std::min(kMagicAt, whole->size()));
  if (crc32(0, covered.data(), static_cast<uInt>(covered.size())) != crc) return {};
  return fail(Code::unsupported_for_message_format,
              text("message format ", static_cast<int>(magic), " (before Kafka 0.11) at byte ",
                   position, ": only format 2 can be read; Kafka 3 converts by copying the topic"));
}

// Notes the damage at the position and moves behind it. False: nothing whole follows.
Result<bool> SegmentWalk::skip_damage(std::string why) {
  Damage damage{position_, end_, std::move(why)};
  uint64_t work = 0;
  bool found = false;
  bool searches = check_ == Check::all;
  for (uint64_t at = position_ + 1; searches && at + kBatchHeaderSize <= end_; at++) {
    Result<Bytes> head = window(at, kBatchHeaderSize);
    if (!head) return pass(head);
    if (batch_magic(*head) != kBatchMagic) continue;
    Result<BatchHeader> header = parse_batch_header(*head);
    if (!header || header->size_bytes() > end_ - at) continue;
    // What was made to look like a batch again and again must not hold us up for ever.
    work += header->base_offset >= expected_ ? header->size_bytes() : 0;
    if (work > kSearchMax + 4 * end_) break;
    std::string unused;
    Result<std::optional<Batch>> batch = batch_at(at, unused);
    if (!batch) return pass(batch);
    if (!*batch) continue;
    damage.until = at;
    found = true;
    break;
  }
  if (!found) {
    Result<bool> zeros = only_zeros(position_);
    if (!zeros) return pass(zeros);
    damage.is_tail = true;
    damage.is_zeros = *zeros;
  }
  position_ = damage.until;
  damage_ = std::move(damage);
  return found;
}

Result<bool> SegmentWalk::only_zeros(uint64_t from) {
  for (uint64_t at = from; at < end_;) {
    Result<Bytes> piece = window(at, kHeaderWindow);
    if (!piece) return pass(piece);
    if (piece->empty()) break;
    if (std::ranges::any_of(*piece, [](uint8_t byte) { return byte != 0; })) return false;
    at += piece->size();
  }
  return true;
}

}  // namespace eventd
