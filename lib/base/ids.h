// SPDX-License-Identifier: Apache-2.0
// Integers that must not be mistaken for each other. Messages carry plain integers, as the protocol
// has them; from the handlers inwards these types are used.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>

namespace eventd {

template <class Tag, class Rep>
struct Id {
  Rep value{};

  constexpr Id() = default;
  constexpr explicit Id(Rep rep) : value(rep) {}
  auto operator<=>(const Id&) const = default;
};

template <class Tag, class Rep>
std::string to_string(Id<Tag, Rep> id) {
  return std::to_string(id.value);
}

// The position of a record in its partition.
using Offset = Id<struct OffsetTag, int64_t>;
constexpr Offset operator+(Offset offset, int64_t n) { return Offset{offset.value + n}; }
constexpr Offset operator-(Offset offset, int64_t n) { return Offset{offset.value - n}; }
constexpr int64_t operator-(Offset a, Offset b) { return a.value - b.value; }
inline constexpr Offset kNoOffset{-1};

// Counts the leaders a partition has had. -1: unknown.
using LeaderEpoch = Id<struct LeaderEpochTag, int32_t>;
inline constexpr LeaderEpoch kNoLeaderEpoch{-1};

using PartitionId = Id<struct PartitionIdTag, int32_t>;
using BrokerId = Id<struct BrokerIdTag, int32_t>;
inline constexpr BrokerId kNoBroker{-1};

// The log offset of a broker's registration record; a restarted broker has a higher one.
using BrokerEpoch = Id<struct BrokerEpochTag, int64_t>;

using ProducerId = Id<struct ProducerIdTag, int64_t>;
inline constexpr ProducerId kNoProducer{-1};
using ProducerEpoch = Id<struct ProducerEpochTag, int16_t>;

}  // namespace eventd

template <class Tag, class Rep>
struct std::hash<eventd::Id<Tag, Rep>> {
  size_t operator()(eventd::Id<Tag, Rep> id) const noexcept { return std::hash<Rep>{}(id.value); }
};
