// SPDX-License-Identifier: Apache-2.0
#include "lib/log/log.h"

#include <algorithm>

#include "lib/base/logger.h"
#include "lib/base/text.h"
#include "lib/log/batch_scanner.h"
#include "lib/log/recovery.h"
#include "lib/record/codec.h"
#include "lib/record/record.h"

namespace eventd {

namespace {

constexpr size_t kDecompressedMax = 256 << 20;

}  // namespace

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
Offset Log::recovery_point() const { return Offset{recovery_point_.load()}; }

Offset Log::first_unstable() const {
  Result<void> loaded = load_producers();
  if (!loaded) {
    // Without knowing which transactions are open, none of their records may be shown.
    log_warning(loaded.error().message);
    return log_start();
  }
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
    // Records of compressed batches were not looked at when they came.
    if (record.offset_delta < 0 || record.offset_delta > header.last_offset_delta) continue;
    auto at = static_cast<int64_t>(static_cast<uint64_t>(header.base_timestamp) +
                                   static_cast<uint64_t>(record.timestamp_delta));
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
  Result<void> loaded = load_producers();
  if (!loaded) log_warning(loaded.error().message);
  std::lock_guard lock(producers_mutex_);
  return producers_.summaries();
}

}  // namespace eventd
