// SPDX-License-Identifier: Apache-2.0
// What must reach the disk, and when: see SyncPlan in log.h.
#include <algorithm>
#include <utility>

#include "lib/base/logger.h"
#include "lib/base/mutant.h"
#include "lib/base/text.h"
#include "lib/log/log.h"

namespace eventd {

namespace {

Result<void> sync_segment(const Segment& segment) {
  Result<std::shared_ptr<File>> file = segment.file();
  if (!file && segment.is_deleted()) return {};  // retention was faster
  if (!file) return pass(file);
  if (is_mutant("no-segment-sync")) return {};
  return (*file)->sync();
}

Result<void> sync_file(Disk& disk, const std::string& path) {
  Result<std::unique_ptr<File>> file = disk.open(path, Open::read_write);
  if (!file && file.error().code == Code::not_found) return {};  // deleted meanwhile
  if (!file) return pass(file);
  return (*file)->sync();
}

// Those that find no room are left in the plan.
Result<void> write_small_files(Disk& disk, std::vector<SyncPlan::SmallFile>& files) {
  std::vector<SyncPlan::SmallFile> left;
  for (SyncPlan::SmallFile& file : files) {
    Result<void> written = write_aside(disk, file.path, file.contents);
    if (written) written = put_in_place(disk, file.path);
    else if (written.error().code == Code::disk_full) {
      log_warning(written.error().message, "; will be tried again");
      left.push_back(std::move(file));
      continue;
    }
    if (!written) return written;
  }
  files = std::move(left);
  return {};
}

}  // namespace

Result<void> run_sync(Disk& disk, SyncPlan& plan) {
  for (const auto& segment : plan.segments) {
    Result<void> synced = sync_segment(*segment);
    if (!synced) return synced;
  }
  for (const std::string& path : plan.paths) {
    if (is_mutant("no-metadata-sync")) break;
    Result<void> synced = sync_file(disk, path);
    if (!synced) return synced;
  }
  Result<void> written = write_small_files(disk, plan.files);
  if (!written) return written;
  for (const std::string& directory : plan.directories) {
    if (is_mutant("no-directory-sync")) break;
    Result<void> synced = disk.sync_directory(directory);
    if (!synced) return synced;
  }
  return {};
}

SyncPlan Log::begin_sync() {
  SyncPlan plan;
  plan.covers = log_end();
  plan.appended_bytes = appended_bytes_.load();
  plan.truncations = truncations_;
  plan.files = std::exchange(snapshots_, {});
  plan.paths = std::exchange(unsynced_paths_, {});
  if (std::exchange(epochs_changed_, false) && !is_mutant("epochs-not-stored")) {
    std::lock_guard lock(epochs_mutex_);
    std::string encoded = epochs_.encode();
    Bytes bytes = bytes_of(encoded);
    plan.files.push_back({text(directory_, "/", LeaderEpochs::kFileName),
                          Buffer(bytes.begin(), bytes.end()), std::nullopt});
  }
  if (plan.appended_bytes > synced_bytes_.load() || plan.covers > synced()) {
    std::shared_ptr<const Segments> list = segments();
    size_t first = segment_of(*list, synced());
    if (is_mutant("sync-last-segment-only")) first = list->size() - 1;
    for (size_t i = first; i < list->size(); i++) {
      plan.segments.push_back((*list)[i]);
    }
  }
  if (std::exchange(entries_made_, false) || !plan.files.empty()) {
    plan.directories.push_back(directory_);
  }
  if (std::exchange(directory_made_, false)) plan.directories.push_back(parent_of(directory_));
  return plan;
}

void Log::finish_sync(SyncPlan plan) {
  bool all_files = plan.files.empty();
  for (SyncPlan::SmallFile& file : plan.files) {
    if (!file.snapshot_of) {
      epochs_changed_ = true;
    } else {
      snapshots_.push_back(std::move(file));
    }
  }
  // What was cut off meanwhile and appended anew is another log than the one that was synced.
  if (plan.truncations != truncations_) return;
  synced_bytes_.store(std::max(synced_bytes_.load(), plan.appended_bytes));
  synced_.store(std::max(synced_.load(), plan.covers.value));
  if (is_mutant("recovery-point-at-end")) recovery_point_.store(log_end_.load());
  if (all_files) recovery_point_.store(std::max(recovery_point_.load(), synced_.load()));
}

Result<void> Log::close(WallTime now) {
  if (found_clean_) return {};
  // Nothing was ever in it: what a power cut takes of its directory, the next start makes again.
  if (log_end() == Offset{0} && unsynced_bytes() == 0) return {};
  Result<void> loaded = load_producers();
  if (!loaded) return loaded;
  const Segment& last = *segments()->back();
  Result<void> sealed = last.seal();
  if (!sealed) return sealed;
  for (std::string& path : last.index_paths()) unsynced_paths_.push_back(std::move(path));
  entries_made_ = true;
  if (log_end() > Offset{0}) note_snapshot(now);
  SyncPlan plan = begin_sync();
  Result<void> synced = run_sync(disk(), plan);
  if (!synced) return synced;
  finish_sync(std::move(plan));
  // Nobody asks for them any more. One that stays is found by the next start.
  for (const std::string& path : take_deleted()) {
    Result<void> removed = disk().remove_file(path);
    if (!removed && removed.error().code != Code::not_found) log_warning(removed.error().message);
  }
  return {};
}

}  // namespace eventd
