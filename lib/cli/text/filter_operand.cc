// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/text/filter_operand.h"

#include <charconv>
#include <cstdlib>

#include "lib/base/text.h"
#include "lib/cli/text/json_text.h"
#include "lib/record/record.h"

namespace eventd {

namespace {

using Kind = FilterOperand::Kind;

FilterOperand integer(int64_t number) {
  return {.kind = Kind::number, .number = {.integer = number}};
}

FilterOperand string(const std::optional<Bytes>& bytes) {
  if (!bytes) return {};
  return {.kind = Kind::string, .string = text_of(*bytes)};
}

FilterOperand json_operand(std::string_view raw, std::string& decoded) {
  switch (raw.front()) {
    case 'n':
      return {};
    case 't':
    case 'f':
      return {.kind = Kind::boolean, .boolean = raw.front() == 't'};
    case '{':
    case '[':
      return {.kind = Kind::other};
    case '"': {
      std::string_view inside = raw.substr(1, raw.size() - 2);
      if (inside.find('\\') == std::string_view::npos) {
        return {.kind = Kind::string, .string = inside};
      }
      decoded = decode_json_string(inside).value_or("");
      return {.kind = Kind::string, .string = decoded};
    }
    default:
      return {.kind = Kind::number, .number = FilterNumber::parse(raw).value_or(FilterNumber{})};
  }
}

long double wide(const FilterNumber& number) {
  // 64 bits of mantissa: no integer loses any.
  return number.integer ? static_cast<long double>(*number.integer) : number.floating;
}

}  // namespace

std::optional<FilterNumber> FilterNumber::parse(std::string_view text) {
  const char* end = text.data() + text.size();
  bool is_number = !text.empty() && (text[0] == '-' || (text[0] >= '0' && text[0] <= '9')) &&
                   skip_json_value(text.data(), end) == end;
  if (!is_number) return std::nullopt;
  if (auto integer = parse_number<int64_t>(text)) return FilterNumber{.integer = *integer};
  FilterNumber number;
  // Beyond a double's range strtod says infinity, or zero.
  auto [after, error] = std::from_chars(text.data(), end, number.floating);
  if (error != std::errc{}) number.floating = std::strtod(std::string(text).c_str(), nullptr);
  return number;
}

bool FilterOperand::equals(const FilterOperand& other) const {
  if (kind != other.kind) return false;
  switch (kind) {
    case Kind::null:
      return true;
    case Kind::boolean:
      return boolean == other.boolean;
    case Kind::other:
      return false;
    default:
      return compare(other) == 0;
  }
}

std::optional<int> FilterOperand::compare(const FilterOperand& other) const {
  if (kind != other.kind) return std::nullopt;
  if (kind == Kind::string) {
    int order = string.compare(other.string);  // char_traits<char> compares unsigned bytes
    return (order > 0) - (order < 0);
  }
  if (kind != Kind::number) return std::nullopt;
  long double left = wide(number);
  long double right = wide(other.number);
  return (left > right) - (left < right);
}

FilterOperand operand_of(const FilterField& field, const FetchedRecord& record,
                         std::string& decoded) {
  switch (field.kind) {
    case FilterField::Kind::topic:
      return {.kind = Kind::string, .string = record.partition->topic};
    case FilterField::Kind::partition:
      return integer(record.partition->partition);
    case FilterField::Kind::offset:
      return integer(record.offset);
    case FilterField::Kind::timestamp:
      return integer(record.timestamp);
    case FilterField::Kind::size:
      return record.value ? integer(static_cast<int64_t>(record.value->size())) : FilterOperand{};
    case FilterField::Kind::key:
      return string(record.key);
    case FilterField::Kind::value:
      return string(record.value);
    case FilterField::Kind::header:
      return string(last_header(*record.record, field.path.front()).value_or(std::nullopt));
    case FilterField::Kind::json: {
      if (!record.value) return {};
      std::optional<std::string_view> raw = find_json(text_of(*record.value), field.path);
      return raw ? json_operand(*raw, decoded) : FilterOperand{};
    }
  }
  return {};
}

}  // namespace eventd
