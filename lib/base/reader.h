// SPDX-License-Identifier: Apache-2.0
// A sticky reader of untrusted bytes.
//
// After the first read that does not fit, everything reads as zero or empty, nothing moves any more
// and failed() is true. A decoder therefore has no branches: it reads all its fields and asks once.
// What it hands out are views into the bytes it was given, which must outlive them.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "lib/base/big_endian.h"
#include "lib/base/bytes.h"
#include "lib/base/uuid.h"
#include "lib/base/varint.h"

namespace eventd {

class Reader {
 public:
  explicit Reader(Bytes in) : begin_(in.data()), at_(in.data()), end_(in.data() + in.size()) {}

  bool failed() const { return failed_; }
  // 0 after a failure, so that a loop over what is left ends.
  size_t left() const { return static_cast<size_t>(end_ - at_); }
  size_t position() const { return static_cast<size_t>(at_ - begin_); }

  // For what a caller finds wrong by itself: a count that cannot be, for example.
  void fail() {
    failed_ = true;
    end_ = at_;
  }

  template <std::integral T>
  T number() {
    if (left() < sizeof(T)) {
      fail();
      return T{};
    }
    T value = load_big_endian<T>(at_);
    at_ += sizeof(T);
    return value;
  }
  double float64() { return std::bit_cast<double>(number<uint64_t>()); }
  bool boolean() { return number<uint8_t>() != 0; }

  // Unsigned, seven bits a byte.
  template <std::unsigned_integral T = uint32_t>
  T uvarint() {
    T value = 0;
    advance(get_uvarint(at_, end_, value));
    return failed_ ? T{} : value;
  }
  // The same, zigzag-folded: varint<int32_t>() and varint<int64_t>().
  template <std::signed_integral T>
  T varint() {
    return unzigzag(uvarint<std::make_unsigned_t<T>>());
  }

  Bytes bytes(size_t size) {
    if (left() < size) {
      fail();
      return {};
    }
    Bytes view(at_, size);
    at_ += size;
    return view;
  }
  Bytes rest() { return bytes(left()); }
  void skip(size_t size) { (void)bytes(size); }  // a skip that does not fit fails like a read

  Uuid uuid() {
    Uuid id;
    Bytes view = bytes(id.bytes.size());
    if (!view.empty()) std::memcpy(id.bytes.data(), view.data(), view.size());
    return id;
  }

 private:
  void advance(const uint8_t* to) {
    if (to == nullptr) {
      fail();
    } else {
      at_ = to;
    }
  }

  const uint8_t* begin_;
  const uint8_t* at_;
  const uint8_t* end_;
  bool failed_ = false;
};

}  // namespace eventd
