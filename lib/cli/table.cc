// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/table.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/cli/event_json.h"

namespace eventd {

namespace {

// A cell for people: without quotes or brackets.
std::string plain(const std::string& cell) {
  bool enclosed = cell.size() >= 2 && (cell.front() == '"' || cell.front() == '[');
  return enclosed ? cell.substr(1, cell.size() - 2) : cell;
}

std::string title_of(std::string column) {
  std::ranges::transform(column, column.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return column;
}

}  // namespace

void Table::print(std::string& out) const {
  if (json_) return print_json(out);
  std::vector<std::vector<std::string>> lines(1);
  for (const std::string& column : columns_) lines[0].push_back(title_of(column));
  for (const auto& row : rows_) {
    std::vector<std::string>& line = lines.emplace_back();
    for (const std::string& cell : row) line.push_back(plain(cell));
  }
  std::vector<size_t> widths(columns_.size());
  for (const auto& line : lines) {
    for (size_t i = 0; i < line.size(); i++) widths[i] = std::max(widths[i], line[i].size());
  }
  for (const auto& line : lines) {
    for (size_t i = 0; i < line.size(); i++) {
      out += line[i];
      bool is_last = i + 1 == line.size();
      out += is_last ? "\n" : std::string(widths[i] + 2 - line[i].size(), ' ');
    }
  }
}

void Table::print_json(std::string& out) const {
  for (const auto& row : rows_) {
    out += '{';
    for (size_t i = 0; i < row.size(); i++) {
      out += text(i > 0 ? "," : "", "\"", columns_[i], "\":", row[i]);
    }
    out += "}\n";
  }
}

std::string json_text(std::string_view value) {
  std::string out;
  append_json_bytes(out, bytes_of(value));
  return out;
}

std::string json_list(const std::vector<int32_t>& numbers) {
  std::string out = "[";
  for (int32_t number : numbers) out += text(out.size() > 1 ? "," : "", number);
  return out + "]";
}

}  // namespace eventd
