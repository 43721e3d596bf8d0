// SPDX-License-Identifier: Apache-2.0
#include "lib/log/log.h"

#include <algorithm>
#include <limits>

#include "lib/base/ensure.h"
#include "lib/base/logger.h"
#include "lib/base/text.h"
#include "lib/log/batch_scanner.h"
#include "lib/log/recovery.h"
#include "lib/record/codec.h"
#include "lib/record/record.h"

namespace eventd {

namespace {

// A snapshot of the producers is also taken within a segment, so that recovery need not read all
// of a large one.
constexpr uint64_t kSnapshotEveryBytes = 64 << 20;
constexpr size_t kDecompressedMax = 256 << 20;

}  // namespace

Result<void> run_sync(Disk& disk, const SyncPlan& plan) {
  for (const auto& [path, contents] : plan.files) {
    Result<void> replaced = replace_file(disk, path, contents);
    if (!replaced) return replaced;
  }
  for (const auto& segment : plan.segments) {
    Result<std::shared_ptr<File>> file = segment->file();
    if (!file && file.error().code == Code::not_found) continue;  // retention was faster
    if (!file) return pass(file);
    Result<void> synced = (*file)->sync();
    if (!synced) return synced;
  }
  for (const std::string& directory : plan.directories) {
    Result<void> synced = disk.sync_directory(directory);
    if (!synced) return synced;
  }
  return {};
}

Log::Log(std::shared_ptr<OpenFiles> files, std::string directory, const LogConfig& config)
    : files_(std::move(files)),
      directory_(std::move(directory)),
      segments_(std::make_shared<const Segments>()),
      config_(config) {}

Log::~Log() = default;

Result<std::unique_ptr<Log>> Log::open(const OpenLog& how, Recovery& found) {
  std::unique_ptr<Log> log(new Log(how.files, how.directory, how.config));
  LogRecovery recovery(*log, how, found);
  Result<void> recovered = recovery.run();
  if (!recovered) return pass(recovered, text("open the log ", how.directory));
  return log;
}

// -- reading

std::shared_ptr<const Log::Segments> Log::segments() const {
  std::lock_guard lock(list_mutex_);
  return segments_;
}

void Log::replace_segments(Segments segments) {
  auto list = std::make_shared<const Segments>(std::move(segments));
  std::lock_guard lock(list_mutex_);
  segments_.swap(list);
}

size_t Log::segment_of(const Segments& segments, Offset offset) {
  auto after = std::ranges::upper_bound(segments, offset, {},
                                        [](const auto& segment) { return segment->base(); });
  return after == segments.begin() ? 0 : static_cast<size_t>(after - segments.begin()) - 1;
}

Offset Log::log_start() const { return Offset{log_start_.load()}; }
Offset Log::log_end() const { return Offset{log_end_.load()}; }
Offset Log::synced() const { return Offset{synced_.load()}; }

Offset Log::first_unstable() const {
  int64_t first = first_unstable_.load();
  return first < 0 ? log_end() : Offset{first};
}

uint64_t Log::size_bytes() const {
  uint64_t sum = 0;
  for (const auto& segment : *segments()) sum += segment->size_bytes();
  return sum;
}

size_t Log::segment_count() const { return segments()->size(); }

uint64_t Log::unsynced_bytes() const {
  uint64_t synced = synced_bytes_.load();
  uint64_t appended = appended_bytes_.load();
  return appended > synced ? appended - synced : 0;
}

Result<LogSlice> Log::read(Offset from, uint32_t size_max, Offset limit, bool first_whole,
                           Patience patience) const {
  Offset end = log_end();
  if (from < log_start() || from > end) {
    return fail(Code::offset_out_of_range,
                text("offset ", from, " is not within ", log_start(), " and ", end));
  }
  limit = std::min(limit, end);
  if (from >= limit) return LogSlice{};
  std::shared_ptr<const Segments> list = segments();
  for (size_t i = segment_of(*list, from); i < list->size(); i++) {
    const Segment& segment = *(*list)[i];
    Result<std::optional<BatchPlace>> place = segment.find(from, patience);
    if (!place) return pass(place);
    if (!*place) continue;  // compaction has emptied the segment's end
    if ((*place)->header.last_offset() >= limit) return LogSlice{};
    Result<uint64_t> run = segment.end_of_run(**place, size_max, limit, patience);
    if (!run) return pass(run);
    uint64_t size = *run - (*place)->position;
    if (size == 0 && first_whole) size = (*place)->header.size_bytes();
    if (size == 0) return LogSlice{};
    Result<std::shared_ptr<File>> file = segment.file();
    if (!file) return pass(file);
    if (patience == Patience::resident_only) {
      Result<bool> resident = (*file)->is_resident((*place)->position, size);
      if (!resident) return pass(resident);
      if (!*resident) return fail(Code::would_block, "not in the page cache");
    }
    return LogSlice{std::move(*file), (*place)->position, static_cast<uint32_t>(size)};
  }
  return LogSlice{};
}

Result<uint32_t> sound_bytes(const LogSlice& slice) {
  BatchScanner scan(*slice.file, slice.position, slice.position + slice.size_bytes);
  while (true) {
    Result<std::optional<BatchScanner::Batch>> batch = scan.next();
    if (!batch) return pass(batch);
    if (!*batch) return static_cast<uint32_t>(scan.stopped_at() - slice.position);
  }
}

Result<std::optional<TimedOffset>> Log::record_at_time(const Segment& segment,
                                                       const BatchPlace& place,
                                                       int64_t timestamp) const {
  Result<Buffer> batch = segment.read(place);
  if (!batch) return pass(batch);
  const BatchHeader& header = place.header;
  TimedOffset found{header.last_offset(), header.max_timestamp, header.leader_epoch};
  if (header.is_log_append_time()) {
    found.offset = std::max(header.base_offset, log_start());
    return std::optional(found);
  }
  Buffer plain;
  Bytes payload = records_of(*batch);
  if (header.codec() != Codec::none) {
    Result<void> opened = decompress(header.codec(), payload, plain, kDecompressedMax);
    if (!opened) return pass(opened);
    payload = plain;
  }
  RecordReader records(payload, header.record_count);
  Record record;
  while (records.next(record)) {
    int64_t at = header.base_timestamp + record.timestamp_delta;
    Offset offset = header.base_offset + record.offset_delta;
    if (at < timestamp || offset < log_start()) continue;
    return std::optional(TimedOffset{offset, at, header.leader_epoch});
  }
  return std::optional<TimedOffset>();
}

Result<std::optional<TimedOffset>> Log::find_time(int64_t timestamp, Offset limit) const {
  std::optional<TimedOffset> nothing;
  std::shared_ptr<const Segments> list = segments();
  for (size_t i = segment_of(*list, log_start()); i < list->size(); i++) {
    const Segment& segment = *(*list)[i];
    if (segment.base() >= limit) break;
    Result<int64_t> latest = segment.max_timestamp();
    if (!latest) return pass(latest);
    if (*latest < timestamp) continue;
    Result<std::optional<BatchPlace>> place = segment.find_time(timestamp);
    if (!place) return pass(place);
    while (*place && (*place)->header.base_offset < limit) {
      if ((*place)->header.max_timestamp >= timestamp &&
          (*place)->header.last_offset() >= log_start()) {
        auto found = record_at_time(segment, **place, timestamp);
        if (!found) return found;
        if (*found) return (*found)->offset < limit ? found : nothing;
      }
      place = segment.at((*place)->position + (*place)->header.size_bytes());
      if (!place) return pass(place);
    }
  }
  return nothing;
}

Result<std::optional<TimedOffset>> Log::find_max_timestamp() const {
  std::shared_ptr<const Segments> list = segments();
  int64_t largest = kNoTimestamp;
  for (const auto& segment : *list) {
    Result<int64_t> latest = segment->max_timestamp();
    if (!latest) return pass(latest);
    largest = std::max(largest, *latest);
  }
  if (largest == kNoTimestamp) return std::optional<TimedOffset>();
  return find_time(largest, log_end());
}

LeaderEpoch Log::latest_epoch() const {
  std::lock_guard lock(epochs_mutex_);
  return epochs_.latest();
}

EpochEnd Log::end_of_epoch(LeaderEpoch epoch) const {
  std::lock_guard lock(epochs_mutex_);
  return epochs_.end_of(epoch, log_end());
}

LeaderEpoch Log::epoch_at(Offset offset) const {
  std::lock_guard lock(epochs_mutex_);
  return epochs_.epoch_at(offset);
}

std::vector<ProducerSummary> Log::producers() const {
  std::lock_guard lock(producers_mutex_);
  return producers_.summaries();
}

// -- changing

Result<Appended> Log::append(MutableBytes batch, const BatchHeader& checked, AppendOrigin origin,
                             LeaderEpoch leader_epoch, WallTime now) {
  BatchHeader header = checked;
  bool is_replica = origin == AppendOrigin::replica;
  if (is_replica && header.base_offset < log_end()) {
    return fail(Code::offset_out_of_range, text("a replica's batch begins at ", header.base_offset,
                                                ", the log ends at ", log_end()));
  }
  Result<void> loaded = load_producers();
  if (!loaded) return pass(loaded);
  Result<std::optional<OriginalBatch>> original = producers_.check(header, origin);
  if (!original) return pass(original);
  if (*original) {
    const OriginalBatch& found = **original;
    return Appended{found.base_offset, found.last_offset, true, found.max_timestamp};
  }

  if (!is_replica) {
    header.base_offset = log_end();
    header.leader_epoch = leader_epoch;
  }
  Result<bool> full = must_roll(header, batch.size(), now);
  if (!full) return pass(full);
  if (*full) {
    Result<void> rolled = roll();
    if (!rolled) return pass(rolled);
  }
  stamp(batch, header.base_offset, header.leader_epoch);
  Segment& active = *segments()->back();
  if (active.size_bytes() == 0) segment_made_ = now;
  Result<void> written = active.append(header, batch, config_.index_interval_bytes);
  if (!written) return pass(written);

  {
    std::lock_guard lock(epochs_mutex_);
    if (epochs_.assign(header.leader_epoch, header.base_offset)) epochs_changed_ = true;
  }
  {
    std::lock_guard lock(producers_mutex_);
    producers_.apply(header, header.is_control() ? records_of(batch) : Bytes{});
    std::optional<Offset> unstable = producers_.first_unstable();
    first_unstable_.store(unstable ? unstable->value : -1);
  }
  appended_bytes_.fetch_add(batch.size());
  set_end(header.next_offset());
  if (appended_bytes_.load() - snapshot_at_bytes_ >= kSnapshotEveryBytes) note_snapshot();
  return Appended{header.base_offset, header.last_offset()};
}

void Log::set_end(Offset end) { log_end_.store(end.value); }

Result<bool> Log::must_roll(const BatchHeader& header, size_t size_bytes, WallTime now) const {
  const Segment& active = *segments()->back();
  uint64_t size = active.size_bytes();
  if (size == 0) return header.last_offset() - active.base() > INT32_MAX;
  if (size + size_bytes > static_cast<uint64_t>(config_.segment_bytes)) return true;
  if (header.last_offset() - active.base() > INT32_MAX) return true;
  if (active.index_is_full(config_.segment_index_bytes)) return true;
  Result<int64_t> first = active.first_timestamp();
  if (!first) return pass(first);
  int64_t waited = *first >= 0 && header.max_timestamp >= 0 ? header.max_timestamp - *first
                                                            : now.ms - segment_made_.ms;
  return waited > config_.segment_ms - config_.segment_jitter_ms;
}

// The old segment's indexes are written, a producer snapshot noted, and a new segment made.
Result<void> Log::roll() {
  Result<void> loaded = load_producers();
  if (!loaded) return loaded;
  std::shared_ptr<const Segments> list = segments();
  if (!list->empty()) {
    Result<void> sealed = list->back()->seal();
    if (!sealed) return sealed;
  }
  auto segment = std::make_shared<Segment>(files_, directory_, log_end(), 0);
  Result<void> made = segment->create();
  if (!made) return made;
  if (log_end() > log_start()) note_snapshot();
  Segments longer = *list;
  longer.push_back(std::move(segment));
  replace_segments(std::move(longer));
  entries_made_ = true;
  return {};
}

void Log::note_snapshot() {
  snapshot_at_bytes_ = appended_bytes_.load();
  producers_.expire(wall_now().ms, config_.producer_id_expiration_ms);
  snapshots_.emplace_back(text(directory_, "/", segment_name(log_end()), ".snapshot"),
                          producers_.encode());
}

Result<void> Log::roll_if_old(WallTime now) {
  const Segment& active = *segments()->back();
  if (active.size_bytes() == 0) return {};
  Result<int64_t> first = active.first_timestamp();
  if (!first) return pass(first);
  int64_t since = *first >= 0 ? *first : segment_made_.ms;
  if (now.ms - since <= config_.segment_ms - config_.segment_jitter_ms) return {};
  return roll();
}

Result<void> Log::truncate(Offset to) {
  if (to >= log_end()) return {};
  Segments kept = *segments();
  while (kept.size() > 1 && kept.back()->base() >= to) {
    std::vector<std::string> renamed;
    Result<void> gone = kept.back()->add_suffix(".deleted", renamed);
    if (!gone) return gone;
    deleted_.insert(deleted_.end(), renamed.begin(), renamed.end());
    kept.pop_back();
  }
  Segment& last = *kept.back();
  Result<std::optional<BatchPlace>> place = last.find(to);
  if (!place) return pass(place);
  Offset end = *place ? (*place)->header.base_offset : to;
  if (*place) {
    Result<void> cut = last.truncate((*place)->position);
    if (!cut) return cut;
  }
  replace_segments(std::move(kept));
  set_end(end);
  synced_.store(std::min(synced_.load(), end.value));
  if (log_start() > end) log_start_.store(end.value);
  {
    std::lock_guard lock(epochs_mutex_);
    if (epochs_.truncate_from_end(end)) epochs_changed_ = true;
  }
  entries_made_ = true;
  Result<void> dropped = drop_snapshots_beyond(disk(), directory_, end);
  if (!dropped) return dropped;
  std::erase_if(snapshots_, [&](const auto& snapshot) {
    return snapshot.first > text(directory_, "/", segment_name(end), ".snapshot");
  });
  producers_loaded_ = false;
  return load_producers();
}

Result<void> Log::load_producers() {
  if (producers_loaded_) return {};
  Result<ProducerState> state = replay_producers(disk(), directory_, *segments(), log_end());
  if (!state) return pass(state);
  std::lock_guard lock(producers_mutex_);
  producers_ = std::move(*state);
  std::optional<Offset> unstable = producers_.first_unstable();
  first_unstable_.store(unstable ? unstable->value : -1);
  producers_loaded_ = true;
  return {};
}

Result<void> Log::delete_records(Offset before) {
  if (before > log_end()) {
    return fail(Code::offset_out_of_range, text("the log ends at ", log_end()));
  }
  if (before <= log_start()) return {};
  log_start_.store(before.value);
  std::lock_guard lock(epochs_mutex_);
  if (epochs_.truncate_from_start(before)) epochs_changed_ = true;
  return {};
}

Result<size_t> Log::apply_retention(WallTime now, Offset limit) {
  std::shared_ptr<const Segments> list = segments();
  auto end_of = [&](size_t i) { return i + 1 < list->size() ? (*list)[i + 1]->base() : log_end(); };
  size_t gone = 0;
  while (gone + 1 < list->size() && end_of(gone) <= log_start()) gone++;
  auto may_go = [&](size_t i) {
    return end_of(i) <= limit && ((*list)[i]->size_bytes() > 0 || i + 1 < list->size());
  };
  if (config_.deletes && config_.retention_bytes >= 0) {
    uint64_t size = 0;
    for (size_t i = gone; i < list->size(); i++) size += (*list)[i]->size_bytes();
    auto kept = static_cast<uint64_t>(config_.retention_bytes);
    while (gone < list->size() && may_go(gone) && size >= kept + (*list)[gone]->size_bytes()) {
      size -= (*list)[gone]->size_bytes();
      gone++;
    }
  }
  while (config_.deletes && config_.retention_ms >= 0 && gone < list->size() && may_go(gone)) {
    Result<int64_t> latest = (*list)[gone]->max_timestamp();
    if (!latest) return pass(latest);
    if (*latest < 0) {
      Result<WallTime> modified = disk().modified((*list)[gone]->path());
      if (!modified) return pass(modified);
      latest = modified->ms;
    }
    if (now.ms - *latest <= config_.retention_ms) break;
    gone++;
  }
  if (gone == 0) return size_t{0};
  if (gone == list->size()) {
    // Appends need a segment that stays.
    Result<void> rolled = roll();
    if (!rolled) return pass(rolled);
  }
  Result<void> deleted = delete_first(gone);
  if (!deleted) return pass(deleted);
  return gone;
}

Result<void> Log::delete_first(size_t count) {
  Segments kept = *segments();
  ENSURE(count < kept.size());
  Offset first = kept[count]->base();
  // Before the files go, so that nobody starts to read there.
  if (log_start() < first) log_start_.store(first.value);
  Segments gone(kept.begin(), kept.begin() + static_cast<ptrdiff_t>(count));
  kept.erase(kept.begin(), kept.begin() + static_cast<ptrdiff_t>(count));
  replace_segments(std::move(kept));
  for (const auto& segment : gone) {
    Result<void> renamed = segment->add_suffix(".deleted", deleted_);
    if (!renamed) return renamed;
    std::string snapshot = text(directory_, "/", segment_name(segment->base()), ".snapshot");
    Result<void> moved = disk().rename(snapshot, text(snapshot, ".deleted"));
    if (moved) deleted_.push_back(text(snapshot, ".deleted"));
    if (!moved && moved.error().code != Code::not_found) return moved;
  }
  std::lock_guard lock(epochs_mutex_);
  if (epochs_.truncate_from_start(log_start())) epochs_changed_ = true;
  return {};
}

std::vector<std::string> Log::take_deleted() { return std::exchange(deleted_, {}); }

void Log::set_config(const LogConfig& config) { config_ = config; }

SyncPlan Log::begin_sync() {
  SyncPlan plan;
  plan.covers = log_end();
  plan.appended_bytes = appended_bytes_.load();
  plan.files = std::exchange(snapshots_, {});
  if (std::exchange(epochs_changed_, false)) {
    std::lock_guard lock(epochs_mutex_);
    std::string encoded = epochs_.encode();
    Bytes bytes = bytes_of(encoded);
    plan.files.emplace_back(text(directory_, "/", LeaderEpochs::kFileName),
                            Buffer(bytes.begin(), bytes.end()));
  }
  if (plan.appended_bytes > synced_bytes_.load() || plan.covers > synced()) {
    std::shared_ptr<const Segments> list = segments();
    for (size_t i = segment_of(*list, synced()); i < list->size(); i++) {
      plan.segments.push_back((*list)[i]);
    }
  }
  if (std::exchange(entries_made_, false)) plan.directories.push_back(directory_);
  if (std::exchange(directory_made_, false)) plan.directories.push_back(parent_of(directory_));
  return plan;
}

void Log::finish_sync(const SyncPlan& plan) {
  synced_bytes_.store(std::max(synced_bytes_.load(), plan.appended_bytes));
  int64_t covered = std::min(plan.covers.value, log_end_.load());
  synced_.store(std::max(synced_.load(), covered));
}

Result<void> Log::close() {
  Result<void> loaded = load_producers();
  if (!loaded) return loaded;
  Result<void> sealed = segments()->back()->seal();
  if (!sealed) return sealed;
  if (log_end() > log_start()) note_snapshot();
  SyncPlan plan = begin_sync();
  Result<void> synced = run_sync(disk(), plan);
  if (synced) finish_sync(plan);
  return synced;
}

}  // namespace eventd
