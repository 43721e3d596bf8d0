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
Result<void> check_integer(const ConfigDefinition& definition, std::string_view value) {
  std::optional<T> number = parse_number<T>(trim(value));
  if (!number) return refuse(definition, value, "it is not a number of the right size");
  return check_range(definition, value, static_cast<double>(*number));
}

bool is_allowed(const ConfigDefinition& definition, std::string_view value) {
  return definition.allowed.empty() ||
         std::ranges::find(definition.allowed, value) != definition.allowed.end();
}

}  // namespace

Result<void> check_value(const ConfigDefinition& definition, std::string_view value) {
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
      std::string_view digits = trim(value);
      double number = 0;
      auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
      if (error != std::errc{} || end != digits.data() + digits.size() || std::isnan(number)) {
        return refuse(definition, value, "it is not a number");
      }
      return check_range(definition, value, number);
    }
    case ConfigType::list: {
      std::vector<std::string> items = list_of(value);
      for (const std::string& item : items) {
        if (!is_allowed(definition, item)) {
          return refuse(definition, value, text("'", printable(item), "' is not one of its words"));
        }
        if (std::ranges::count(items, item) > 1) {
          return refuse(definition, value, text("'", printable(item), "' stands there twice"));
        }
      }
      return {};
    }
    case ConfigType::string:
      if (!is_allowed(definition, value)) {
        return refuse(definition, value, "it is not one of its words");
      }
      return {};
    default:
      return {};
  }
}

const ConfigDefinition* find_topic_config(std::string_view name) {
  auto found = std::ranges::lower_bound(topic_configs(), name, {}, &ConfigDefinition::name);
  return found != topic_configs().end() && found->name == name ? &*found : nullptr;
}

const ConfigDefinition* find_broker_config(std::string_view name) {
  auto found = std::ranges::lower_bound(broker_configs(), name, {}, &ConfigDefinition::name);
  return found != broker_configs().end() && found->name == name ? &*found : nullptr;
}

int64_t number_of(std::string_view value) { return parse_number<int64_t>(trim(value)).value_or(0); }

bool truth_of(std::string_view value) { return lower(trim(value)) == "true"; }

std::vector<std::string> list_of(std::string_view value) {
  std::vector<std::string> items;
  if (trim(value).empty()) return items;
  for (std::string_view item : split(value, ',')) items.emplace_back(trim(item));
  return items;
}

}  // namespace eventd
