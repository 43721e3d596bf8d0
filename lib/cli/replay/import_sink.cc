// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/replay/import_sink.h"

#include <algorithm>

#include "lib/base/text.h"

namespace eventd {

namespace {
constexpr size_t kBatchBytes = 512 << 10;
constexpr int64_t kBatchOffsets = 1'000'000;
}  // namespace

Result<int64_t> ImportSink::begin(const TopicPartition& partition, int64_t from, int64_t until) {
  (void)until;
  Result<ImportLog*> log = folder_->log(partition, Offset{from});
  if (!log) return pass(log);
  Writing& writing = writing_[partition];
  writing.log = *log;
  writing.reached = Offset{from};
  return from;
}

Result<void> ImportSink::take(const FetchedRecord& record) {
  if (record.partition != last_name_) {
    last_writing_ = &writing_.at(*record.partition);
    last_name_ = record.partition;
  }
  Writing& writing = *last_writing_;
  bool is_full = writing.batch.size_bytes() >= kBatchBytes ||
                 record.offset - writing.first.value >= kBatchOffsets;
  if (!writing.batch.empty() && is_full) {
    Result<void> written = write(writing);
    if (!written) return written;
  }
  if (writing.batch.empty()) writing.first = Offset{record.offset};
  std::vector<RecordHeader> headers;
  if (record.record->header_count > 0) headers = record.record->headers();
  writing.batch.append_at(static_cast<int32_t>(record.offset - writing.first.value),
                          record.timestamp, record.key, record.value, headers);
  writing.reached = Offset{record.offset + 1};
  return {};
}

Result<void> ImportSink::write(Writing& writing) {
  Result<Buffer> batch = writing.batch.finish({.base_offset = writing.first});
  if (!batch) return pass(batch);
  Result<BatchHeader> header = parse_batch_header(*batch);
  if (!header) return pass(header);
  return writing.log->append(*header, *batch);
}

Result<void> ImportSink::reached(const TopicPartition& partition, int64_t position) {
  Writing& writing = writing_.at(partition);
  writing.reached = std::max(writing.reached, Offset{position});
  return {};
}

Result<void> ImportSink::finish(bool complete) {
  if (!complete) return {};
  for (auto& [name, writing] : writing_) {
    Result<void> done;
    if (!writing.batch.empty()) done = write(writing);
    if (done) done = writing.log->fill_up_to(writing.reached);
    if (!done) return done;
  }
  return folder_->finish();
}

Result<uint64_t> import_partition(Disk& disk, const PartitionLog& log, bool committed_only,
                                  const PartitionLog::Report& report, ImportFolder& into) {
  Result<ImportLog*> target = into.log(log.name(), log.start());
  if (!target) return pass(target);
  Offset end = log.end(false);
  uint64_t unfinished = 0;
  for (size_t i = 0; i < log.segments().size(); i++) {
    const SegmentFile& segment = log.segments()[i];
    Result<std::unique_ptr<File>> file = disk.open(segment.path, Open::read);
    if (!file) {
      report(file.error().message);
      continue;
    }
    SegmentWalk walk(**file, log.range_of(i, segment.base), SegmentWalk::Check::all);
    while (true) {
      Result<std::optional<SegmentWalk::Batch>> batch = walk.next();
      if (auto damage = walk.take_damage()) log.tell(segment.path, *damage);
      if (!batch) report(text(segment.path, ": ", batch.error().message));
      if (!batch || !*batch) break;
      const BatchHeader& header = (*batch)->header;
      if (header.next_offset() <= log.start()) continue;
      if (header.next_offset() > end) break;  // came after the look at the folder
      bool is_open = log.is_open(header);
      bool is_hidden =
          header.is_control() || (committed_only && (is_open || log.is_aborted(header)));
      unfinished += is_open && is_hidden ? static_cast<uint64_t>(header.record_count) : 0;
      if (is_hidden) continue;
      Result<void> appended = (*target)->append(header, (*batch)->bytes);
      if (!appended) return pass(appended);
    }
  }
  Result<void> filled = (*target)->fill_up_to(end);
  if (!filled) return pass(filled);
  return unfinished;
}

}  // namespace eventd
