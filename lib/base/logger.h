// SPDX-License-Identifier: Apache-2.0
// One line an event on stderr: time, level, text. The only global of the program.
//
// Texts may hold foreign strings: callers pass those through printable(). A line is one write(2),
// so lines of several threads do not mix.
#pragma once

#include <string_view>

#include "lib/base/text.h"

namespace eventd {

enum class LogLevel { debug, info, warning, error };

void set_log_level(LogLevel level);
LogLevel log_level();
bool logs(LogLevel level);
void log_line(LogLevel level, std::string_view line);

// log_info("partition ", name, ": cut a torn tail at ", position);
template <class... Pieces>
void log_debug(const Pieces&... pieces) {
  if (logs(LogLevel::debug)) log_line(LogLevel::debug, text(pieces...));
}
template <class... Pieces>
void log_info(const Pieces&... pieces) {
  if (logs(LogLevel::info)) log_line(LogLevel::info, text(pieces...));
}
template <class... Pieces>
void log_warning(const Pieces&... pieces) {
  if (logs(LogLevel::warning)) log_line(LogLevel::warning, text(pieces...));
}
template <class... Pieces>
void log_error(const Pieces&... pieces) {
  if (logs(LogLevel::error)) log_line(LogLevel::error, text(pieces...));
}

}  // namespace eventd
