// SPDX-License-Identifier: Apache-2.0
#include "lib/log/recovery.h"

#include <algorithm>
#include <optional>

#include "lib/base/logger.h"
#include "lib/base/text.h"
#include "lib/log/batch_scanner.h"

namespace eventd {

namespace {

constexpr size_t kNameDigits = 20;
constexpr size_t kSnapshotSizeMax = 64 << 20;

// "00000000000000000042.log" with the suffix ".log" is 42.
std::optional<Offset> offset_of(std::string_view name, std::string_view suffix) {
  if (name.size() != kNameDigits + suffix.size() || !name.ends_with(suffix)) return std::nullopt;
  std::optional<int64_t> number = parse_number<int64_t>(name.substr(0, kNameDigits));
  if (!number || *number < 0) return std::nullopt;
  return Offset{*number};
}

std::vector<Offset> snapshot_offsets(const std::vector<DirectoryEntry>& entries) {
  std::vector<Offset> offsets;
  for (const DirectoryEntry& entry : entries) {
    if (auto offset = offset_of(entry.name, ".snapshot")) offsets.push_back(*offset);
  }
  std::ranges::sort(offsets);
  return offsets;
}

}  // namespace

Result<void> LogRecovery::run() {
  found_ = Recovery{.was_clean = how_.clean};
  Result<void> done = look_into_directory();
  if (!done) return done;
  done = load_epochs();
  if (!done) return done;
  log_.log_start_.store(std::max(how_.log_start, segments_.front()->base()).value);
  done = how_.clean ? find_end() : check_from_recovery_point();
  if (!done) return done;
  Offset end = log_.log_end();
  if (log_.log_start() > end) log_.log_start_.store(end.value);
  bool changed = epochs_.truncate_from_end(end);
  changed = epochs_.truncate_from_start(log_.log_start()) || changed;
  log_.epochs_ = std::move(epochs_);
  log_.epochs_changed_ = log_.epochs_changed_ || changed;
  log_.synced_.store(end.value);
  log_.segment_made_ = how_.now;
  log_.snapshots_ = how_.unsynced_files;
  if (how_.made_directory) log_.directory_made_ = log_.entries_made_ = true;
  log_.replace_segments(std::move(segments_));
  if (how_.clean) return {};
  done = drop_snapshots_beyond(disk(), how_.directory, end);
  if (!done) return done;
  return log_.load_producers();
}

Result<void> LogRecovery::look_into_directory() {
  Result<std::vector<DirectoryEntry>> entries = disk().list(how_.directory);
  if (!entries && entries.error().code == Code::not_found) {
    Result<void> made = disk().make_directory(how_.directory);
    if (!made) return made;
    log_.directory_made_ = true;
    entries = std::vector<DirectoryEntry>{};
  }
  if (!entries) return pass(entries);
  for (DirectoryEntry& entry : *entries) names_.push_back(std::move(entry.name));
  Result<void> swapped = finish_swaps();
  if (!swapped) return swapped;
  for (const std::string& name : names_) {
    std::optional<Offset> base = offset_of(name, ".log");
    if (!base) continue;
    Result<std::unique_ptr<File>> file = disk().open(path_of(name), Open::read);
    if (!file) return pass(file);
    Result<uint64_t> size = (*file)->size_bytes();
    if (!size) return pass(size);
    segments_.push_back(std::make_shared<Segment>(how_.files, how_.directory, *base, *size));
  }
  std::ranges::sort(segments_, {}, [](const auto& segment) { return segment->base(); });
  for (const std::string& name : names_) {
    for (const char* kind : {".index", ".timeindex", ".txnindex"}) {
      std::optional<Offset> base = offset_of(name, kind);
      auto is_of = [&](const auto& segment) { return segment->base() == *base; };
      if (!base || std::ranges::any_of(segments_, is_of)) continue;
      Result<void> removed = disk().remove_file(path_of(name));
      if (!removed) return removed;
    }
  }
  if (!segments_.empty()) return {};
  segments_.push_back(std::make_shared<Segment>(how_.files, how_.directory, how_.log_start, 0));
  log_.entries_made_ = true;
  return segments_.back()->create();
}

// What compaction or a deletion left half done. `.cleaned` is not complete yet; `.swap` is, and
// replaces the segments whose offsets it covers; `.deleted` was about to go.
Result<void> LogRecovery::finish_swaps() {
  std::vector<std::string> kept;
  std::vector<std::string> swaps;
  for (const std::string& name : names_) {
    if (name.ends_with(".deleted") || name.ends_with(".cleaned")) {
      Result<void> removed = disk().remove_file(path_of(name));
      if (!removed) return removed;
    } else if (name.ends_with(".swap")) {
      swaps.push_back(name.substr(0, name.size() - std::string_view(".swap").size()));
    } else {
      kept.push_back(name);
    }
  }
  for (const std::string& name : swaps) {
    std::optional<Offset> base = offset_of(name, ".log");
    if (!base) continue;
    Result<std::unique_ptr<File>> file = disk().open(path_of(name + ".swap"), Open::read);
    if (!file) return pass(file);
    Result<uint64_t> size = (*file)->size_bytes();
    if (!size) return pass(size);
    BatchScanner batches(**file, 0, *size);
    Offset next = *base;
    while (true) {
      Result<std::optional<BatchScanner::Batch>> batch = batches.next();
      if (!batch) return pass(batch);
      if (!*batch) break;
      next = (*batch)->header.next_offset();
    }
    auto covered = [&](const std::string& other) {
      std::optional<Offset> from = offset_of(other, ".log");
      return from && *from >= *base && *from < next;
    };
    for (const std::string& other : kept) {
      if (!covered(other) || other == name) continue;
      Result<void> removed = disk().remove_file(path_of(other));
      if (!removed) return removed;
    }
    std::erase_if(kept, [&](const std::string& other) { return covered(other); });
  }
  for (const std::string& name : swaps) {
    Result<void> renamed = disk().rename(path_of(name + ".swap"), path_of(name));
    if (!renamed) return renamed;
    if (std::ranges::find(kept, name) == kept.end()) kept.push_back(name);
    log_.entries_made_ = true;
  }
  names_ = std::move(kept);
  return {};
}

Result<void> LogRecovery::load_epochs() {
  Result<LeaderEpochs> epochs = LeaderEpochs::load(disk(), how_.directory);
  if (epochs) {
    epochs_ = std::move(*epochs);
    return {};
  }
  if (epochs.error().code != Code::bad_data) return pass(epochs);
  // They stand in the batches too; those below the recovery point are only known less precisely.
  log_warning(epochs.error().message, "; taken from the batches instead");
  log_.epochs_changed_ = true;
  return {};
}

// After a clean stop: the end is behind the last batch of the last segment.
Result<void> LogRecovery::find_end() {
  Segment& last = *segments_.back();
  Offset end = last.base();
  if (last.size_bytes() > 0) {
    Result<Offset> next = last.next_offset();
    if (!next) return pass(next);
    end = *next;
  }
  log_.set_end(end);
  return {};
}

Result<void> LogRecovery::check_from_recovery_point() {
  size_t first = Log::segment_of(segments_, how_.recovery_point);
  found_.scanned_from = std::max(how_.recovery_point, segments_.front()->base());
  log_.set_end(segments_[first]->base());
  for (size_t i = first; i < segments_.size(); i++) {
    Result<void> checked = check(i);
    if (!checked) return checked;
  }
  return {};
}

Result<void> LogRecovery::check(size_t index) {
  Segment& segment = *segments_[index];
  Result<std::shared_ptr<File>> file = segment.file();
  if (!file) return pass(file);
  Result<void> synced = (*file)->sync();
  if (!synced) return synced;
  (*file)->drop_cache();

  SparseIndex sparse;
  int64_t max_timestamp = -1;
  int32_t max_relative_offset = 0;
  uint64_t since_entry = 0;
  Offset end = std::max(log_.log_end(), segment.base());
  uint64_t size = segment.size_bytes();
  BatchScanner batches(**file, 0, size);
  bool overlaps = segment.base() < log_.log_end();
  while (!overlaps) {
    Result<std::optional<BatchScanner::Batch>> batch = batches.next();
    if (!batch) return pass(batch);
    if (!*batch) break;
    const BatchHeader& header = (*batch)->header;
    if (header.base_offset < end || header.last_offset_delta < 0) {
      return cut(index, (*batch)->position, true);
    }
    Segment::note_batch(sparse, header, segment.base(), (*batch)->position,
                        log_.config_.index_interval_bytes, max_timestamp, max_relative_offset,
                        since_entry);
    if (epochs_.latest() < header.leader_epoch &&
        epochs_.assign(header.leader_epoch, header.base_offset)) {
      log_.epochs_changed_ = true;
    }
    end = header.next_offset();
    found_.scanned_bytes += header.size_bytes();
  }
  log_.set_end(end);
  segment.set_index(std::move(sparse), max_timestamp, max_relative_offset, since_entry);
  if (batches.stopped_at() == size && !overlaps) return {};
  Result<bool> more = overlaps ? Result<bool>(true) : batches.finds_another(end);
  if (!more) return pass(more);
  bool later = index + 1 < segments_.size() && segments_[index + 1]->size_bytes() > 0;
  return cut(index, batches.stopped_at(), *more || later);
}

Result<void> LogRecovery::cut(size_t index, uint64_t position, bool damaged) {
  Segment& segment = *segments_[index];
  uint64_t bad_bytes = segment.size_bytes() - position;
  Result<std::shared_ptr<File>> file = segment.file();
  if (!file) return pass(file);
  if (damaged && how_.refuse_damage) {
    return fail(Code::bad_data, text(segment.path(), " is damaged at byte ", position, ", offset ",
                                     log_.log_end(), "; nothing was changed"));
  }
  if (damaged) {
    std::string kept = text(segment.path(), ".corrupt");
    Buffer rest(bad_bytes);
    Result<size_t> got = (*file)->read_at(position, rest);
    if (!got) return pass(got);
    Result<void> saved = replace_file(disk(), kept, rest);
    if (!saved) return saved;
    found_.damage = text(segment.path(), " is damaged at byte ", position, ", offset ",
                         log_.log_end(), "; what followed is kept in ", kept);
    for (size_t i = index + 1; i < segments_.size(); i++) {
      if (segments_[i]->size_bytes() == 0) {
        Result<void> removed = disk().remove_file(segments_[i]->path());
        if (!removed) return removed;
        continue;
      }
      std::vector<std::string> renamed;
      Result<void> moved = segments_[i]->add_suffix(".corrupt", renamed);
      if (!moved) return moved;
    }
    log_error(*found_.damage);
  } else {
    for (size_t i = index + 1; i < segments_.size(); i++) {
      Result<void> removed = disk().remove_file(segments_[i]->path());
      if (!removed) return removed;
    }
    log_info(segment.path(), ": cut a torn tail of ", bad_bytes, " bytes at ", position);
  }
  found_.cut_bytes += bad_bytes;
  segments_.resize(index + 1);
  log_.entries_made_ = true;
  Result<void> truncated = segment.truncate(position);
  if (!truncated) return truncated;
  return (*file)->sync();
}

Result<void> drop_snapshots_beyond(Disk& disk, const std::string& directory, Offset end) {
  Result<std::vector<DirectoryEntry>> entries = disk.list(directory);
  if (!entries) return pass(entries);
  for (Offset offset : snapshot_offsets(*entries)) {
    if (offset <= end) continue;
    Result<void> removed =
        disk.remove_file(text(directory, "/", segment_name(offset), ".snapshot"));
    if (!removed) return removed;
  }
  return {};
}

Result<ProducerState> replay_producers(Disk& disk, const std::string& directory,
                                       const std::vector<std::shared_ptr<Segment>>& segments,
                                       Offset end) {
  Result<std::vector<DirectoryEntry>> entries = disk.list(directory);
  if (!entries) return pass(entries);
  std::vector<std::pair<Offset, ProducerState>> usable;
  std::vector<Offset> offsets = snapshot_offsets(*entries);
  for (auto offset = offsets.rbegin(); offset != offsets.rend() && usable.size() < 2; ++offset) {
    if (*offset > end) continue;
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
    auto& chosen = usable[newest_serves ? 0 : 1];
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
