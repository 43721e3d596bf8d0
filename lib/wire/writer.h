// SPDX-License-Identifier: Apache-2.0
// Appends the wire's numbers and bytes to a Buffer.
//
// A reply to Fetch carries record batches that stay where they are, in a file: omit() counts them
// as written, and omissions() says where in the buffer they belong, so that the connection sends a
// slice of the file there. A Writer without a buffer only counts; that is how sizes are known.
//
// The buffer outlives the writer. What it held before stays, and positions count from its start.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "lib/base/big_endian.h"
#include "lib/base/bytes.h"
#include "lib/base/ensure.h"
#include "lib/base/uuid.h"
#include "lib/base/varint.h"

namespace eventd {

class Writer {
 public:
  // `size` bytes that belong before the byte now at `position` of the buffer. Those of several
  // omissions are not counted in each other's positions.
  struct Omission {
    size_t position = 0;
    uint32_t size = 0;
    bool operator==(const Omission&) const = default;
  };
  // For undoing: see rewind().
  struct Mark {
    size_t wire_size = 0;
    size_t buffer_size = 0;
    size_t omissions = 0;
  };

  Writer() = default;  // only counts
  explicit Writer(Buffer& out) : out_(&out) {}

  template <std::integral T>
  void number(T value) {
    store_big_endian(room(sizeof(T)), value);
  }
  void float64(double value) { number(std::bit_cast<uint64_t>(value)); }
  void boolean(bool value) { number(static_cast<uint8_t>(value ? 1 : 0)); }
  void uuid(const Uuid& id) { bytes(id.bytes); }

  template <std::unsigned_integral T>
  void uvarint(T value) {
    put_uvarint(room(uvarint_size(value)), value);
  }
  template <std::signed_integral T>
  void varint(T value) {
    uvarint(zigzag(value));
  }

  void bytes(Bytes view) {
    if (view.empty()) return;
    wire_size_ += view.size();
    if (out_ != nullptr) append(*out_, view);
  }
  void omit(uint32_t size) {
    if (size == 0) return;
    wire_size_ += size;
    if (out_ != nullptr) omissions_.push_back({out_->size(), size});
  }

  // All that was written or omitted through this writer.
  size_t wire_size() const { return wire_size_; }
  std::span<const Omission> omissions() const { return omissions_; }

  Mark mark() const { return {wire_size_, out_ != nullptr ? out_->size() : 0, omissions_.size()}; }
  // Takes back what was written since `mark`.
  void rewind(const Mark& mark) {
    wire_size_ = mark.wire_size;
    if (out_ != nullptr) out_->resize(mark.buffer_size);
    omissions_.resize(mark.omissions);
  }
  // Overwrites a number written earlier: a length that had to wait for what it counts.
  void patch(const Mark& mark, int32_t value) {
    if (out_ == nullptr) return;
    ENSURE(mark.buffer_size + sizeof value <= out_->size());
    store_big_endian(out_->data() + mark.buffer_size, value);
  }

 private:
  uint8_t* room(size_t size) {
    wire_size_ += size;
    if (out_ == nullptr) return scratch_;
    size_t at = out_->size();
    out_->resize(at + size);
    return out_->data() + at;
  }

  Buffer* out_ = nullptr;
  size_t wire_size_ = 0;
  std::vector<Omission> omissions_;
  uint8_t scratch_[16] = {};
};

}  // namespace eventd
