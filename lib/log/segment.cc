// SPDX-License-Identifier: Apache-2.0
#include "lib/log/segment.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "lib/base/logger.h"
#include "lib/base/mutant.h"
#include "lib/base/text.h"
#include "lib/log/batch_scanner.h"

namespace eventd {

namespace {

constexpr size_t kOffsetDigits = 20;
constexpr size_t kIndexFileMax = 256 << 20;
constexpr size_t kLargeWithoutEntries = 1 << 20;

}  // namespace

bool fits_segment(const BatchHeader& header, Offset base) {
  constexpr int64_t kEnd = std::numeric_limits<int64_t>::max();
  return header.base_offset >= base && header.last_offset_delta >= 0 &&
         header.base_offset.value < kEnd - header.last_offset_delta &&
         header.last_offset() - base <= std::numeric_limits<int32_t>::max();
}

std::string segment_name(Offset base) { return padded(base.value, kOffsetDigits); }

std::optional<Offset> offset_in_name(std::string_view name, std::string_view suffix) {
  if (name.size() != kOffsetDigits + suffix.size() || !name.ends_with(suffix)) return std::nullopt;
  std::optional<int64_t> number = parse_number<int64_t>(name.substr(0, kOffsetDigits));
  if (!number || *number < 0) return std::nullopt;
  return Offset{*number};
}

Segment::Segment(std::shared_ptr<OpenFiles> files, const std::string& directory, Offset base,
                 uint64_t size_bytes)
    : files_(std::move(files)),
      directory_(directory),
      base_(base),
      file_(std::make_unique<LazyFile>(*files_, text(directory, "/", segment_name(base), ".log"))),
      size_(size_bytes) {
  index_loaded_ = size_bytes == 0;
}

Result<void> Segment::create() {
  Result<std::shared_ptr<File>> file = file_->get(true);
  if (!file) return pass(file);
  return {};
}

std::string Segment::index_path(const char* suffix) const {
  return text(directory_, "/", segment_name(base_), suffix);
}

void Segment::note_batch(SparseIndex& index, const BatchHeader& header, Offset base,
                         uint64_t position, int32_t interval_bytes, int64_t& max_timestamp,
                         int32_t& max_relative_offset, uint64_t& since_entry) {
  auto relative = static_cast<int32_t>(header.last_offset() - base);
  if (header.max_timestamp > max_timestamp) {
    max_timestamp = header.max_timestamp;
    max_relative_offset = relative;
  }
  bool has_place = position <= static_cast<uint64_t>(std::numeric_limits<int32_t>::max());
  if (since_entry > static_cast<uint64_t>(interval_bytes) && has_place) {
    index.offsets.push_back({relative, static_cast<int32_t>(position)});
    if (max_timestamp >= 0 &&
        (index.times.empty() || max_timestamp > index.times.back().timestamp)) {
      index.times.push_back({max_timestamp, max_relative_offset});
    }
    since_entry = 0;
  }
  since_entry += header.size_bytes();
}

Result<void> Segment::append(const BatchHeader& header, Bytes batch, int32_t index_interval_bytes) {
  Result<std::shared_ptr<File>> file = file_->get();
  if (!file) return pass(file);
  Result<void> loaded = load_index();
  if (!loaded) return loaded;
  uint64_t position = size_bytes();
  Result<void> written = (*file)->write_at(position, batch);
  if (!written) {
    // What stands behind the last whole batch must not be taken for one. If this fails too, the
    // next append writes over it, and recovery would cut it.
    if (is_mutant("partial-write-stays")) return written;
    Result<void> cut = (*file)->truncate(position);
    if (!cut) log_warning(cut.error().message);
    return written;
  }
  {
    std::lock_guard lock(mutex_);
    interval_bytes_ = index_interval_bytes;
    if (position == 0) first_timestamp_ = header.max_timestamp;
    note_batch(index_, header, base_, position, index_interval_bytes, max_timestamp_,
               max_relative_offset_, since_entry_);
  }
  set_size(position + batch.size());
  return {};
}

// Fills `into` from a file; at its end with less.
Result<size_t> Segment::read_some(uint64_t position, MutableBytes into, Patience patience) const {
  Result<std::shared_ptr<File>> file = file_->get();
  if (!file) return pass(file);
  if (patience == Patience::waits) return (*file)->read_at(position, into);
  Result<std::optional<size_t>> got = (*file)->read_resident(position, into);
  if (!got) return pass(got);
  // Fewer bytes may mean that the next page is not there: only a read that waits knows.
  if (!*got || **got < into.size()) return fail(Code::would_block, "not in the page cache");
  return **got;
}

Result<std::optional<BatchPlace>> Segment::at(uint64_t position, Patience patience) const {
  uint64_t size = size_bytes();
  if (position >= size) return std::optional<BatchPlace>();
  uint8_t bytes[kBatchHeaderSize];
  Result<size_t> got = read_some(position, bytes, patience);
  if (!got) return pass(got);
  Result<BatchHeader> header = parse_batch_header(Bytes(bytes).first(*got));
  if (!header || position + header->size_bytes() > size || !fits_segment(*header, base_)) {
    return fail(Code::corrupt_message, text(path(), ": no whole batch at ", position));
  }
  return std::optional<BatchPlace>({*header, position});
}

Result<std::optional<BatchPlace>> Segment::find(Offset offset, Patience patience) const {
  Result<void> loaded = load_index(patience);
  if (!loaded) return pass(loaded);
  uint64_t position = 0;
  if (offset > base_) {
    auto relative = static_cast<int32_t>(std::min<int64_t>(offset - base_, INT32_MAX));
    std::lock_guard lock(mutex_);
    position = static_cast<uint64_t>(index_.floor_offset(relative).position);
  }
  Result<std::optional<BatchPlace>> place = find_from(position, offset, patience);
  if (place || position == 0 || place.error().code != Code::corrupt_message) return place;
  if (patience == Patience::resident_only) return fail(Code::would_block, place.error().message);
  // An index that leads astray is built again; if the batches are at fault, that fails too.
  log_warning(place.error().message, "; rebuilding the index");
  Result<void> rebuilt = rebuild_index();
  if (!rebuilt) return pass(rebuilt);
  return find_from(0, offset, patience);
}

Result<std::optional<BatchPlace>> Segment::find_from(uint64_t position, Offset offset,
                                                     Patience patience) const {
  while (true) {
    Result<std::optional<BatchPlace>> place = at(position, patience);
    if (!place || !*place || (*place)->header.last_offset() >= offset) return place;
    position += (*place)->header.size_bytes();
  }
}

Result<uint64_t> Segment::end_of_run(const BatchPlace& place, uint64_t size_max, Offset limit,
                                     Patience patience) const {
  uint64_t size = size_bytes();
  uint64_t allowed = size_max > size - place.position ? size : place.position + size_max;
  uint64_t end = place.position;
  // The index leaps over most of what is allowed; headers tell the rest.
  {
    auto relative =
        static_cast<int32_t>(std::clamp<int64_t>(limit - base_ - 1, INT32_MIN, INT32_MAX));
    std::lock_guard lock(mutex_);
    auto reached = [](uint64_t position) {
      return [position](const IndexEntry& entry) {
        return static_cast<uint64_t>(entry.position) <= position;
      };
    };
    auto below = [&](const IndexEntry& entry) { return entry.relative_offset <= relative; };
    auto last = std::min(std::ranges::partition_point(index_.offsets, reached(allowed)),
                         std::ranges::partition_point(index_.offsets, below));
    if (last != index_.offsets.begin()) {
      end = std::max(end, static_cast<uint64_t>(std::prev(last)->position));
    }
  }
  while (true) {
    Result<std::optional<BatchPlace>> next = at(end, patience);
    // What stands before a damaged batch can be read.
    bool damaged = !next && next.error().code == Code::corrupt_message;
    if (damaged && end > place.position) return end;
    if (!next) return pass(next);
    if (!*next || (*next)->header.last_offset() >= limit) return end;
    uint64_t after = end + (*next)->header.size_bytes();
    if (after > allowed) return end;
    end = after;
  }
}

Result<Offset> Segment::next_offset() const {
  Result<void> loaded = load_index();
  if (!loaded) return pass(loaded);
  uint64_t position = 0;
  {
    std::lock_guard lock(mutex_);
    if (!index_.offsets.empty()) position = static_cast<uint64_t>(index_.offsets.back().position);
  }
  Offset next = base_;
  while (true) {
    Result<std::optional<BatchPlace>> place = at(position);
    if (!place) return pass(place);
    if (!*place) return next;
    next = (*place)->header.next_offset();
    position += (*place)->header.size_bytes();
  }
}

Result<Buffer> Segment::read(const BatchPlace& place) const {
  Result<std::shared_ptr<File>> file = file_->get();
  if (!file) return pass(file);
  Buffer batch(place.header.size_bytes());
  Result<size_t> got = (*file)->read_at(place.position, batch);
  if (!got) return pass(got);
  if (*got != batch.size()) {
    return fail(Code::corrupt_message, text(path(), " ends within a batch"));
  }
  return batch;
}

Result<std::optional<BatchPlace>> Segment::find_time(int64_t timestamp) const {
  Result<void> loaded = load_index();
  if (!loaded) return pass(loaded);
  uint64_t position = 0;
  {
    std::lock_guard lock(mutex_);
    // Up to this entry's offset every timestamp is smaller than the one wanted.
    if (std::optional<TimeEntry> before = index_.before_time(timestamp)) {
      position = static_cast<uint64_t>(index_.floor_offset(before->relative_offset).position);
    }
  }
  while (true) {
    Result<std::optional<BatchPlace>> place = at(position);
    if (!place || !*place || (*place)->header.max_timestamp >= timestamp) return place;
    position += (*place)->header.size_bytes();
  }
}

Result<int64_t> Segment::max_timestamp() const {
  Result<void> loaded = load_index();
  if (!loaded) return pass(loaded);
  std::lock_guard lock(mutex_);
  return max_timestamp_;
}

Result<int64_t> Segment::first_timestamp() const {
  {
    std::lock_guard lock(mutex_);
    if (first_timestamp_) return *first_timestamp_;
  }
  Result<std::optional<BatchPlace>> first = at(0);
  if (!first) return pass(first);
  std::lock_guard lock(mutex_);
  first_timestamp_ = *first ? (*first)->header.max_timestamp : -1;
  return *first_timestamp_;
}

// As Kafka has it: of the time index one place is kept for the entry that a roll adds.
bool Segment::index_is_full(int32_t segment_index_bytes) const {
  std::lock_guard lock(mutex_);
  auto bytes = static_cast<size_t>(segment_index_bytes);
  return index_.offsets.size() >= bytes / kIndexEntrySize ||
         index_.times.size() + 1 >= bytes / kTimeEntrySize;
}

Result<void> Segment::truncate(uint64_t position) {
  Result<void> loaded = load_index();
  if (!loaded) return loaded;
  Result<std::shared_ptr<File>> file = file_->get();
  if (!file) return pass(file);
  set_size(position);
  Result<void> cut = (*file)->truncate(position);
  if (!cut) return cut;
  // The largest timestamp may have been cut off: it is found anew.
  return rebuild_index();
}

Result<void> Segment::seal() const {
  Result<void> loaded = load_index();
  if (!loaded) return loaded;
  Buffer offsets;
  Buffer times;
  {
    std::lock_guard lock(mutex_);
    if (max_timestamp_ >= 0 &&
        (index_.times.empty() || max_timestamp_ > index_.times.back().timestamp)) {
      index_.times.push_back({max_timestamp_, max_relative_offset_});
    }
    offsets = encode_offsets(index_.offsets);
    times = encode_times(index_.times);
  }
  auto write = [&](const char* suffix, Bytes contents) -> Result<void> {
    auto file = files_->disk().open(index_path(suffix), Open::create);
    if (!file) return pass(file);
    Result<void> done = (*file)->truncate(contents.size());
    if (!done) return done;
    return (*file)->write_at(0, contents);
  };
  Result<void> written = write(".index", offsets);
  if (!written) return written;
  return write(".timeindex", times);
}

std::vector<std::string> Segment::index_paths() const {
  return {index_path(".index"), index_path(".timeindex")};
}

void Segment::set_index(SparseIndex index, int64_t max_timestamp, int32_t max_relative_offset,
                        uint64_t since_entry, int32_t interval_bytes) {
  std::lock_guard lock(mutex_);
  interval_bytes_ = interval_bytes;
  index_ = std::move(index);
  max_timestamp_ = max_timestamp;
  max_relative_offset_ = max_relative_offset;
  since_entry_ = since_entry;
  index_loaded_ = true;
  first_timestamp_.reset();
}

Result<void> Segment::load_index(Patience patience) const {
  {
    std::lock_guard lock(mutex_);
    if (index_loaded_) return {};
  }
  if (patience == Patience::resident_only) return fail(Code::would_block, "no index is loaded");
  Result<SparseIndex> read = read_index();
  if (!read) {
    if (read.error().code != Code::not_found) {
      log_info("rebuilding the index of ", path(), ": ", read.error().message);
    }
    return rebuild_index();
  }
  std::lock_guard lock(mutex_);
  if (index_loaded_) return {};
  index_ = std::move(*read);
  if (!index_.times.empty()) {
    max_timestamp_ = index_.times.back().timestamp;
    max_relative_offset_ = index_.times.back().relative_offset;
  }
  uint64_t last =
      index_.offsets.empty() ? 0 : static_cast<uint64_t>(index_.offsets.back().position);
  since_entry_ = size_bytes() - last;
  index_loaded_ = true;
  return {};
}

Result<SparseIndex> Segment::read_index() const {
  Result<Buffer> offsets = read_file(files_->disk(), index_path(".index"), kIndexFileMax);
  if (!offsets) return pass(offsets);
  Result<Buffer> times = read_file(files_->disk(), index_path(".timeindex"), kIndexFileMax);
  if (!times) return pass(times);
  auto offset_entries = decode_offsets(*offsets, size_bytes());
  if (!offset_entries) return pass(offset_entries);
  auto time_entries = decode_times(*times);
  if (!time_entries) return pass(time_entries);
  if (offset_entries->empty() && size_bytes() > kLargeWithoutEntries) {
    return fail(Code::bad_data, "no entries for a large segment");
  }
  if (!offset_entries->empty()) {
    const IndexEntry& last = offset_entries->back();
    Result<std::optional<BatchPlace>> place = at(static_cast<uint64_t>(last.position));
    bool holds = place && *place && (*place)->header.last_offset() == base_ + last.relative_offset;
    if (!holds) return fail(Code::bad_data, "the last entry is of no batch");
  }
  // A segment that was closed in order ends with the entry of its largest timestamp.
  if (time_entries->empty() && size_bytes() > 0) return fail(Code::bad_data, "no time entries");
  return SparseIndex{std::move(*offset_entries), std::move(*time_entries)};
}

Result<void> Segment::rebuild_index() const {
  SparseIndex index;
  int64_t max_timestamp = -1;
  int32_t max_relative_offset = 0;
  uint64_t since_entry = 0;
  uint64_t position = 0;
  int32_t interval_bytes = 0;
  {
    std::lock_guard lock(mutex_);
    interval_bytes = interval_bytes_;
  }
  while (true) {
    Result<std::optional<BatchPlace>> place = at(position);
    if (!place) return pass(place);
    if (!*place) break;
    note_batch(index, (*place)->header, base_, position, interval_bytes, max_timestamp,
               max_relative_offset, since_entry);
    position += (*place)->header.size_bytes();
  }
  const_cast<Segment*>(this)->set_index(std::move(index), max_timestamp, max_relative_offset,
                                        since_entry, interval_bytes);
  return {};
}

Result<void> Segment::add_suffix(const std::string& suffix, std::vector<std::string>& renamed) {
  std::string to = text(path(), suffix);
  Result<void> done = file_->rename(to);
  if (!done) return done;
  renamed.push_back(to);
  if (suffix == ".deleted") deleted_.store(true);
  for (const char* kind : {".index", ".timeindex", ".txnindex"}) {
    std::string from = index_path(kind);
    Result<void> moved = files_->disk().rename(from, text(from, suffix));
    if (moved) renamed.push_back(text(from, suffix));
    if (!moved && moved.error().code != Code::not_found) return moved;
  }
  return {};
}

}  // namespace eventd
