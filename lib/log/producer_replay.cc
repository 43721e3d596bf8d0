// SPDX-License-Identifier: Apache-2.0
#include "lib/log/producer_replay.h"

#include <algorithm>
#include <utility>

#include "lib/base/logger.h"
#include "lib/base/mutant.h"
#include "lib/base/text.h"

namespace eventd {

namespace {

constexpr size_t kSnapshotSizeMax = 64 << 20;

std::vector<Offset> snapshot_offsets(const std::vector<DirectoryEntry>& entries) {
  std::vector<Offset> offsets;
  for (const DirectoryEntry& entry : entries) {
    if (auto offset = offset_in_name(entry.name, ".snapshot")) offsets.push_back(*offset);
  }
  std::ranges::sort(offsets);
  return offsets;
}

}  // namespace

Result<size_t> drop_snapshots_beyond(Disk& disk, const std::string& directory, Offset end) {
  Result<std::vector<DirectoryEntry>> entries = disk.list(directory);
  if (!entries) return pass(entries);
  size_t dropped = 0;
  for (Offset offset : snapshot_offsets(*entries)) {
    if (offset <= end) continue;
    Result<void> removed =
        disk.remove_file(text(directory, "/", segment_name(offset), ".snapshot"));
    if (!removed) return pass(removed);
    dropped++;
  }
  return dropped;
}

Result<ProducerState> replay_producers(Disk& disk, const std::string& directory,
                                       const std::vector<std::shared_ptr<Segment>>& segments,
                                       Offset end) {
  Result<std::vector<DirectoryEntry>> entries = disk.list(directory);
  if (!entries) return pass(entries);
  std::vector<std::pair<Offset, ProducerState>> usable;
  std::vector<Offset> offsets = snapshot_offsets(*entries);
  for (auto offset = offsets.rbegin(); offset != offsets.rend() && usable.size() < 2; ++offset) {
    if (*offset > end || *offset < segments.front()->base()) continue;
    std::string path = text(directory, "/", segment_name(*offset), ".snapshot");
    Result<Buffer> file = read_file(disk, path, kSnapshotSizeMax);
    if (!file) return pass(file);
    Result<ProducerState> state = ProducerState::decode(*file);
    if (state) {
      usable.emplace_back(*offset, std::move(*state));
    } else {
      log_warning(path, ": ", state.error().message);
    }
  }
  Offset from = segments.front()->base();
  ProducerState state;
  // One alone serves only where no batch stands before it.
  bool newest_serves = usable.size() == 1 && usable[0].first <= from;
  if (newest_serves || usable.size() == 2) {
    auto& chosen = usable[newest_serves || is_mutant("newest-snapshot") ? 0 : 1];
    from = std::max(from, chosen.first);
    state = std::move(chosen.second);
  }
  for (const auto& segment : segments) {
    uint64_t position = 0;
    if (segment->base() < from) {
      Result<std::optional<BatchPlace>> place = segment->find(from);
      if (!place) return pass(place);
      if (!*place) continue;
      position = (*place)->position;
    }
    while (true) {
      Result<std::optional<BatchPlace>> place = segment->at(position);
      if (!place) return pass(place);
      if (!*place) break;
      const BatchHeader& header = (*place)->header;
      position += header.size_bytes();
      if (!header.has_producer() || header.base_offset < from) continue;
      Buffer batch;
      if (header.is_control()) {
        Result<Buffer> read = segment->read(**place);
        if (!read) return pass(read);
        batch = std::move(*read);
      }
      state.apply(header, batch.empty() ? Bytes{} : records_of(batch));
    }
  }
  return state;
}

}  // namespace eventd
