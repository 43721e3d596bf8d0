// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "lib/base/text.h"

namespace eventd {

namespace {

constexpr auto kFirst = std::chrono::seconds(1);
constexpr auto kEach = std::chrono::milliseconds(200);
constexpr size_t kLooks = 25;  // the rate is that of the last five seconds
constexpr std::string_view kClear = "\r\x1b[K";

// Where a line stands now, or -1. There is one terminal, whoever asks.
int shown_on = -1;

void say(int descriptor, std::string_view line) {
  (void)!write(descriptor, line.data(), line.size());  // it is only for those who look
}

// A job in the background does not write over what its shell shows.
bool is_ours(int terminal) {
  if (isatty(terminal) == 0) return false;
  pid_t foreground = tcgetpgrp(terminal);
  return foreground < 0 || foreground == getpgrp();
}

size_t columns_of(int terminal) {
  winsize size{};
  bool known = ioctl(terminal, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
  return known ? size.ws_col : 80;
}

// The two largest units: 42s, 3m20s, 2h5m, 4d3h.
std::string duration_text(uint64_t seconds) {
  constexpr uint64_t kMinute = 60;
  constexpr uint64_t kHour = 60 * kMinute;
  constexpr uint64_t kDay = 24 * kHour;
  if (seconds < kMinute) return text(seconds, "s");
  if (seconds < kHour) return text(seconds / kMinute, "m", seconds % kMinute, "s");
  if (seconds < kDay) return text(seconds / kHour, "h", seconds % kHour / kMinute, "m");
  return text(seconds / kDay, "d", seconds % kDay / kHour, "h");
}

}  // namespace

std::string progress_line(const Advance& before, const Advance& now, Duration between) {
  double seconds = std::chrono::duration<double>(between).count();
  auto rate = [&](uint64_t from, uint64_t to) {
    return seconds > 0 && to > from ? static_cast<double>(to - from) / seconds : 0;
  };
  std::string line = text(now.records, " records, ",
                          static_cast<uint64_t>(rate(before.records, now.records)), " a second");
  if (now.total == 0) return line;
  // It may be more than we thought: files grow.
  uint64_t done = std::min(now.done, now.total);
  auto percent = static_cast<uint64_t>(100.0 * static_cast<double>(done) /
                                       static_cast<double>(now.total));
  line += text(", ", percent, "%");
  double speed = rate(before.done, now.done);
  constexpr double kForever = 1e9;
  double left = speed > 0 ? static_cast<double>(now.total - done) / speed : kForever;
  auto rounded = static_cast<uint64_t>(left + 0.5);
  if (left < kForever) line += text(", ", duration_text(rounded), " left");
  return line;
}

Progress::Progress(Loop& loop, bool wanted, Ask ask, int descriptor)
    : loop_(loop), ask_(std::move(ask)), descriptor_(descriptor) {
  if (!wanted || isatty(descriptor) == 0) return;
  looks_.push_back({loop_.now(), {}});
  timer_ = loop_.call_at(loop_.now() + kFirst, [this] { draw(); });
}

void Progress::draw() {
  timer_ = loop_.call_at(loop_.now() + kEach, [this] { draw(); });
  Advance now = ask_();
  const Look& before = looks_.front();
  std::string line = progress_line(before.advance, now, loop_.now() - before.at);
  looks_.push_back({loop_.now(), now});
  if (looks_.size() > kLooks) looks_.pop_front();
  if (!is_ours(descriptor_)) return;
  // The last column stays free: some terminals begin a new line after it.
  line.resize(std::min(line.size(), columns_of(descriptor_) - 1));
  say(descriptor_, text("\r", line, "\x1b[K"));
  shown_on = descriptor_;
}

void Progress::end() {
  if (timer_ != 0) loop_.cancel(timer_);
  timer_ = 0;
  clear_progress();
}

void clear_progress() {
  if (shown_on < 0) return;
  say(shown_on, kClear);
  shown_on = -1;
}

}  // namespace eventd
