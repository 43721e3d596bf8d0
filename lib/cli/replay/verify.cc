// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/replay/verify.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/cli/replay/batch_records.h"
#include "lib/log/checkpoints.h"
#include "lib/log/leader_epochs.h"
#include "lib/log/producer_state.h"
#include "lib/record/control.h"

namespace eventd {

namespace {

constexpr size_t kSmallFileMax = size_t{1} << 30;

// commit or abort, of a batch that is one.
std::optional<ControlType> end_of_transaction(const SegmentWalk::Batch& batch) {
  RecordReader records(records_of(batch.bytes), batch.header.record_count);
  Record record;
  if (!records.next(record)) return std::nullopt;
  Result<ControlType> type = control_type(record);
  if (!type || (*type != ControlType::abort && *type != ControlType::commit)) return std::nullopt;
  return *type;
}

// Whether the first record with that time has that offset. Reads the batch again: only entries of
// older brokers need it.
bool has_record(File& file, const SegmentFile& segment, const BatchMark& mark, int32_t relative,
                int64_t timestamp) {
  SegmentWalk walk(file,
                   {.base = segment.base,
                    .position = mark.position,
                    .end = segment.size_bytes,
                    .expected = segment.base},
                   SegmentWalk::Check::all);
  Result<std::optional<SegmentWalk::Batch>> batch = walk.next();
  if (!batch || !*batch) return false;
  Buffer plain;
  bool found = false;
  int64_t offset = segment.base.value + relative;
  Result<void> read =
      for_each_record((*batch)->header, (*batch)->bytes, plain, [&](const BatchRecord& record) {
        if (record.timestamp != timestamp) return true;
        found = record.offset == offset;
        return false;
      });
  return read && found;
}

}  // namespace

void Verification::bad(const std::string& path, std::string_view what) {
  say_(text(path, ": ", what));
}

void Verification::check(const PartitionPlace& place) {
  Result<PartitionLog> log =
      PartitionLog::open(disk_, place.folder, place.name, std::nullopt, say_);
  if (!log) return say_(log.error().message);
  bool is_live = is_in_use(parent_of(place.folder));
  Progress progress;
  for (size_t i = 0; i < log->segments().size(); i++) {
    if (place.only && log->segments()[i].path != *place.only) continue;
    check_segment(*log, i, is_live && i + 1 == log->segments().size(), progress);
  }
  if (!place.only) check_small_files(place.folder);
}

void Verification::check_segment(const PartitionLog& log, size_t index, bool is_live,
                                 Progress& progress) {
  const SegmentFile& segment = log.segments()[index];
  Result<std::unique_ptr<File>> file = disk_.open(segment.path, Open::read);
  if (!file && file.error().code == Code::not_found) return;  // deleted meanwhile
  if (!file) return say_(file.error().message);
  SegmentWalk::Range range{
      .base = segment.base, .end = segment.size_bytes, .expected = segment.base};
  if (index + 1 < log.segments().size()) range.limit = log.segments()[index + 1].base;
  SegmentWalk walk(**file, range, SegmentWalk::Check::all);
  progress.marks = SegmentMarks{};
  progress.aborted.clear();
  while (true) {
    Result<std::optional<SegmentWalk::Batch>> batch = walk.next();
    if (auto damage = walk.take_damage(); damage && !(damage->is_tail && is_live)) {
      log.tell(segment.path, *damage);
      progress.marks.damaged.emplace_back(damage->from, damage->until);
    }
    if (!batch) return bad(segment.path, batch.error().message);
    if (!*batch) break;
    note(segment, log.start(), **batch, progress);
  }
  check_indexes(segment, **file, log.is_compacted(), progress);
}

void Verification::note(const SegmentFile& segment, Offset log_start,
                        const SegmentWalk::Batch& batch, Progress& progress) {
  const BatchHeader& header = batch.header;
  batches_++;
  progress.marks.batches.push_back(
      {batch.position, static_cast<int32_t>(header.base_offset - segment.base),
       static_cast<int32_t>(header.last_offset() - segment.base), header.max_timestamp});
  if (header.leader_epoch < progress.epoch) {
    bad(segment.path, text("the batch at byte ", batch.position, " has leader epoch ",
                           header.leader_epoch, " after ", progress.epoch));
  }
  progress.epoch = header.leader_epoch;
  if (header.is_control()) {
    end_transaction(log_start, batch, progress);
  } else if (header.is_transactional()) {
    progress.open.try_emplace(header.producer_id, header.base_offset);
  }
}

void Verification::end_transaction(Offset log_start, const SegmentWalk::Batch& batch,
                                   Progress& progress) {
  const BatchHeader& header = batch.header;
  std::optional<ControlType> end = end_of_transaction(batch);
  if (!end) return;
  auto open = progress.open.find(header.producer_id);
  bool is_whole = open != progress.open.end();
  Offset first = is_whole ? open->second : log_start;
  if (is_whole) progress.open.erase(open);
  // A transaction without records has no entry; one that began in what is deleted has.
  if (*end != ControlType::abort || (!is_whole && log_start.value == 0)) return;
  Offset stable = header.base_offset + 1;
  for (const auto& [producer, start] : progress.open) stable = std::min(stable, start);
  progress.aborted.push_back({header.producer_id, first, header.base_offset, stable, is_whole});
}

void Verification::check_indexes(const SegmentFile& segment, File& file, bool is_compacted,
                                 Progress& progress) {
  SegmentMarks& marks = progress.marks;
  marks.has_record = [&](const BatchMark& mark, int32_t relative, int64_t timestamp) {
    return has_record(file, segment, mark, relative, timestamp);
  };
  check_index(segment, ".index",
              [&](Bytes bytes, const BadEntry& entry) { check_offset_index(bytes, marks, entry); });
  check_index(segment, ".timeindex",
              [&](Bytes bytes, const BadEntry& entry) { check_time_index(bytes, marks, entry); });
  // Compaction and damage take markers away; of those that were deleted nothing is known.
  bool is_certain = !is_compacted && marks.damaged.empty() &&
                    std::ranges::all_of(progress.aborted, &AbortedTransaction::is_whole);
  if (!is_certain) return;
  bool has_index = false;
  check_index(segment, ".txnindex", [&](Bytes bytes, const BadEntry& entry) {
    has_index = true;
    check_transaction_index(bytes, progress.aborted, entry);
  });
  if (!has_index && !progress.aborted.empty()) {
    bad(segment.path, text(progress.aborted.size(), " aborted transactions, and no .txnindex"));
  }
}

void Verification::check_index(const SegmentFile& segment, const char* suffix,
                               const std::function<void(Bytes, const BadEntry&)>& check) {
  std::string path = segment.path.substr(0, segment.path.rfind(".log")) + suffix;
  Result<Buffer> file = read_file(disk_, path, kSmallFileMax);
  if (!file && file.error().code == Code::not_found) return;  // rebuilt when it is needed
  if (!file) return say_(file.error().message);
  check(*file, [&](size_t entry, const std::string& what) {
    bad(path, text("entry ", entry, ": ", what));
  });
}

void Verification::check_small_files(const std::string& folder) {
  Result<LeaderEpochs> epochs = LeaderEpochs::load(disk_, folder);
  if (!epochs) say_(epochs.error().message);
  Result<std::optional<Uuid>> id = load_partition_metadata(disk_, folder);
  if (!id) say_(id.error().message);
  Result<std::vector<DirectoryEntry>> entries = disk_.list(folder);
  if (!entries) return say_(entries.error().message);
  for (const DirectoryEntry& entry : *entries) {
    std::string path = text(folder, "/", entry.name);
    if (entry.name.ends_with(".checkpoint")) check_snapshot(path);
    if (!entry.name.ends_with(".snapshot")) continue;
    Result<Buffer> file = read_file(disk_, path, kSmallFileMax);
    if (!file && file.error().code == Code::not_found) continue;
    if (!file) {
      say_(file.error().message);
      continue;
    }
    Result<ProducerState> producers = ProducerState::decode(*file);
    if (!producers) bad(path, producers.error().message);
  }
}

// A snapshot of the metadata log is a file of batches.
void Verification::check_snapshot(const std::string& path) {
  Result<std::unique_ptr<File>> file = disk_.open(path, Open::read);
  if (!file) return say_(file.error().message);
  Result<uint64_t> size = (*file)->size_bytes();
  if (!size) return say_(size.error().message);
  SegmentWalk walk(**file, {.end = *size}, SegmentWalk::Check::all);
  while (true) {
    Result<std::optional<SegmentWalk::Batch>> batch = walk.next();
    if (auto damage = walk.take_damage()) {
      bad(path, text("no whole batch at byte ", damage->from, ": ", damage->what));
    }
    if (!batch) return bad(path, batch.error().message);
    if (!*batch) return;
    batches_++;
  }
}

void Verification::check_log_folder(const std::string& path) {
  for (const char* name : {kRecoveryPointFile, kLogStartFile, kHighWatermarkFile}) {
    auto offsets = load_offsets(disk_, text(path, "/", name));
    if (!offsets) say_(offsets.error().message);
  }
  auto identity = load_meta_properties(disk_, text(path, "/meta.properties"));
  if (!identity) say_(identity.error().message);
}

}  // namespace eventd
