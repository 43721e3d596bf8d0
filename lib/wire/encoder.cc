// SPDX-License-Identifier: Apache-2.0
#include "lib/wire/encoder.h"

#include <limits>

namespace eventd {

namespace {
constexpr size_t kLengthMax = std::numeric_limits<int32_t>::max() - 1;
}

void Encoder::string(std::string_view field) {
  if (field.size() > kStringSizeMax) return refuse("", "is longer than 32767 bytes");
  if (flexible_) {
    out_->uvarint(static_cast<uint32_t>(field.size()) + 1);
  } else {
    out_->number(static_cast<int16_t>(field.size()));
  }
  out_->bytes(bytes_of(field));
}

void Encoder::null_string(bool nullable) {
  if (!nullable) return refuse("", "is null");
  if (flexible_) {
    out_->uvarint(0u);
  } else {
    out_->number<int16_t>(-1);
  }
}

void Encoder::length(size_t size) {
  if (size > kLengthMax) return refuse("", "is longer than 2 GiB");
  if (flexible_) {
    out_->uvarint(static_cast<uint32_t>(size) + 1);
  } else {
    out_->number(static_cast<int32_t>(size));
  }
}

void Encoder::bytes(Bytes field) {
  length(field.size());
  out_->bytes(field);
}

void Encoder::omitted(uint32_t size) {
  length(size);
  out_->omit(size);
}

void Encoder::null(bool nullable) {
  if (!nullable) return refuse("", "is null");
  if (flexible_) {
    out_->uvarint(0u);
  } else {
    out_->number<int32_t>(-1);
  }
}

void Encoder::tagged_section(Tags& set) {
  set.sort();
  out_->uvarint(static_cast<uint32_t>(set.count));
  for (size_t i = 0; i < set.count; i++) {
    const Tags::Entry& entry = set.entries[i];
    Writer count;
    Writer* out = std::exchange(out_, &count);
    entry.code(*this, entry.field, entry.nullable);
    out_ = out;
    out_->uvarint(entry.tag);
    out_->uvarint(static_cast<uint32_t>(count.wire_size()));
    entry.code(*this, entry.field, entry.nullable);
    if (failed()) return;
  }
}

Error encode_error(const Encoder& encoder, std::string_view message, int16_t version) {
  return {Code::invalid_request,
          text(message, " v", version, ": ", encoder.failed_field(), " ", encoder.problem()), 0};
}

}  // namespace eventd
