// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/replay/partition_log.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/cli/replay/batch_records.h"
#include "lib/log/checkpoints.h"
#include "lib/record/control.h"

namespace eventd {

namespace {

constexpr const char* kCleanerFile = "cleaner-offset-checkpoint";

// Whether the batch ends a transaction by aborting it; nothing for other control batches.
std::optional<bool> aborts(const SegmentWalk::Batch& batch) {
  RecordReader records(records_of(batch.bytes), batch.header.record_count);
  Record record;
  if (!records.next(record)) return std::nullopt;
  Result<ControlType> type = control_type(record);
  if (!type || (*type != ControlType::abort && *type != ControlType::commit)) return std::nullopt;
  return *type == ControlType::abort;
}

}  // namespace

Result<PartitionLog> PartitionLog::open(Disk& disk, std::string folder, TopicPartition name,
                                        std::optional<std::string> only, Report report) {
  PartitionLog log;
  log.disk_ = &disk;
  log.folder_ = std::move(folder);
  log.name_ = std::move(name);
  log.report_ = std::move(report);
  log.is_live_ = is_in_use(parent_of(log.folder_));
  Result<void> done = log.list_again();
  if (!done) return pass(done);
  bool is_damaged = false;
  done = log.look(SegmentWalk::Check::headers, is_damaged);
  if (done && !is_damaged) {
    Result<bool> sound = log.open_ones_are_sound();
    if (!sound) return pass(sound);
    is_damaged = !*sound;
  }
  // Headers are no more to be believed: every checksum counts.
  if (done && is_damaged) done = log.look(SegmentWalk::Check::all, is_damaged);
  if (done) done = log.load_checkpoints();
  if (!done) return pass(done);
  for (const auto& [from, until] : log.gaps_) {
    if (log.is_compacted_) break;
    log.report_(
        text(log.folder_, ": a gap: offsets ", from, " to ", until - 1, " are in no segment"));
  }
  log.stable_end_ = log.end_;
  for (const auto& [producer, transaction] : log.found_.open) {
    log.stable_end_ = std::min(log.stable_end_, transaction.first);
  }
  if (is_damaged && log.stable_end_ < log.end_) {
    log.report_(text(log.folder_, ": a transaction is open from offset ", log.stable_end_,
                     " on, perhaps because of the damage; -X isolation.level=read_uncommitted "
                     "reads what follows"));
  }
  if (only) done = log.restrict_to(*only);
  if (!done) return pass(done);
  return log;
}

Result<void> PartitionLog::list_again() {
  Result<std::vector<SegmentFile>> segments = list_segments(*disk_, folder_);
  if (!segments) return pass(segments);
  segments_ = std::move(*segments);
  return {};
}

SegmentWalk::Range PartitionLog::range_of(size_t index, Offset expected) const {
  const SegmentFile& segment = segments_[index];
  SegmentWalk::Range range{.base = segment.base, .end = segment.size_bytes, .expected = expected};
  if (index + 1 < segments_.size()) range.limit = segments_[index + 1].base;
  return range;
}

Result<void> PartitionLog::look(SegmentWalk::Check check, bool& is_damaged) {
  found_ = Found{};
  gaps_.clear();
  start_ = segments_.empty() ? Offset{0} : segments_.front().base;
  found_.end = start_;
  for (size_t i = 0; i < segments_.size(); i++) {
    Offset base = segments_[i].base;
    if (base > found_.end) gaps_.emplace_back(found_.end, base);
    found_.end = base;
    Result<bool> sound = look_into(i, check);
    if (!sound && sound.error().code == Code::not_found) continue;  // deleted meanwhile
    if (!sound) return pass(sound);
    is_damaged = is_damaged || !*sound;
    if (is_damaged && check == SegmentWalk::Check::headers) return {};
  }
  end_ = found_.end;
  is_compacted_ = found_.holes > 0;
  // A single hole before the last batch of all is rather a wrong offset than compaction.
  if (found_.holes == 1 && found_.last_hole.second == found_.last_base) {
    is_compacted_ = false;
    gaps_.push_back(found_.last_hole);
  }
  return {};
}

// False: there is damage.
Result<bool> PartitionLog::look_into(size_t index, SegmentWalk::Check check) {
  const SegmentFile& segment = segments_[index];
  Result<std::unique_ptr<File>> file = disk_->open(segment.path, Open::read);
  if (!file) return pass(file);
  SegmentWalk walk(**file, range_of(index, segment.base), check);
  bool sound = true;
  while (true) {
    Result<std::optional<SegmentWalk::Batch>> batch = walk.next();
    if (!batch) return pass(batch, segment.path);
    std::optional<SegmentWalk::Damage> damage = walk.take_damage();
    bool is_last = index + 1 == segments_.size();
    // What a live broker is just writing, and what it has set aside for more.
    bool is_tail = damage && damage->is_tail && is_last && is_live_;
    if (damage && !is_tail) {
      sound = false;
      if (check == SegmentWalk::Check::headers) return false;
      tell(segment.path, *damage);
    }
    if (!*batch) return sound;
    if ((*batch)->header.base_offset > found_.end && !damage) {
      found_.holes++;
      found_.last_hole = {found_.end, (*batch)->header.base_offset};
    }
    note(segment, **batch);
  }
}

void PartitionLog::note(const SegmentFile& segment, const SegmentWalk::Batch& batch) {
  const BatchHeader& header = batch.header;
  found_.end = header.next_offset();
  found_.last_base = header.base_offset;
  if (header.record_count != header.last_offset_delta + 1) found_.holes++;
  int64_t& latest = found_.times.try_emplace(segment.base, header.max_timestamp).first->second;
  latest = std::max(latest, header.max_timestamp);
  if (header.is_control()) {
    std::optional<bool> aborted = aborts(batch);
    auto open = found_.open.find(header.producer_id);
    if (!aborted || open == found_.open.end()) return;
    if (*aborted) {
      found_.aborted[header.producer_id].push_back({open->second.first, header.base_offset});
    }
    found_.open.erase(open);
  } else if (header.is_transactional()) {
    found_.open.try_emplace(header.producer_id,
                            OpenTransaction{header.base_offset, segment.path, batch.position});
  }
}

// A flipped bit must not look like a transaction that never ends.
Result<bool> PartitionLog::open_ones_are_sound() const {
  for (const auto& [producer, transaction] : found_.open) {
    Result<std::unique_ptr<File>> file = disk_->open(transaction.path, Open::read);
    if (!file && file.error().code == Code::not_found) continue;
    if (!file) return pass(file);
    Result<uint64_t> size = (*file)->size_bytes();
    if (!size) return pass(size);
    SegmentWalk walk(**file,
                     {.base = transaction.first,
                      .position = transaction.position,
                      .end = *size,
                      .expected = transaction.first},
                     SegmentWalk::Check::all);
    Result<std::optional<SegmentWalk::Batch>> batch = walk.next();
    if (!batch) return pass(batch);
    if (walk.take_damage()) return false;
  }
  return true;
}

// What stands beside the partition in the log folder: where its log starts, whether it is
// compacted.
Result<void> PartitionLog::load_checkpoints() {
  if (!partition_in_name(name_of_path(folder_))) return {};
  std::string parent = parent_of(folder_);
  std::pair<std::string, int32_t> key{name_.topic, name_.partition};
  auto starts = load_offsets(*disk_, text(parent, "/", kLogStartFile));
  if (starts) {
    auto start = starts->find(key);
    if (start != starts->end()) start_ = std::clamp(start->second, start_, end_);
  } else if (starts.error().code == Code::bad_data) {
    report_(starts.error().message);
  }
  auto cleaned = load_offsets(*disk_, text(parent, "/", kCleanerFile));
  if (cleaned && cleaned->contains(key)) is_compacted_ = true;
  return {};
}

Result<void> PartitionLog::restrict_to(const std::string& path) {
  auto wanted = std::ranges::find(segments_, path, &SegmentFile::path);
  if (wanted == segments_.end()) return fail(Code::not_found, text(path, " is gone"));
  auto index = static_cast<size_t>(wanted - segments_.begin());
  start_ = std::max(start_, wanted->base);
  if (index + 1 < segments_.size()) end_ = std::min(end_, segments_[index + 1].base);
  end_ = std::max(start_, end_);
  stable_end_ = std::max(start_, stable_end_);
  return {};
}

bool PartitionLog::is_aborted(const BatchHeader& header) const {
  if (!header.is_transactional()) return false;
  auto known = found_.aborted.find(header.producer_id);
  if (known == found_.aborted.end()) return false;
  auto after = std::ranges::upper_bound(known->second, header.base_offset, {}, &Aborted::first);
  return after != known->second.begin() && header.base_offset < std::prev(after)->marker;
}

bool PartitionLog::is_open(const BatchHeader& header) const {
  if (!header.is_transactional()) return false;
  auto open = found_.open.find(header.producer_id);
  return open != found_.open.end() && header.base_offset >= open->second.first;
}

void PartitionLog::tell(const std::string& path, const SegmentWalk::Damage& damage) const {
  std::string line;
  uint64_t size = damage.until - damage.from;
  if (damage.is_tail) {
    line = text(path, " ends in ", size, damage.is_zeros ? " zero bytes" : " torn bytes", " from ",
                damage.from, " on: no whole batch stands there (", damage.what, ")");
  } else {
    line = text(path, " is damaged at byte ", damage.from, ": ", damage.what, "; the next ", size,
                " bytes are passed over");
  }
  if (told_.insert(text(path, " ", damage.from)).second) report_(std::move(line));
}

Result<std::optional<Offset>> PartitionLog::find_time(int64_t timestamp_ms,
                                                      bool committed_only) const {
  for (size_t i = 0; i < segments_.size(); i++) {
    auto latest = found_.times.find(segments_[i].base);
    if (latest == found_.times.end() || latest->second < timestamp_ms) continue;
    auto offset = find_time_in(i, timestamp_ms, end(committed_only));
    if (!offset && offset.error().code == Code::not_found) continue;
    if (!offset || *offset) return offset;
  }
  return std::optional<Offset>();
}

Result<std::optional<Offset>> PartitionLog::find_time_in(size_t index, int64_t timestamp_ms,
                                                         Offset end) const {
  const SegmentFile& segment = segments_[index];
  Result<std::unique_ptr<File>> file = disk_->open(segment.path, Open::read);
  if (!file) return pass(file);
  SegmentWalk walk(**file, range_of(index, segment.base), SegmentWalk::Check::all);
  Buffer plain;
  while (true) {
    Result<std::optional<SegmentWalk::Batch>> batch = walk.next();
    if (!batch) return pass(batch, segment.path);
    if (!*batch || (*batch)->header.base_offset >= end) return std::optional<Offset>();
    if ((*batch)->header.max_timestamp < timestamp_ms) continue;
    std::optional<Offset> first;
    // Aborted records have a time too, and ListOffsets knows no difference.
    Result<void> read =
        for_each_record((*batch)->header, (*batch)->bytes, plain, [&](const BatchRecord& record) {
          Offset offset{record.offset};
          if (record.timestamp < timestamp_ms || offset < start_ || offset >= end) return true;
          first = offset;
          return false;
        });
    if (read && first) return first;
  }
}

}  // namespace eventd
