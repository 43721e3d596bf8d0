// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/replay/file_template.h"

#include <algorithm>
#include <ctime>

#include "lib/base/text.h"
#include "lib/record/batch.h"

namespace eventd {

namespace {

constexpr int kOffsetDigits = 20;
constexpr int64_t kSecondMs = 1000;
constexpr int64_t kMinuteMs = 60 * kSecondMs;
constexpr int64_t kHourMs = 60 * kMinuteMs;
constexpr int64_t kDayMs = 24 * kHourMs;
constexpr int64_t kEarliestMs = -30'610'224'000'000;  // years have four digits from 1000 on
constexpr int64_t kLatestMs = 253'402'300'799'999;    // the end of the year 9999

std::unexpected<Error> bad(std::string_view given, std::string_view why) {
  return fail(Code::bad_usage, text("--to ", printable(given), ": ", why));
}

// Which of the units it lies in, rounded down also before 1970. Who has no time is at 0.
int64_t units_of(int64_t timestamp_ms, int64_t unit_ms) {
  if (timestamp_ms == kNoTimestamp) return 0;
  int64_t ms = std::clamp(timestamp_ms, kEarliestMs, kLatestMs);
  return ms / unit_ms - (ms % unit_ms < 0 ? 1 : 0);
}

// The unit of time that a conversion shows, 0 for what a name cannot have.
int64_t unit_of(char conversion) {
  if (std::string_view("YCyGgmbBhVUWdeDFjuwaA").find(conversion) != std::string_view::npos) {
    return kDayMs;
  }
  if (std::string_view("HIklpP").find(conversion) != std::string_view::npos) return kHourMs;
  if (std::string_view("MR").find(conversion) != std::string_view::npos) return kMinuteMs;
  if (std::string_view("STs").find(conversion) != std::string_view::npos) return kSecondMs;
  return 0;
}

std::string rendered(const std::string& format, int64_t timestamp_ms) {
  time_t seconds = units_of(timestamp_ms, kSecondMs);
  if (format == "%s") return text(seconds);  // strftime's depends on the time zone
  tm parts{};
  gmtime_r(&seconds, &parts);
  char out[64];
  return std::string(out, strftime(out, sizeof out, format.c_str(), &parts));
}

}  // namespace

Result<FileTemplate> FileTemplate::parse(std::string_view given) {
  FileTemplate parsed;
  for (std::string_view rest = given; !rest.empty();) {
    size_t special = rest.find_first_of("%{");
    if (special != 0) {
      parsed.pieces_.push_back({Piece::literal, std::string(rest.substr(0, special))});
      rest.remove_prefix(std::min(special, rest.size()));
      continue;
    }
    if (parsed.is_plain_) parsed.folder_ = given.substr(0, given.size() - rest.size());
    parsed.is_plain_ = false;
    Result<void> added =
        rest.front() == '{' ? parsed.add_placeholder(rest) : parsed.add_conversion(rest);
    if (!added) return bad(given, added.error().message);
  }
  if (parsed.is_plain_) parsed.folder_ = given;
  parsed.path_ = given;
  parsed.folder_.resize(parsed.folder_.rfind('/') + 1);
  Result<void> good = parsed.check(given);
  if (!good) return pass(good);
  return parsed;
}

Result<void> FileTemplate::add_placeholder(std::string_view& rest) {
  size_t end = rest.find('}');
  if (end == std::string_view::npos) return fail(Code::bad_usage, "a { without its }");
  std::string_view name = rest.substr(1, end - 1);
  Piece piece;
  if (name == "topic") {
    piece.kind = Piece::topic;
    names_topic_ = true;
  } else if (name == "partition") {
    piece.kind = Piece::partition;
  } else if (name == "first_offset") {
    piece.kind = Piece::first_offset;
  } else {
    return fail(Code::bad_usage,
                text("{", printable(name), "} is none of {topic}, {partition}, {first_offset}"));
  }
  pieces_.push_back(std::move(piece));
  rest.remove_prefix(end + 1);
  return {};
}

Result<void> FileTemplate::add_conversion(std::string_view& rest) {
  if (rest.starts_with("%%")) {
    pieces_.push_back({Piece::literal, "%"});
    rest.remove_prefix(2);
    return {};
  }
  int64_t unit = rest.size() < 2 ? 0 : unit_of(rest[1]);
  if (unit == 0) {
    return fail(Code::bad_usage,
                text(printable(rest.substr(0, 2)), " is no date or time that a name can have"));
  }
  finest_ms_ = std::min(finest_ms_, unit);
  pieces_.push_back({Piece::time, std::string(rest.substr(0, 2))});
  rest.remove_prefix(2);
  return {};
}

Result<void> FileTemplate::check(std::string_view given) const {
  if (folder_.empty()) return bad(given, "a PATH has a / in it (before the first % or {)");
  if (given.ends_with('/')) return bad(given, "this names a folder, not files");
  if (given.find('\0') != std::string_view::npos) return bad(given, "a NUL is in it");
  if (is_plain_) return {};
  bool names_partition = false;
  bool names_offset = false;
  for (const Piece& piece : pieces_) {
    names_partition = names_partition || piece.kind == Piece::partition;
    names_offset = names_offset || piece.kind == Piece::first_offset;
  }
  if (!names_partition || !names_offset) {
    return bad(given, "a template needs {partition} and {first_offset}, or files share a name");
  }
  for (std::string_view part : split(given.substr(folder_.size()), '/')) {
    if (part == "..") return bad(given, ".. would leave the folder");
  }
  return {};
}

int64_t FileTemplate::instant(int64_t timestamp_ms) const {
  return units_of(timestamp_ms, finest_ms_);
}

std::string FileTemplate::period(int64_t timestamp_ms) const {
  std::string out;
  for (const Piece& piece : pieces_) {
    if (piece.kind != Piece::time) continue;
    out += rendered(piece.text, timestamp_ms);
    out += '\n';
  }
  return out;
}

std::string FileTemplate::name(const TopicPartition& partition, int64_t first_offset,
                               int64_t timestamp_ms) const {
  std::string out;
  for (const Piece& piece : pieces_) {
    switch (piece.kind) {
      case Piece::literal:
        out += piece.text;
        break;
      case Piece::time:
        out += rendered(piece.text, timestamp_ms);
        break;
      case Piece::topic:
        out += partition.topic;
        break;
      case Piece::partition:
        out += text(partition.partition);
        break;
      case Piece::first_offset:
        out += padded(first_offset, kOffsetDigits);
        break;
    }
  }
  return out;
}

}  // namespace eventd
