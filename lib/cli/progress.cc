// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/progress.h"

#include <unistd.h>

#include <string>

#include "lib/base/text.h"

namespace eventd {

namespace {

constexpr auto kFirst = std::chrono::seconds(1);
constexpr auto kEach = std::chrono::milliseconds(200);

void say(std::string_view line) {
  (void)!write(STDERR_FILENO, line.data(), line.size());  // it is only for those who look
}

}  // namespace

Progress::Progress(Loop& loop, bool wanted)
    : loop_(loop),
      wanted_(wanted && isatty(STDERR_FILENO) == 1 && isatty(STDOUT_FILENO) == 0),
      next_(loop.now() + kFirst) {}

void Progress::show(uint64_t records) {
  if (!wanted_ || loop_.now() < next_) return;
  next_ = loop_.now() + kEach;
  is_shown_ = true;
  say(text("\r", records, " records"));
}

void Progress::end() {
  if (is_shown_) say("\r\x1b[K");
  is_shown_ = false;
}

}  // namespace eventd
