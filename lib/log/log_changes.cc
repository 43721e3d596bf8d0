// SPDX-License-Identifier: Apache-2.0
// What changes a log: appends, rolls, truncation, retention. See log.h.
#include <algorithm>
#include <limits>
#include <utility>

#include "lib/base/ensure.h"
#include "lib/base/logger.h"
#include "lib/base/text.h"
#include "lib/log/log.h"
#include "lib/log/producer_replay.h"

namespace eventd {

// -- append and roll

Result<Appended> Log::append(MutableBytes batch, const BatchHeader& checked, AppendOrigin origin,
                             LeaderEpoch leader_epoch, WallTime now) {
  BatchHeader header = checked;
  if (origin != AppendOrigin::replica) {
    header.base_offset = log_end();
    header.leader_epoch = leader_epoch;
  }
  Result<void> placed = check_place(header, origin);
  if (!placed) return pass(placed);
  Result<void> loaded = load_producers();
  if (!loaded) return pass(loaded);
  Result<std::optional<OriginalBatch>> original = producers_.check(header, origin);
  if (!original) return pass(original);
  if (*original) {
    const OriginalBatch& found = **original;
    return Appended{found.base_offset, found.last_offset, true, found.max_timestamp};
  }
  stamp(batch, header.base_offset, header.leader_epoch);
  Result<void> written = write(header, batch, now);
  if (!written) return pass(written);

  {
    std::lock_guard lock(epochs_mutex_);
    if (epochs_.assign(header.leader_epoch, header.base_offset)) epochs_changed_ = true;
  }
  {
    std::lock_guard lock(producers_mutex_);
    producers_.apply(header, header.is_control() ? records_of(batch) : Bytes{});
    publish_unstable();
  }
  appended_bytes_.fetch_add(batch.size());
  set_end(header.next_offset());
  if (appended_bytes_.load() - snapshot_at_bytes_ >= config_.producer_snapshot_bytes) {
    note_snapshot(now);
  }
  return Appended{header.base_offset, header.last_offset()};
}

// Whether the batch may stand at the log's end.
Result<void> Log::check_place(const BatchHeader& header, AppendOrigin origin) {
  if (origin == AppendOrigin::replica && header.base_offset < log_end()) {
    return fail(Code::offset_out_of_range, text("a replica's batch begins at ", header.base_offset,
                                                ", the log ends at ", log_end()));
  }
  if (!fits_segment(header, header.base_offset)) {
    return fail(Code::kafka_storage_error, text(directory_, " has no offsets left for a batch of ",
                                                header.last_offset_delta, " at ", log_end()));
  }
  if (!end_is_believed_) return {};
  Result<Offset> end = segments()->back()->next_offset();
  if (!end) return pass(end);
  if (*end != log_end()) {
    return fail(Code::kafka_storage_error,
                text(directory_, " ends at ", *end, ", but the checkpoint of a clean stop says ",
                     log_end(), "; delete the checkpoint to have it checked"));
  }
  end_is_believed_ = false;
  return {};
}

// The batch becomes the last one of the last segment, or the first of a new one.
Result<void> Log::write(const BatchHeader& header, Bytes batch, WallTime now) {
  Result<bool> full = must_roll(header, batch.size(), now);
  if (!full) return pass(full);
  if (*full) {
    Result<void> rolled = roll(header.base_offset, now);
    if (!rolled) return rolled;
  }
  Segment& active = *segments()->back();
  if (active.size_bytes() == 0) segment_made_ = now;
  found_clean_ = false;
  return active.append(header, batch, config_.index_interval_bytes);
}

void Log::set_end(Offset end) { log_end_.store(end.value); }

void Log::publish_unstable() const {
  std::optional<Offset> unstable = producers_.first_unstable();
  first_unstable_.store(unstable ? unstable->value : -1);
}

Result<bool> Log::must_roll(const BatchHeader& header, size_t size_bytes, WallTime now) const {
  const Segment& active = *segments()->back();
  uint64_t size = active.size_bytes();
  if (!fits_segment(header, active.base())) return true;
  if (size == 0) return false;
  if (size + size_bytes > static_cast<uint64_t>(config_.segment_bytes)) return true;
  if (active.index_is_full(config_.segment_index_bytes)) return true;
  Result<int64_t> first = active.first_timestamp();
  if (!first) return pass(first);
  // By the batches' own time, unless they have none.
  int64_t waited = *first >= 0 ? std::max(header.max_timestamp, int64_t{-1}) - *first
                               : now.ms - segment_made_.ms;
  return waited > config_.segment_ms - jitter_of(active.base());
}

// Kafka draws it at random for each segment, so that not all partitions roll at once. Here it comes
// from the names, so that a test can know it.
int64_t Log::jitter_of(Offset base) const {
  int64_t most = std::min(config_.segment_jitter_ms, config_.segment_ms);
  if (most <= 0) return 0;
  size_t seed = std::hash<std::string>{}(directory_) ^ (std::hash<Offset>{}(base) << 1);
  return static_cast<int64_t>(seed % static_cast<size_t>(most));
}

// The last segment's indexes are written, the producers noted, and a new segment begins at `base`:
// the log's end, or beyond it where a replica's leader has a gap.
Result<void> Log::roll(Offset base, WallTime now) {
  std::shared_ptr<const Segments> list = segments();
  Segments longer = *list;
  Segment& last = *list->back();
  if (last.size_bytes() == 0) {
    ENSURE(base != last.base());
    Result<void> gone = last.add_suffix(".deleted", deleted_);
    if (!gone) return gone;
    longer.pop_back();
  } else {
    Result<void> sealed = last.seal();
    if (!sealed) return sealed;
  }
  auto segment = std::make_shared<Segment>(files_, directory_, base, 0);
  Result<void> made = segment->create();
  if (!made) return made;
  found_clean_ = false;
  entries_made_ = true;
  if (last.size_bytes() > 0) {
    for (std::string& path : last.index_paths()) unsynced_paths_.push_back(std::move(path));
    Result<void> loaded = load_producers();
    if (!loaded) return loaded;
    note_snapshot(now);
  }
  longer.push_back(std::move(segment));
  replace_segments(std::move(longer));
  return {};
}

// -- producers

Result<void> Log::load_producers() const {
  if (producers_loaded_.load(std::memory_order_acquire)) return {};
  std::lock_guard lock(producers_mutex_);
  if (producers_loaded_.load()) return {};
  Result<ProducerState> state = replay_producers(disk(), directory_, *segments(), log_end());
  if (!state) return pass(state);
  producers_ = std::move(*state);
  publish_unstable();
  producers_loaded_.store(true, std::memory_order_release);
  return {};
}

void Log::note_snapshot(WallTime now) {
  snapshot_at_bytes_ = appended_bytes_.load();
  expire_producers(now);
  std::string path = text(directory_, "/", segment_name(log_end()), ".snapshot");
  snapshots_.push_back({std::move(path), producers_.encode(), log_end()});
  snapshot_offsets_.insert(log_end());
  thin_snapshots();
}

void Log::expire_producers(WallTime now) {
  if (!producers_loaded_.load()) return;
  std::lock_guard lock(producers_mutex_);
  producers_.expire(now.ms, config_.producer_id_expiration_ms);
}

// Kafka keeps one for the base of each segment. Of ours within a segment the last two serve, and a
// third one while the last may not be written yet.
void Log::thin_snapshots() {
  constexpr size_t kKept = 3;
  if (snapshot_offsets_.size() <= kKept) return;
  auto first_kept = std::prev(snapshot_offsets_.end(), kKept);
  std::shared_ptr<const Segments> list = segments();
  for (auto at = snapshot_offsets_.begin(); at != first_kept;) {
    if ((*list)[segment_of(*list, *at)]->base() == *at) {
      ++at;
      continue;
    }
    deleted_.push_back(text(directory_, "/", segment_name(*at), ".snapshot"));
    at = snapshot_offsets_.erase(at);
  }
}

void Log::forget_snapshots(Offset below) {
  while (!snapshot_offsets_.empty() && *snapshot_offsets_.begin() < below) {
    Offset offset = *snapshot_offsets_.begin();
    deleted_.push_back(text(directory_, "/", segment_name(offset), ".snapshot"));
    snapshot_offsets_.erase(snapshot_offsets_.begin());
  }
}

// -- truncation

Result<void> Log::truncate(Offset to) {
  if (to >= log_end()) return {};
  truncations_++;
  found_clean_ = end_is_believed_ = false;
  entries_made_ = true;
  Offset end = to;
  if (to < segments()->front()->base()) {
    Result<void> restarted = restart_at(to);
    if (!restarted) return restarted;
  } else {
    Segments kept = *segments();
    while (kept.size() > 1 && kept.back()->base() >= to) {
      Result<void> gone = kept.back()->add_suffix(".deleted", deleted_);
      if (!gone) return gone;
      kept.pop_back();
    }
    Segment& last = *kept.back();
    Result<std::optional<BatchPlace>> place = last.find(to);
    if (!place) return pass(place);
    if (*place) {
      Result<void> cut = last.truncate((*place)->position);
      if (!cut) return cut;
      end = std::min(to, (*place)->header.base_offset);
    }
    replace_segments(std::move(kept));
  }
  set_end(end);
  synced_.store(std::min(synced_.load(), end.value));
  recovery_point_.store(std::min(recovery_point_.load(), end.value));
  if (log_start() > end) log_start_.store(end.value);
  {
    std::lock_guard lock(epochs_mutex_);
    if (epochs_.truncate_from_end(end)) epochs_changed_ = true;
  }
  Result<size_t> dropped = drop_snapshots_beyond(disk(), directory_, end);
  if (!dropped) return pass(dropped);
  std::erase_if(snapshots_, [&](const auto& file) { return file.snapshot_of > end; });
  snapshot_offsets_.erase(snapshot_offsets_.upper_bound(end), snapshot_offsets_.end());
  producers_loaded_ = false;
  return load_producers();
}

// Everything goes.
Result<void> Log::restart_at(Offset start) {
  for (const auto& segment : *segments()) {
    Result<void> gone = segment->add_suffix(".deleted", deleted_);
    if (!gone) return gone;
  }
  auto segment = std::make_shared<Segment>(files_, directory_, start, 0);
  Result<void> made = segment->create();
  if (!made) return made;
  replace_segments({std::move(segment)});
  return {};
}

// -- deletion of the oldest

Result<void> Log::delete_records(Offset before) {
  if (before > log_end()) {
    return fail(Code::offset_out_of_range, text("the log ends at ", log_end()));
  }
  if (before <= log_start()) return {};
  found_clean_ = false;
  log_start_.store(before.value);
  std::lock_guard lock(epochs_mutex_);
  if (epochs_.truncate_from_start(before)) epochs_changed_ = true;
  return {};
}

// Only what lies wholly below `limit`, and never a last segment that is empty.
bool Log::may_go(const Segments& list, size_t index, Offset limit) const {
  bool is_last = index + 1 == list.size();
  Offset end = is_last ? log_end() : list[index + 1]->base();
  return end <= limit && !(is_last && list[index]->size_bytes() == 0);
}

// How many segments from the oldest on retention.bytes wants to go, of those that may.
size_t Log::expired_by_size(const Segments& list, Offset limit) const {
  size_t gone = segment_of(list, log_start());
  if (config_.retention_bytes < 0) return gone;
  uint64_t size = 0;
  for (size_t i = gone; i < list.size(); i++) size += list[i]->size_bytes();
  auto kept = static_cast<uint64_t>(config_.retention_bytes);
  while (gone < list.size() && may_go(list, gone, limit) &&
         size >= kept + list[gone]->size_bytes()) {
    size -= list[gone]->size_bytes();
    gone++;
  }
  return gone;
}

Result<bool> Log::is_too_old(const Segment& segment, WallTime now) const {
  Result<int64_t> latest = segment.max_timestamp();
  if (!latest) return pass(latest);
  if (*latest < 0) {
    Result<WallTime> modified = disk().modified(segment.path());
    if (!modified) return pass(modified);
    latest = modified->ms;
  }
  return now.ms - *latest > config_.retention_ms;
}

Result<void> Log::apply_retention(WallTime now, Offset limit) {
  if (!config_.deletes) return {};
  std::shared_ptr<const Segments> list = segments();
  size_t gone = expired_by_size(*list, limit);
  while (config_.retention_ms >= 0 && gone < list->size() && may_go(*list, gone, limit)) {
    Result<bool> old = is_too_old(*(*list)[gone], now);
    if (!old) return pass(old);
    if (!*old) break;
    gone++;
  }
  if (gone == list->size()) {
    // Appends need a segment that stays.
    Result<void> rolled = roll(log_end(), now);
    if (!rolled) return rolled;
    list = segments();
  }
  return delete_records((*list)[gone]->base());
}

Result<size_t> Log::delete_segments(Offset stored_start) {
  stored_start = std::min(stored_start, log_start());
  Segments kept = *segments();
  size_t count = 0;
  while (count + 1 < kept.size() && kept[count + 1]->base() <= stored_start) count++;
  if (count == 0) return size_t{0};
  Segments gone(kept.begin(), kept.begin() + static_cast<ptrdiff_t>(count));
  kept.erase(kept.begin(), kept.begin() + static_cast<ptrdiff_t>(count));
  Offset first = kept.front()->base();
  replace_segments(std::move(kept));
  for (const auto& segment : gone) {
    Result<void> renamed = segment->add_suffix(".deleted", deleted_);
    if (!renamed) return pass(renamed);
  }
  forget_snapshots(first);
  return count;
}

std::vector<std::string> Log::take_deleted() { return std::exchange(deleted_, {}); }

void Log::set_config(const LogConfig& config) { config_ = config; }

}  // namespace eventd
