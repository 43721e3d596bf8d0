// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/replay/segment_source.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/cli/replay/batch_records.h"
#include "lib/log/sparse_index.h"

namespace eventd {

namespace {

constexpr uint64_t kTurnBytes = 1 << 20;
constexpr size_t kIndexMax = 64 << 20;
constexpr int64_t kEnd = -1;
constexpr int64_t kStart = -2;

}  // namespace

SegmentSource::SegmentSource(Loop& loop, Disk& disk, std::vector<PartitionPlace> places,
                             bool committed_only, PartitionLog::Report report)
    : loop_(loop), disk_(disk), committed_only_(committed_only), report_(std::move(report)) {
  for (PartitionPlace& place : places) {
    TopicPartition name = place.name;
    places_.emplace(std::move(name), std::move(place));
  }
}

Task<Result<std::vector<TopicInfo>>> SegmentSource::topics(std::vector<std::string> names) {
  std::vector<TopicInfo> found;
  for (const auto& [name, place] : places_) {
    if (!names.empty() && std::ranges::find(names, name.topic) == names.end()) continue;
    if (found.empty() || found.back().name != name.topic) {
      found.emplace_back().name = name.topic;
    }
    found.back().partitions.resize(static_cast<size_t>(name.partition) + 1);
  }
  for (const std::string& name : names) {
    if (std::ranges::find(found, name, &TopicInfo::name) != found.end()) continue;
    TopicInfo& missing = found.emplace_back();
    missing.name = name;
    missing.error = Code::unknown_topic_or_partition;
  }
  co_return std::move(found);
}

PartitionLog* SegmentSource::log_of(const TopicPartition& partition) {
  auto known = logs_.find(partition);
  if (known != logs_.end()) return known->second.get();
  const PartitionPlace& place = places_.at(partition);
  Result<PartitionLog> log =
      PartitionLog::open(disk_, place.folder, place.name, place.only, report_);
  if (!log) report_(log.error().message);
  auto& slot = logs_[partition];
  if (log) slot = std::make_unique<PartitionLog>(std::move(*log));
  return slot.get();
}

Task<Result<RecordSource::Offsets>> SegmentSource::offsets(Times wanted) {
  Offsets found;
  for (const auto& [name, question] : wanted) {
    PartitionLog* log = log_of(name);
    if (log == nullptr) {
      found[name] = question < 0 ? 0 : -1;
    } else if (question == kStart) {
      found[name] = log->start().value;
    } else if (question == kEnd) {
      found[name] = log->end(committed_only_).value;
    } else {
      Result<std::optional<Offset>> at = log->find_time(question, committed_only_);
      if (!at) report_(at.error().message);
      found[name] = at && *at ? (*at)->value : -1;
    }
    co_await next_turn(loop_);
  }
  co_return std::move(found);
}

void SegmentSource::add(const TopicPartition& partition, int64_t offset) {
  Reader& reader = readers_[partition];
  Offset wanted{offset};
  // Whoever stopped within a batch goes on with it.
  bool is_here =
      reader.walk && wanted >= reader.batch_base && reader.done && wanted <= reader.offset;
  if (is_here) {
    reader.walk->go_back(reader.batch_position, reader.batch_base);
  } else {
    reader.walk.reset();
  }
  reader.offset = wanted;
  reader.done = false;
}

Task<Result<void>> SegmentSource::run() {
  bool more = true;
  while (more && !stopped_) {
    more = false;
    for (auto& [name, reader] : readers_) {
      if (reader.done || stopped_) continue;
      read_some(name, reader);
      more = true;
      if (!stopped_) callbacks_.on_drained();
      co_await next_turn(loop_);
    }
  }
  co_return Result<void>{};
}

// Nothing more of the partition: its position is there.
void SegmentSource::end_at(const TopicPartition& name, Reader& reader, Offset offset) {
  reader.done = true;
  reader.offset = std::max(reader.offset, offset);
  (void)callbacks_.on_position(name, reader.offset.value);  // done either way
}

void SegmentSource::read_some(const TopicPartition& name, Reader& reader) {
  PartitionLog& log = *log_of(name);
  Offset end = log.end(committed_only_);
  for (uint64_t read = 0; read < kTurnBytes && !reader.done && !stopped_;) {
    if (reader.offset >= end) return end_at(name, reader, end);
    if (!reader.walk) {
      Result<bool> opened = open_at(name, log, reader);
      if (!opened) report_(opened.error().message);
      if (!opened || !*opened) return end_at(name, reader, end);
      if (reader.done) return;
    }
    Result<std::optional<SegmentWalk::Batch>> batch = reader.walk->next();
    if (auto damage = reader.walk->take_damage()) log.tell(reader.path, *damage);
    if (!batch) report_(text(reader.path, ": ", batch.error().message));
    if (!batch || !*batch) {
      if (!next_segment(log, reader)) return end_at(name, reader, end);
      continue;
    }
    const BatchHeader& header = (*batch)->header;
    read += header.size_bytes();
    if (header.next_offset() <= reader.offset) continue;
    if (header.base_offset >= end) return end_at(name, reader, end);
    reader.batch_position = (*batch)->position;
    reader.batch_base = header.base_offset;
    bool is_hidden = header.is_control() || (committed_only_ && log.is_aborted(header));
    if (!is_hidden && !hand_out(name, reader, **batch)) return;
    reader.offset = std::min(header.next_offset(), end);
    if (!callbacks_.on_position(name, reader.offset.value)) reader.done = true;
  }
}

// False: no more of this partition for now.
bool SegmentSource::hand_out(const TopicPartition& name, Reader& reader,
                             const SegmentWalk::Batch& batch) {
  FetchedRecord fetched;
  fetched.partition = &name;
  Fetcher::Next next = Fetcher::Next::record;
  Result<void> read =
      for_each_record(batch.header, batch.bytes, plain_, [&](const BatchRecord& record) {
        if (record.offset < reader.offset.value) return true;
        fetched.offset = record.offset;
        fetched.timestamp = record.timestamp;
        fetched.key = record.record->key;
        fetched.value = record.record->value;
        fetched.record = record.record;
        next = callbacks_.on_record(fetched);
        if (next != Fetcher::Next::record) reader.offset = Offset{record.offset};
        return next == Fetcher::Next::record;
      });
  if (!read) {
    report_(text(reader.path, ": the batch at offset ", batch.header.base_offset, ": ",
                 read.error().message));
  }
  if (next == Fetcher::Next::partition) reader.done = true;
  if (next == Fetcher::Next::nothing) stopped_ = true;
  return next == Fetcher::Next::record;
}

// Opens the segment in which the offset lies. False: there is none any more.
Result<bool> SegmentSource::open_at(const TopicPartition& name, PartitionLog& log, Reader& reader) {
  for (int attempt = 0; attempt < 3; attempt++) {
    const std::vector<SegmentFile>& segments = log.segments();
    if (segments.empty()) return false;
    auto behind = std::ranges::upper_bound(segments, reader.offset, {}, &SegmentFile::base);
    if (behind == segments.begin()) {
      // A live broker has deleted what came before.
      Offset first = segments.front().base;
      callbacks_.on_gap(name, reader.offset.value, first.value);
      reader.offset = first;
      if (!callbacks_.on_position(name, first.value)) reader.done = true;
      if (reader.done) return true;
      behind = std::next(segments.begin());
    }
    const SegmentFile& segment = *std::prev(behind);
    Result<std::unique_ptr<File>> file = disk_.open(segment.path, Open::read);
    if (!file && file.error().code != Code::not_found) return pass(file);
    if (!file) {
      Result<void> listed = log.list_again();
      if (!listed) return pass(listed);
      continue;
    }
    reader.file = std::move(*file);
    reader.path = segment.path;
    reader.segment = segment.base;
    SegmentWalk::Range range{.base = segment.base,
                             .position = position_by_index(segment, *reader.file, reader.offset),
                             .end = segment.size_bytes,
                             .expected = segment.base};
    if (behind != segments.end()) range.limit = behind->base;
    reader.walk = std::make_unique<SegmentWalk>(*reader.file, range, SegmentWalk::Check::all);
    return true;
  }
  return fail(Code::not_found, text(log.folder(), ": its files go as fast as they are looked at"));
}

// Where to begin in the segment. The index is a hint: where no batch before the offset stands at
// the place that it tells, the segment is read from its start.
uint64_t SegmentSource::position_by_index(const SegmentFile& segment, File& file,
                                          Offset offset) const {
  constexpr std::string_view kLog = ".log";
  size_t stem = segment.path.rfind(kLog);
  if (offset <= segment.base || stem == std::string::npos) return 0;
  Result<Buffer> bytes = read_file(disk_, text(segment.path.substr(0, stem), ".index"), kIndexMax);
  if (!bytes) return 0;
  SparseIndex index;
  Result<std::vector<IndexEntry>> entries = decode_offsets(*bytes, segment.size_bytes);
  if (!entries) return 0;
  index.offsets = std::move(*entries);
  auto relative = static_cast<int32_t>(std::min<int64_t>(offset - segment.base, INT32_MAX));
  auto position = static_cast<uint64_t>(index.floor_offset(relative).position);
  SegmentWalk walk(file,
                   {.base = segment.base,
                    .position = position,
                    .end = segment.size_bytes,
                    .expected = segment.base},
                   SegmentWalk::Check::all);
  Result<std::optional<SegmentWalk::Batch>> batch = walk.next();
  bool holds = batch && *batch && !walk.take_damage() && (*batch)->header.base_offset <= offset;
  return holds ? position : 0;
}

// Moves to the segment behind; false if that was the last.
bool SegmentSource::next_segment(PartitionLog& log, Reader& reader) const {
  auto behind = std::ranges::upper_bound(log.segments(), reader.segment, {}, &SegmentFile::base);
  if (behind == log.segments().end()) return false;
  reader.offset = std::max(reader.offset, behind->base);
  reader.walk.reset();
  return true;
}

}  // namespace eventd
