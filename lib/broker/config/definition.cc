// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/config/definition.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "lib/base/text.h"

namespace eventd {

namespace {

std::unexpected<Error> refuse(const ConfigDefinition& definition, std::string_view value,
                              std::string_view why) {
  return fail(Code::invalid_config, text("Invalid value ", printable(value), " for configuration ",
                                         definition.name, ": ", why));
}

std::string lower(std::string_view value) {
  std::string out(value);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

Result<void> check_range(const ConfigDefinition& definition, std::string_view value,
                         double number) {
  if (number < definition.min) {
    return refuse(definition, value, text("it must be at least ", int64_t(definition.min)));
  }
  if (number > definition.max) {
    return refuse(definition, value, text("it must be at most ", int64_t(definition.max)));
  }
  return {};
}

template <class T>
std::optional<T> integer_of(std::string_view value) {
  std::string_view digits = trim(value);
  if (digits.starts_with('+') && digits.size() > 1 && digits[1] != '-') digits.remove_prefix(1);
  return parse_number<T>(digits);
}

template <class T>
Result<void> check_integer(const ConfigDefinition& definition, std::string_view value) {
  std::optional<T> number = integer_of<T>(value);
  if (!number) return refuse(definition, value, "it is not a number of the right size");
  return check_range(definition, value, static_cast<double>(*number));
}

// What Java reads as a double: also "0.5f" and "0x1p-1".
std::optional<double> double_of(std::string_view value) {
  std::string digits = lower(trim(value));
  bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.erase(0, 1);
  bool hex = digits.starts_with("0x");
  if (hex) digits.erase(0, 2);
  bool has_exponent = digits.find('p') != std::string::npos;
  if (hex && !has_exponent) return std::nullopt;
  bool has_suffix = digits.ends_with('f') || digits.ends_with('d');
  if (has_suffix) digits.pop_back();
  bool begins_as_number = !digits.empty() && (hex || digits.front() == '.' ||
                                              (digits.front() >= '0' && digits.front() <= '9'));
  if (!begins_as_number) return std::nullopt;  // not "nan" and "infinity", which no ratio is
  double number = 0;
  auto format = hex ? std::chars_format::hex : std::chars_format::general;
  auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number, format);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return negative ? -number : number;
}

// As Java's Double.toString() has it: "0.1", "1.0", "1.0E-5".
std::string java_double(double number) {
  double size = std::fabs(number);
  bool plain = number == 0 || (size >= 1e-3 && size < 1e7);
  char digits[64];
  auto [end, error] =
      std::to_chars(digits, digits + sizeof digits, number,
                    plain ? std::chars_format::fixed : std::chars_format::scientific);
  std::string out(digits, error == std::errc{} ? end : digits);
  size_t exponent = out.find('e');
  std::string mantissa = out.substr(0, exponent);
  if (mantissa.find('.') == std::string::npos) mantissa += ".0";
  if (exponent == std::string::npos) return mantissa;
  size_t sign = out[exponent + 1] == '+' ? 1 : 0;
  auto power = parse_number<int>(out.substr(exponent + 1 + sign));
  return text(mantissa, "E", power.value_or(0));
}

bool is_allowed(const ConfigDefinition& definition, std::string_view value) {
  return definition.allowed.empty() ||
         std::ranges::find(definition.allowed, value) != definition.allowed.end();
}

Result<void> check_list(const ConfigDefinition& definition, std::string_view value) {
  for (const std::string& item : list_of(value)) {
    if (!is_allowed(definition, item)) {
      return refuse(definition, value, text("'", printable(item), "' is not one of its words"));
    }
  }
  return {};
}

Result<void> check_type(const ConfigDefinition& definition, std::string_view value) {
  switch (definition.type) {
    case ConfigType::boolean: {
      std::string word = lower(trim(value));
      if (word == "true" || word == "false") return {};
      return refuse(definition, value, "it is either true or false");
    }
    case ConfigType::int16:
      return check_integer<int16_t>(definition, value);
    case ConfigType::int32:
      return check_integer<int32_t>(definition, value);
    case ConfigType::int64:
      return check_integer<int64_t>(definition, value);
    case ConfigType::float64: {
      std::optional<double> number = double_of(value);
      if (!number) return refuse(definition, value, "it is not a number");
      return check_range(definition, value, *number);
    }
    case ConfigType::list:
      return check_list(definition, value);
    case ConfigType::string:
      if (!is_allowed(definition, trim(value))) {
        return refuse(definition, value, "it is not one of its words");
      }
      return {};
    default:
      return {};
  }
}

}  // namespace

Result<void> check_value(const ConfigDefinition& definition, std::string_view value) {
  Result<void> checked = check_type(definition, value);
  if (!checked || definition.fault == nullptr) return checked;
  std::string_view fault = definition.fault(trim(value));
  if (!fault.empty()) return refuse(definition, value, fault);
  return {};
}

std::string canonical_value(ConfigType type, std::string_view value) {
  switch (type) {
    case ConfigType::boolean:
      return lower(trim(value));
    case ConfigType::int16:
    case ConfigType::int32:
    case ConfigType::int64:
      if (auto number = integer_of<int64_t>(value)) return std::to_string(*number);
      return std::string(value);
    case ConfigType::float64:
      if (auto number = double_of(value)) return java_double(*number);
      return std::string(value);
    case ConfigType::list: {
      std::vector<std::string> seen;
      std::string out;
      for (std::string& item : list_of(value)) {
        if (std::ranges::find(seen, item) != seen.end()) continue;
        out += text(seen.empty() ? "" : ",", item);
        seen.push_back(std::move(item));
      }
      return out;
    }
    case ConfigType::string:
    case ConfigType::class_name:
      return std::string(trim(value));
    default:
      return std::string(value);
  }
}

const ConfigDefinition* find_config(std::span<const ConfigDefinition> table,
                                    std::string_view name) {
  auto found = std::ranges::lower_bound(table, name, {}, &ConfigDefinition::name);
  return found != table.end() && found->name == name ? &*found : nullptr;
}

const ConfigDefinition* find_topic_config(std::string_view name) {
  return find_config(topic_configs(), name);
}

const ConfigDefinition* find_broker_config(std::string_view name) {
  return find_config(broker_configs(), name);
}

int64_t number_of(std::string_view value) { return integer_of<int64_t>(value).value_or(0); }

bool truth_of(std::string_view value) { return lower(trim(value)) == "true"; }

std::vector<std::string> list_of(std::string_view value) {
  std::vector<std::string> items;
  if (trim(value).empty()) return items;
  for (std::string_view item : split(value, ',')) items.emplace_back(trim(item));
  return items;
}

}  // namespace eventd
