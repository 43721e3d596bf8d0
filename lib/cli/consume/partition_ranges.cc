// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/consume/partition_ranges.h"

#include <algorithm>
#include <utility>

namespace eventd {

namespace {

using Offsets = RecordSource::Offsets;

constexpr int64_t kEnd = -1;
constexpr int64_t kStart = -2;

int64_t sum(int64_t a, int64_t b) {
  int64_t result = 0;
  return __builtin_add_overflow(a, b, &result) ? INT64_MAX : result;
}

Task<Result<Offsets>> ask_all(RecordSource& source, const PartitionRanges& ranges,
                              int64_t question) {
  RecordSource::Times questions;
  for (const auto& [name, range] : ranges) questions.emplace_back(name, question);
  Result<Offsets> answers = co_await source.offsets(std::move(questions));
  co_return std::move(answers);
}

// The offsets of positions; partitions that a list does not name are left out.
Task<Result<Offsets>> place(RecordSource& source, const Positions& positions, const Offsets& starts,
                            const Offsets& ends) {
  RecordSource::Times times;
  Offsets placed;
  for (const auto& [name, start] : starts) {
    auto own = positions.by_partition.find(name.partition);
    if (own == positions.by_partition.end() && !positions.all) continue;
    Position position = own == positions.by_partition.end() ? *positions.all : own->second;
    int64_t offset = position.number;
    if (position.kind == Position::Kind::start) offset = sum(start, position.number);
    if (position.kind == Position::Kind::end) offset = ends.at(name) - position.number;
    // Where no record is that new the end counts.
    if (position.kind == Position::Kind::time) {
      offset = ends.at(name);
      times.emplace_back(name, std::max<int64_t>(0, position.number));
    }
    placed[name] = std::max(offset, start);
  }
  if (times.empty()) co_return std::move(placed);
  Result<Offsets> answers = co_await source.offsets(std::move(times));
  if (!answers) co_return pass(answers);
  for (const auto& [name, offset] : *answers) {
    if (offset >= 0) placed[name] = offset;
  }
  co_return std::move(placed);
}

}  // namespace

Task<Result<void>> resolve_ranges(RecordSource& source, const ReadingOptions& options, WallTime now,
                                  bool all_new, PartitionRanges& ranges) {
  Result<Offsets> starts = co_await ask_all(source, ranges, kStart);
  if (!starts) co_return pass(starts);
  Result<Offsets> ends = co_await ask_all(source, ranges, kEnd);
  if (!ends) co_return pass(ends);
  Positions start;
  start.all = Position{};
  const Positions& from = options.from && !all_new ? *options.from : start;
  Result<Offsets> begins = co_await place(source, from, *starts, *ends);
  if (!begins) co_return pass(begins);
  for (auto& [name, range] : ranges) {
    range.from = begins->at(name);
    range.end = ends->at(name);
    if (!options.follow) range.until = range.end;
  }
  for (const auto& [given, until] : options.until) {
    bool is_time = until.all && until.all->kind == Position::Kind::time;
    // One that is still to come ends the run when the clock passes it.
    if (is_time && options.follow && until.all->number > now.ms) continue;
    Result<Offsets> limits = co_await place(source, until, *starts, *ends);
    if (!limits) co_return pass(limits);
    for (const auto& [name, limit] : *limits) {
      PartitionRange& range = ranges[name];
      if (limit >= range.until) continue;
      range.until = limit;
      range.by = &given;
    }
  }
  co_return Result<void>{};
}

}  // namespace eventd
