// SPDX-License-Identifier: Apache-2.0
// Views and owned runs of bytes.
//
// Bytes is a view: whoever stores one names the frame or buffer that it looks into. Buffer owns its
// bytes and grows without zeroing them first, because every byte is about to be read into anyway.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace eventd {

using Bytes = std::span<const uint8_t>;
using MutableBytes = std::span<uint8_t>;

// Leaves new elements uninitialised where std::allocator would set them to zero.
template <class T>
struct UninitialisedAllocator : std::allocator<T> {
  template <class U>
  struct rebind {
    using other = UninitialisedAllocator<U>;
  };
  template <class U>
  void construct(U* place) noexcept {
    ::new (static_cast<void*>(place)) U;
  }
  template <class U, class... Args>
  void construct(U* place, Args&&... args) {
    ::new (static_cast<void*>(place)) U(std::forward<Args>(args)...);
  }
};

using Buffer = std::vector<uint8_t, UninitialisedAllocator<uint8_t>>;

inline Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
inline std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline void append(Buffer& buffer, Bytes bytes) {
  buffer.insert(buffer.end(), bytes.begin(), bytes.end());
}
inline bool equal(Bytes a, Bytes b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

}  // namespace eventd
