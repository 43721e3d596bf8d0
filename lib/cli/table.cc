// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/table.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/cli/text/event_json.h"

namespace eventd {

namespace {

// A cell for people: without quotes or brackets.
std::string plain(const std::string& cell) {
  if (cell == "null") return "-";
  bool enclosed = cell.size() >= 2 && (cell.front() == '"' || cell.front() == '[');
  return enclosed ? cell.substr(1, cell.size() - 2) : cell;
}

// How many characters of UTF-8.
size_t width_of(std::string_view cell) {
  auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; };
  return static_cast<size_t>(std::ranges::count_if(cell, begins));
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
  if (rows_.empty()) return;
  std::vector<std::vector<std::string>> lines(1);
  for (const std::string& column : columns_) lines[0].push_back(title_of(column));
  for (const auto& row : rows_) {
    std::vector<std::string>& line = lines.emplace_back();
    for (const std::string& cell : row) line.push_back(plain(cell));
  }
  std::vector<size_t> widths(columns_.size());
  for (const auto& line : lines) {
    for (size_t i = 0; i < line.size(); i++) widths[i] = std::max(widths[i], width_of(line[i]));
  }
  for (const auto& line : lines) {
    for (size_t i = 0; i < line.size(); i++) {
      out += line[i];
      bool is_last = i + 1 == line.size();
      out += is_last ? "\n" : std::string(widths[i] + 2 - width_of(line[i]), ' ');
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

std::string counted(size_t count, std::string_view noun) {
  return text(count, " ", noun, count == 1 ? "" : "s");
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
