// SPDX-License-Identifier: Apache-2.0
#include "lib/log/recovery.h"

#include <algorithm>
#include <optional>

#include "lib/base/logger.h"
#include "lib/base/mutant.h"
#include "lib/base/text.h"
#include "lib/log/batch_scanner.h"
#include "lib/log/checkpoints.h"
#include "lib/log/producer_replay.h"

namespace eventd {

namespace {

constexpr size_t kCopySize = 1 << 20;

Offset base_of(const std::shared_ptr<Segment>& segment) { return segment->base(); }

}  // namespace

Result<void> LogRecovery::run() {
  found_ = Recovery{.was_clean = how_.clean};
  is_clean_ = how_.clean;
  Result<void> done = look_into_directory();
  if (!done) return done;
  done = load_epochs();
  if (!done) return done;
  log_.log_start_.store(std::max(how_.log_start, segments_.front()->base()).value);
  done = is_clean_ ? find_end() : check_from(how_.recovery_point);
  if (done && !is_clean_ && log_.log_end() < how_.recovery_point) done = check_all_again();
  if (done && log_.log_start() > log_.log_end()) done = begin_at(log_.log_start());
  if (!done) return done;
  hand_over();
  if (is_clean_) return {};
  Result<size_t> dropped = drop_snapshots_beyond(disk(), how_.directory, log_.log_end());
  if (!dropped) return pass(dropped);
  if (*dropped > 0) log_.entries_made_ = true;
  done = make_durable();
  if (!done) return done;
  return log_.load_producers();
}

// What was found becomes the log's.
void LogRecovery::hand_over() {
  Offset end = log_.log_end();
  bool changed = epochs_.truncate_from_end(end);
  changed = epochs_.truncate_from_start(log_.log_start()) || changed;
  log_.epochs_ = std::move(epochs_);
  log_.epochs_changed_ = log_.epochs_changed_ || changed;
  log_.synced_.store(end.value);
  log_.recovery_point_.store(is_clean_ ? end.value : std::min(end, how_.recovery_point).value);
  log_.segment_made_ = how_.now;
  log_.replace_segments(std::move(segments_));
  if (how_.partition_metadata) {
    log_.unsynced_paths_.push_back(path_of(kPartitionMetadata));
    log_.entries_made_ = true;
  }
  log_.found_clean_ = is_clean_ && !log_.entries_made_ && !log_.epochs_changed_;
}

// What the process before us did to the directory above the recovery point may not be on the disk,
// nor what recovery itself has done to it.
Result<void> LogRecovery::make_durable() {
  if (log_.log_end() > how_.recovery_point) {
    log_.entries_made_ = true;
    Result<bool> there = disk().exists(path_of(kPartitionMetadata));
    if (!there) return pass(there);
    if (*there && !how_.partition_metadata) {
      log_.unsynced_paths_.push_back(path_of(kPartitionMetadata));
    }
  }
  if (is_mutant("recovery-leaves-entries")) return {};
  SyncPlan plan = log_.begin_sync();
  Result<void> synced = run_sync(disk(), plan);
  if (synced) log_.finish_sync(std::move(plan));
  return synced;
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
  for (DirectoryEntry& entry : *entries) {
    if (!entry.is_directory) names_.push_back(std::move(entry.name));
  }
  Result<void> done = write_partition_metadata();
  if (!done) return done;
  done = finish_swaps();
  if (!done) return done;
  for (const std::string& name : names_) {
    if (auto offset = offset_in_name(name, ".snapshot")) log_.snapshot_offsets_.insert(*offset);
    std::optional<Offset> base = offset_in_name(name, ".log");
    if (!base) continue;
    Result<uint64_t> size = disk().file_size(path_of(name));
    if (!size) return pass(size);
    segments_.push_back(std::make_shared<Segment>(how_.files, how_.directory, *base, *size));
  }
  std::ranges::sort(segments_, {}, &base_of);
  done = drop_lonely_indexes();
  if (!done || !segments_.empty()) return done;
  return add_empty_segment(how_.log_start);
}

// Written before any data, and synced with the first.
Result<void> LogRecovery::write_partition_metadata() {
  if (!how_.partition_metadata) return {};
  Result<std::unique_ptr<File>> file = disk().open(path_of(kPartitionMetadata), Open::create);
  if (!file) return pass(file);
  Result<void> done = (*file)->truncate(0);
  if (!done) return done;
  return (*file)->write_at(0, bytes_of(*how_.partition_metadata));
}

Result<void> LogRecovery::drop_lonely_indexes() {
  for (const std::string& name : names_) {
    for (const char* kind : {".index", ".timeindex", ".txnindex"}) {
      std::optional<Offset> base = offset_in_name(name, kind);
      if (!base || std::ranges::binary_search(segments_, *base, {}, &base_of)) continue;
      Result<void> removed = disk().remove_file(path_of(name));
      if (!removed) return removed;
    }
  }
  return {};
}

Result<void> LogRecovery::add_empty_segment(Offset base) {
  segments_.push_back(std::make_shared<Segment>(how_.files, how_.directory, base, 0));
  log_.entries_made_ = true;
  return segments_.back()->create();
}

// What a deletion, a compaction or a file being replaced left half done. `.cleaned` and `.tmp` are
// not complete; `.swap` is, and replaces the segments whose offsets it covers; `.deleted` was about
// to go.
Result<void> LogRecovery::finish_swaps() {
  std::vector<std::string> kept;
  std::vector<std::string> swaps;
  constexpr std::string_view kSwap = ".swap";
  auto goes = [](const std::string& name) {
    return name.ends_with(".deleted") || name.ends_with(".cleaned") || name.ends_with(".tmp");
  };
  for (const std::string& name : names_) {
    if (goes(name)) {
      Result<void> removed = disk().remove_file(path_of(name));
      if (!removed) return removed;
    } else if (name.ends_with(kSwap)) {
      swaps.push_back(name.substr(0, name.size() - kSwap.size()));
    } else {
      kept.push_back(name);
    }
  }
  names_ = std::move(kept);
  // The log goes first: while it carries its suffix, all that it replaces may still be there, and
  // once it does not, what is left are its own indexes.
  auto is_log = [](const std::string& name) { return offset_in_name(name, ".log").has_value(); };
  // Not stable_partition: g++'s needs what its own headers call deprecated, and clang minds.
  std::ranges::sort(swaps, {}, [&](const std::string& name) {
    return std::pair(!is_log(name), std::string_view(name));
  });
  for (const std::string& name : swaps) {
    if (is_log(name)) {
      Result<void> removed = drop_covered(name);
      if (!removed) return removed;
    }
    Result<void> renamed = disk().rename(path_of(name) + std::string(kSwap), path_of(name));
    if (!renamed) return renamed;
    if (std::ranges::find(names_, name) == names_.end()) names_.push_back(name);
    log_.entries_made_ = true;
  }
  return {};
}

// Removes logs and indexes that `name`, still with its suffix, takes the place of.
Result<void> LogRecovery::drop_covered(const std::string& name) {
  Offset from = *offset_in_name(name, ".log");
  Result<std::unique_ptr<File>> file = disk().open(path_of(name + ".swap"), Open::read);
  if (!file) return pass(file);
  Result<uint64_t> size = (*file)->size_bytes();
  if (!size) return pass(size);
  BatchScanner batches(**file, 0, *size);
  Offset next = from + 1;
  while (true) {
    Result<std::optional<BatchScanner::Batch>> batch = batches.next();
    if (!batch) return pass(batch);
    if (!*batch || !fits_segment((*batch)->header, from)) break;
    next = std::max(next, (*batch)->header.next_offset());
  }
  auto is_covered = [&](const std::string& other) {
    for (const char* kind : {".log", ".index", ".timeindex", ".txnindex"}) {
      std::optional<Offset> base = offset_in_name(other, kind);
      if (base && *base >= from && *base < next) return true;
    }
    return false;
  };
  for (const std::string& other : names_) {
    if (!is_covered(other)) continue;
    Result<void> removed = disk().remove_file(path_of(other));
    if (!removed) return removed;
  }
  std::erase_if(names_, is_covered);
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

// After a clean stop the recovery point is the log's end; where no checkpoint tells it, the end is
// behind the last batch. The first append compares both.
Result<void> LogRecovery::find_end() {
  Segment& last = *segments_.back();
  Offset end = last.base();
  if (last.size_bytes() > 0 && how_.recovery_point > last.base()) {
    end = how_.recovery_point;
    log_.end_is_believed_ = true;
  } else if (last.size_bytes() > 0) {
    Result<Offset> next = last.next_offset();
    if (!next && next.error().code == Code::corrupt_message) {
      log_warning(next.error().message, ", although the last stop was clean; checking it all");
      found_.was_clean = is_clean_ = false;
      return check_from(Offset{0});
    }
    if (!next) return pass(next);
    end = *next;
  }
  log_.set_end(end);
  return {};
}

// The recovery point is of another log, or somebody has cut this one: nothing is believed.
Result<void> LogRecovery::check_all_again() {
  log_warning(how_.directory, " ends at ", log_.log_end(), ", before its recovery point ",
              how_.recovery_point, "; checking it all");
  return check_from(Offset{0});
}

Result<void> LogRecovery::check_from(Offset point) {
  size_t first = Log::segment_of(segments_, point);
  found_.scanned_from = std::max(point, segments_.front()->base());
  found_.scanned_bytes = 0;
  log_.set_end(segments_[first]->base());
  for (size_t i = first; i < segments_.size(); i++) {
    bool has_gap = i > first && segments_[i]->base() > log_.log_end();
    bool is_lost = has_gap && !log_.config_.compacts && !is_mutant("gap-is-served");
    Result<void> checked = is_lost ? cut_gap(i) : check(i, point);
    if (!checked) return checked;
  }
  return write_indexes(first);
}

Result<void> LogRecovery::check(size_t index, Offset point) {
  Segment& segment = *segments_[index];
  if (segment.base() < log_.log_end()) {
    // It begins before the one in front of it ends: none of it can be right.
    return cut(index - 1, segments_[index - 1]->size_bytes(), true);
  }
  Result<std::shared_ptr<File>> file = segment.file();
  if (!file) return pass(file);
  if (segment.size_bytes() > 0 && !is_mutant("recovery-does-not-sync")) {
    Result<void> synced = (*file)->sync();
    if (!synced) return synced;
  }

  SparseIndex sparse;
  int64_t max_timestamp = -1;
  int32_t max_relative_offset = 0;
  uint64_t since_entry = 0;
  Offset end = segment.base();
  uint64_t size = segment.size_bytes();
  BatchScanner batches(**file, size, point);
  bool misplaced = false;
  uint64_t believed = 0;  // bytes that lie wholly below the point
  uint64_t checked = 0;
  while (!misplaced) {
    Result<std::optional<BatchScanner::Batch>> batch = batches.next();
    if (!batch) return pass(batch);
    if (!*batch) break;
    const BatchHeader& header = (*batch)->header;
    misplaced = header.base_offset < end || !fits_segment(header, segment.base());
    if (misplaced) break;
    Segment::note_batch(sparse, header, segment.base(), (*batch)->position,
                        log_.config_.index_interval_bytes, max_timestamp, max_relative_offset,
                        since_entry);
    if (epochs_.latest() < header.leader_epoch &&
        epochs_.assign(header.leader_epoch, header.base_offset)) {
      log_.epochs_changed_ = true;
    }
    end = header.next_offset();
    log_.set_end(end);
    checked = batches.stopped_at();
    if (end <= point) believed = checked;
  }
  found_.scanned_bytes += checked - believed;
  segment.set_index(std::move(sparse), max_timestamp, max_relative_offset, since_entry,
                    log_.config_.index_interval_bytes);
  if (checked == size && !misplaced) return {};
  // All below the recovery point was synced: what is bad there was not torn.
  bool damaged = misplaced || end < point || holds_batches(index + 1);
  if (!damaged) {
    Result<bool> more = batches.finds_another(end);
    if (!more) return pass(more);
    damaged = *more;
  }
  return cut(index, checked, damaged);
}

bool LogRecovery::holds_batches(size_t from) const {
  return std::any_of(segments_.begin() + static_cast<ptrdiff_t>(from), segments_.end(),
                     [](const auto& segment) { return segment->size_bytes() > 0; });
}

// The end of the segment before has not reached the disk, and may have ended with a whole batch.
// What stands behind was never acknowledged; a log without its middle is not served.
Result<void> LogRecovery::cut_gap(size_t index) {
  return cut(index - 1, segments_[index - 1]->size_bytes(), holds_batches(index));
}

Result<void> LogRecovery::cut(size_t index, uint64_t position, bool damaged) {
  Segment& segment = *segments_[index];
  if (damaged && how_.refuse_damage) {
    return fail(Code::bad_data, text(segment.path(), " is damaged at byte ", position, ", offset ",
                                     log_.log_end(), "; nothing was changed"));
  }
  uint64_t bad_bytes = segment.size_bytes() - position;
  found_.cut_bytes += bad_bytes;
  Result<std::shared_ptr<File>> file = segment.file();
  if (!file) return pass(file);
  std::string suffix = damaged ? free_suffix() : std::string();
  if (damaged) {
    std::string kept = text(segment.path(), suffix);
    found_.damage = text(how_.directory, " is damaged at offset ", log_.log_end(), " (byte ",
                         position, " of ", segment.path(), "); what followed is kept in files *",
                         suffix);
    log_error(*found_.damage);
    Result<void> copied = bad_bytes > 0 ? copy(**file, position, kept) : Result<void>();
    if (!copied) return copied;
  } else {
    log_info(segment.path(), ": cut a torn tail of ", bad_bytes, " bytes at ", position);
  }
  Result<void> gone = drop_from(index + 1, suffix);
  if (!gone) return gone;
  // In this order: a later segment that came back would be taken for one that follows a gap.
  Result<void> synced = disk().sync_directory(how_.directory);
  if (!synced) return synced;
  if (bad_bytes == 0 || is_mutant("torn-tail-stays")) return {};
  Result<void> truncated = segment.truncate(position);
  if (!truncated) return truncated;
  return (*file)->sync();
}

// Segments from there on are renamed, or removed where they are empty.
Result<void> LogRecovery::drop_from(size_t index, const std::string& suffix) {
  for (size_t i = index; i < segments_.size(); i++) {
    std::vector<std::string> renamed;
    Result<void> gone = segments_[i]->size_bytes() == 0 || suffix.empty()
                            ? disk().remove_file(segments_[i]->path())
                            : segments_[i]->add_suffix(suffix, renamed);
    if (!gone) return gone;
  }
  segments_.resize(std::min(index, segments_.size()));
  log_.entries_made_ = true;
  return {};
}

// ".corrupt", or ".corrupt-2" where earlier damage is kept already.
std::string LogRecovery::free_suffix() const {
  for (int n = 1;; n++) {
    std::string suffix = n == 1 ? ".corrupt" : text(".corrupt-", n);
    auto has_it = [&](const std::string& name) { return name.ends_with(suffix); };
    if (std::ranges::none_of(names_, has_it)) return suffix;
  }
}

// The rest of a file, piece by piece: it may be a whole segment.
Result<void> LogRecovery::copy(File& from, uint64_t position, const std::string& to) {
  Result<std::unique_ptr<File>> file = disk().open(to, Open::create);
  if (!file) return pass(file);
  Buffer piece(kCopySize);
  for (uint64_t copied = 0;;) {
    Result<size_t> got = from.read_at(position + copied, piece);
    if (!got) return pass(got);
    if (*got == 0) break;
    Result<void> written = (*file)->write_at(copied, Bytes(piece).first(*got));
    if (!written) return written;
    copied += *got;
  }
  return (*file)->sync();
}

// Of segments that nobody appends to: they were rebuilt, and what stands on the disk may be torn. A
// full disk is no reason not to serve; they are rebuilt at the next start then.
Result<void> LogRecovery::write_indexes(size_t first) {
  for (size_t i = first; i + 1 < segments_.size(); i++) {
    Result<void> sealed = segments_[i]->seal();
    if (!sealed && sealed.error().code != Code::disk_full) return sealed;
    for (const std::string& path : segments_[i]->index_paths()) {
      if (sealed) {
        log_.unsynced_paths_.push_back(path);
        continue;
      }
      Result<void> removed = disk().remove_file(path);
      if (!removed && removed.error().code != Code::not_found) return removed;
    }
    log_.entries_made_ = true;
  }
  return {};
}

// As Kafka has it where the log ends before its start: all records are deleted ones.
Result<void> LogRecovery::begin_at(Offset start) {
  log_warning(how_.directory, " ends at ", log_.log_end(), ", before its start ", start,
              "; it begins anew there");
  for (const auto& segment : segments_) {
    Result<void> renamed = segment->add_suffix(".deleted", log_.deleted_);
    if (!renamed) return renamed;
  }
  segments_.clear();
  log_.set_end(start);
  log_.end_is_believed_ = false;
  return add_empty_segment(start);
}

}  // namespace eventd
