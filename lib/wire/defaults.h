// SPDX-License-Identifier: Apache-2.0
// What a field is by default: what the same field is in a new structure. Only the coders use this.
#pragma once

#include <concepts>
#include <optional>
#include <string_view>
#include <vector>

#include "lib/wire/message.h"

namespace eventd {

// A structure that is being walked, and a new one of the same type.
struct WithDefaults {
  const char* message = nullptr;
  const char* fresh = nullptr;

  template <class M>
  static WithDefaults of(const M& message) {
    static const M fresh{};
    return {reinterpret_cast<const char*>(&message), reinterpret_cast<const char*>(&fresh)};
  }
  // `field` is a member of the structure; the same member of the new one.
  template <class T>
  const T& fresh_of(const T& field) const {
    auto distance = reinterpret_cast<const char*>(&field) - message;
    return *reinterpret_cast<const T*>(fresh + distance);
  }
  template <class T>
  bool is_default(const T& field) const {
    return same(field, fresh_of(field));
  }

 private:
  template <class T>
  static bool same(const T& a, const T& b) {
    return a == b;
  }
  // No schema has another default for these than null or empty.
  static bool same(Bytes a, Bytes b) { return a.empty() && b.empty(); }
  static bool same(const Records& a, const Records&) { return !a.bytes && a.omitted_size == 0; }
  template <class T>
  static bool same(const std::vector<T>& a, const std::vector<T>&) {
    return a.empty();
  }
  template <class T>
  static bool same(const std::optional<T>& a, const std::optional<T>&) {
    return !a;
  }
};

}  // namespace eventd
