// SPDX-License-Identifier: Apache-2.0
// What a filter compares: a field of a record on one side, a literal on the other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/client/fetcher.h"

namespace eventd {

struct FilterField {
  enum class Kind { topic, partition, offset, timestamp, size, key, value, header, json };
  Kind kind = Kind::topic;
  std::vector<std::string> path;  // header: its name; json: the names from outside inwards
};

// Integers of 64 bits compare exactly, whatever else is a double.
struct FilterNumber {
  std::optional<int64_t> integer;
  double floating = 0;

  // As JSON writes a number, or nothing.
  static std::optional<FilterNumber> parse(std::string_view text);
};

struct FilterOperand {
  enum class Kind { null, boolean, number, string, other };  // other: JSON's arrays and objects
  Kind kind = Kind::null;
  bool boolean = false;
  FilterNumber number = {};
  std::string_view string = {};

  // False between unlike kinds, and between others.
  bool equals(const FilterOperand& other) const;
  // -1, 0, 1; nothing where there is no order: only numbers and strings have one.
  std::optional<int> compare(const FilterOperand& other) const;
};

// What the record has there. A string is a view of the record, or of `decoded`.
FilterOperand operand_of(const FilterField& field, const FetchedRecord& record,
                         std::string& decoded);

}  // namespace eventd
