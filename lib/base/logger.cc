// SPDX-License-Identifier: Apache-2.0
#include "lib/base/logger.h"

#include <unistd.h>

#include <atomic>
#include <ctime>
#include <string>

#include "lib/base/clock.h"

namespace eventd {
namespace {

std::atomic<LogLevel> least_level{LogLevel::info};

std::string_view word(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
  }
  return "";
}

}  // namespace

void set_log_level(LogLevel level) { least_level.store(level, std::memory_order_relaxed); }

LogLevel log_level() { return least_level.load(std::memory_order_relaxed); }

bool logs(LogLevel level) { return level >= least_level.load(std::memory_order_relaxed); }

void log_line(LogLevel level, std::string_view line) {
  if (!logs(level)) return;
  int64_t now_ms = wall_now().ms;
  time_t seconds = now_ms / 1000;
  tm utc{};
  gmtime_r(&seconds, &utc);
  char stamp[32];
  size_t length = std::strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);
  std::string whole = text(std::string_view(stamp, length), ".", padded(now_ms % 1000, 3), "Z ",
                           word(level), ": ", line, "\n");
  ssize_t written = ::write(STDERR_FILENO, whole.data(), whole.size());
  (void)written;  // There is nowhere left to complain to.
}

}  // namespace eventd
