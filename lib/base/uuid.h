// SPDX-License-Identifier: Apache-2.0
// Kafka's 128-bit identifiers: topic ids, directory ids, cluster ids. As text they are 22
// characters of URL-safe base64 without padding. The zero id means "none".
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace eventd {

struct Uuid {
  std::array<uint8_t, 16> bytes{};

  auto operator<=>(const Uuid&) const = default;
  bool is_zero() const { return *this == Uuid{}; }

  // Random (version 4), never one of Kafka's reserved ids (high half zero and low half below 100),
  // and its text never begins with '-', which command lines would take for an option.
  static Uuid random();
  static std::optional<Uuid> parse(std::string_view text);
};

std::string to_string(const Uuid& id);
inline void append_text(std::string& out, const Uuid& id) { out += to_string(id); }

// The topic id of __cluster_metadata, the same in every cluster: AAAAAAAAAAAAAAAAAAAAAQ.
inline constexpr Uuid kMetadataTopicId{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

}  // namespace eventd

template <>
struct std::hash<eventd::Uuid> {
  size_t operator()(const eventd::Uuid& id) const noexcept;
};
