// SPDX-License-Identifier: Apache-2.0
// Kafka's words for how much is logged, and ours.
#pragma once

#include <optional>
#include <string_view>

#include "lib/base/logger.h"

namespace eventd {

inline constexpr std::string_view kRootLogger = "root";

constexpr std::string_view kafka_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "DEBUG";
    case LogLevel::info:
      return "INFO";
    case LogLevel::warning:
      return "WARN";
    case LogLevel::error:
      return "ERROR";
  }
  return "INFO";
}

// Nothing for what is no level. There is nothing finer than DEBUG here, and nothing beyond ERROR.
constexpr std::optional<LogLevel> level_of(std::string_view kafka) {
  if (kafka == "TRACE" || kafka == "DEBUG") return LogLevel::debug;
  if (kafka == "INFO") return LogLevel::info;
  if (kafka == "WARN") return LogLevel::warning;
  if (kafka == "ERROR" || kafka == "FATAL") return LogLevel::error;
  return std::nullopt;
}

}  // namespace eventd
