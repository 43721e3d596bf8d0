// SPDX-License-Identifier: Apache-2.0
// Rows of a table for people, or a JSON object each for scripts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace eventd {

class Table {
 public:
  // The columns are named as the JSON is.
  Table(std::vector<std::string> columns, bool json) : columns_(std::move(columns)), json_(json) {}

  // A cell is JSON already: a number, a quoted string, a list, null.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  // Nothing where there are no rows.
  void print(std::string& out) const;

 private:
  void print_json(std::string& out) const;
  const std::vector<std::string> columns_;
  const bool json_;
  std::vector<std::vector<std::string>> rows_;
};

// "1 topic", "2 topics"
std::string counted(size_t count, std::string_view noun);

// A cell of any bytes, or of numbers.
std::string json_text(std::string_view value);
std::string json_list(const std::vector<int32_t>& numbers);

}  // namespace eventd
