// SPDX-License-Identifier: Apache-2.0
#include "lib/log/leader_epochs.h"

#include <algorithm>

#include "lib/base/text.h"

namespace eventd {

namespace {

constexpr size_t kFileSizeMax = 16 << 20;

std::unexpected<Error> damaged(const std::string& directory) {
  return fail(Code::bad_data, text(directory, "/", LeaderEpochs::kFileName, " is damaged"));
}

}  // namespace

Result<LeaderEpochs> LeaderEpochs::load(Disk& disk, const std::string& directory) {
  Result<Buffer> file = read_file(disk, text(directory, "/", kFileName), kFileSizeMax);
  if (!file && file.error().code == Code::not_found) return LeaderEpochs{};
  if (!file) return pass(file);
  std::vector<std::string_view> lines = split(text_of(*file), '\n');
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  if (lines.size() < 2 || lines[0] != "0") return damaged(directory);
  std::optional<size_t> count = parse_number<size_t>(lines[1]);
  if (!count || *count != lines.size() - 2) return damaged(directory);
  LeaderEpochs epochs;
  for (size_t i = 2; i < lines.size(); i++) {
    std::vector<std::string_view> fields = split(lines[i], ' ');
    if (fields.size() != 2) return damaged(directory);
    auto epoch = parse_number<int32_t>(fields[0]);
    auto start = parse_number<int64_t>(fields[1]);
    if (!epoch || !start || *epoch < 0 || *start < 0) return damaged(directory);
    epochs.assign(LeaderEpoch{*epoch}, Offset{*start});
  }
  return epochs;
}

bool LeaderEpochs::assign(LeaderEpoch epoch, Offset start) {
  if (epoch.value < 0) return false;
  if (!entries_.empty() && entries_.back().epoch == epoch) return false;
  auto overwritten = [&](const Entry& entry) {
    return entry.epoch >= epoch || entry.start >= start;
  };
  std::erase_if(entries_, overwritten);
  entries_.push_back({epoch, start});
  return true;
}

LeaderEpoch LeaderEpochs::latest() const {
  return entries_.empty() ? kNoLeaderEpoch : entries_.back().epoch;
}

EpochEnd LeaderEpochs::end_of(LeaderEpoch asked, Offset log_end) const {
  if (asked == kNoLeaderEpoch || entries_.empty() || asked > latest()) return {};
  if (asked == latest()) return {asked, log_end};
  auto higher = std::ranges::find_if(entries_, [&](const Entry& e) { return e.epoch > asked; });
  if (higher == entries_.begin()) return {asked, higher->start};
  return {std::prev(higher)->epoch, higher->start};
}

LeaderEpoch LeaderEpochs::epoch_at(Offset offset) const {
  LeaderEpoch epoch = kNoLeaderEpoch;
  for (const Entry& entry : entries_) {
    if (entry.start <= offset) epoch = entry.epoch;
  }
  return epoch;
}

bool LeaderEpochs::truncate_from_end(Offset end) {
  return std::erase_if(entries_, [&](const Entry& entry) { return entry.start >= end; }) > 0;
}

bool LeaderEpochs::truncate_from_start(Offset start) {
  LeaderEpoch covering = epoch_at(start);
  if (covering == kNoLeaderEpoch) return false;
  bool changed = std::erase_if(entries_, [&](const Entry& e) { return e.epoch < covering; }) > 0;
  if (entries_.front().start < start) {
    entries_.front().start = start;
    changed = true;
  }
  return changed;
}

std::string LeaderEpochs::encode() const {
  std::string out = text("0\n", entries_.size(), "\n");
  for (const Entry& entry : entries_) out += text(entry.epoch, " ", entry.start, "\n");
  return out;
}

}  // namespace eventd
