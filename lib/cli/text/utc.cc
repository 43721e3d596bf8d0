// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/text/utc.h"

#include <ctime>

#include "lib/base/text.h"

namespace eventd {

namespace {

constexpr int64_t kSecondMs = 1000;

// Rounded down, so that what is before 1970 has positive milliseconds too.
int64_t seconds_of(int64_t timestamp_ms) {
  int64_t seconds = timestamp_ms / kSecondMs;
  return timestamp_ms % kSecondMs < 0 ? seconds - 1 : seconds;
}

std::tm civil_of(int64_t seconds) {
  std::tm civil{};
  time_t time = seconds;
  gmtime_r(&time, &civil);  // the year of any ms fits
  return civil;
}

// "%s" asks the system for the local zone, the only one that does: it is written out before.
std::string without_seconds(const std::string& pattern, int64_t seconds) {
  std::string out;
  for (size_t i = 0; i < pattern.size(); i++) {
    size_t end = i + 1;
    if (pattern[i] == '%') {
      end = pattern.find_first_not_of("_-0^#+123456789EO", i + 1);
      if (end == std::string::npos) end = pattern.size() - 1;
      if (pattern[end] == 's') {
        out += std::to_string(seconds);
        i = end;
        continue;
      }
      end++;
    }
    out.append(pattern, i, end - i);
    i = end - 1;
  }
  return out;
}

}  // namespace

void append_rfc3339(std::string& out, int64_t timestamp_ms) {
  int64_t seconds = seconds_of(timestamp_ms);
  std::tm civil = civil_of(seconds);
  auto two = [&out](int number, char after) {
    out += static_cast<char>('0' + number / 10);
    out += static_cast<char>('0' + number % 10);
    out += after;
  };
  int64_t year = int64_t{civil.tm_year} + 1900;
  if (year < 0) out += '-';
  out += padded(year < 0 ? -year : year, 4);
  out += '-';
  two(civil.tm_mon + 1, '-');
  two(civil.tm_mday, 'T');
  two(civil.tm_hour, ':');
  two(civil.tm_min, ':');
  two(civil.tm_sec, '.');
  auto ms = static_cast<int>((timestamp_ms % kSecondMs + kSecondMs) % kSecondMs);
  out += static_cast<char>('0' + ms / 100);
  two(ms % 100, 'Z');
}

void append_strftime(std::string& out, const std::string& pattern, int64_t timestamp_ms) {
  int64_t seconds = seconds_of(timestamp_ms);
  std::tm civil = civil_of(seconds);
  // The x tells an empty result from one that did not fit.
  std::string whole = text("x", without_seconds(pattern, seconds));
  std::string room(64 + 2 * whole.size(), '\0');
  size_t size = 0;
  constexpr size_t kMost = 64 << 10;  // a width may ask for anything
  while (true) {
    size = strftime(room.data(), room.size(), whole.c_str(), &civil);
    if (size > 0 || room.size() > kMost) break;
    room.resize(2 * room.size());
  }
  if (size > 0) out.append(room, 1, size - 1);
}

}  // namespace eventd
