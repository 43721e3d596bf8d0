// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/replay/import_folder.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/log/checkpoints.h"
#include "lib/log/leader_epochs.h"

namespace eventd {

namespace {

constexpr size_t kOpenMax = 64;
constexpr uint64_t kSegmentMax = uint64_t{1} << 30;
constexpr int32_t kIndexInterval = 4096;
constexpr int32_t kIndexMax = 10 << 20;
constexpr LeaderEpoch kEpoch{0};

// The batch without what only means something in its old cluster.
Buffer made_ours(const BatchHeader& header, Bytes batch) {
  BatchHeader ours = header;
  ours.leader_epoch = kEpoch;
  ours.producer_id = kNoProducer;
  ours.producer_epoch = ProducerEpoch{-1};
  ours.base_sequence = kNoSequence;
  ours.attributes = static_cast<int16_t>(ours.attributes & ~BatchHeader::kTransactionalBit);
  Buffer out(batch.begin(), batch.end());
  encode_batch_header(ours, out);
  refresh_crc(out);
  return out;
}

}  // namespace

Result<void> ImportLog::begin_segment(Offset base) {
  if (!segments_.empty()) {
    Result<void> sealed = segments_.back()->seal();
    if (!sealed) return sealed;
  }
  segments_.push_back(std::make_unique<Segment>(files_, folder_, base, 0));
  return segments_.back()->create();
}

Result<void> ImportLog::append(const BatchHeader& header, Bytes batch) {
  // A segment begins where the one before it ends, whatever offsets are missing: recovery takes
  // what lies behind a gap between segments for lost.
  bool is_first = segments_.empty();
  Offset base = is_first ? std::min(header.base_offset, start_) : end_;
  bool is_full = !is_first && (segments_.back()->size_bytes() + batch.size() > kSegmentMax ||
                               segments_.back()->index_is_full(kIndexMax) ||
                               !fits_segment(header, segments_.back()->base()));
  if (is_first || is_full) {
    if (!fits_segment(header, base)) base = header.base_offset;
    Result<void> begun = begin_segment(base);
    if (!begun) return begun;
  }
  Buffer ours = made_ours(header, batch);
  Result<BatchHeader> stored = check_batch(ours);
  if (!stored) return pass(stored);
  Result<void> appended = segments_.back()->append(*stored, ours, kIndexInterval);
  if (appended) end_ = header.next_offset();
  return appended;
}

Result<void> ImportLog::fill_up_to(Offset end) {
  while (end_ < end) {
    BatchHeader header;
    header.base_offset = end_;
    header.length = static_cast<int32_t>(kBatchHeaderSize - kBatchPrefixSize);
    header.last_offset_delta = static_cast<int32_t>(std::min<int64_t>(end - end_, INT32_MAX)) - 1;
    Buffer batch(kBatchHeaderSize);
    encode_batch_header(header, batch);
    refresh_crc(batch);
    Result<void> appended = append(header, batch);
    if (!appended) return appended;
  }
  return {};
}

Result<void> ImportLog::finish(const Uuid& topic) {
  Result<void> done;
  if (segments_.empty()) done = begin_segment(start_);
  if (done) done = segments_.back()->seal();
  for (const auto& segment : segments_) {
    std::vector<std::string> paths = segment->index_paths();
    paths.push_back(segment->path());
    for (const std::string& path : paths) {
      if (!done) return done;
      Result<std::unique_ptr<File>> file = disk().open(path, Open::read_write);
      if (!file) return pass(file);
      done = (*file)->sync();
    }
  }
  LeaderEpochs epochs;
  epochs.assign(kEpoch, segments_.front()->base());
  if (done) {
    std::string path = text(folder_, "/", LeaderEpochs::kFileName);
    done = replace_file(disk(), path, bytes_of(epochs.encode()));
  }
  if (!done) return done;
  return replace_file(disk(), text(folder_, "/", kPartitionMetadata),
                      bytes_of(partition_metadata(topic)));
}

Result<std::unique_ptr<ImportFolder>> ImportFolder::create(Disk& disk, std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  std::unique_ptr<ImportFolder> folder(new ImportFolder(disk, std::move(path)));
  Result<bool> there = disk.exists(folder->path_);
  if (!there) return pass(there);
  if (*there) {
    Result<std::vector<DirectoryEntry>> entries = disk.list(folder->path_);
    if (!entries || !entries->empty()) {
      return fail(Code::already_exists, text(printable(folder->path_), " exists"));
    }
  }
  there = disk.exists(folder->part());
  if (!there) return pass(there);
  if (*there) {
    Result<void> removed = disk.remove_tree(folder->part());
    if (!removed) return pass(removed);
  }
  auto directory = LogDirectory::open(disk, folder->part(), std::nullopt);
  if (!directory) return pass(directory);
  folder->directory_ = std::move(*directory);
  folder->files_ = std::make_shared<OpenFiles>(disk, kOpenMax);
  auto metadata = MetadataLog::open(*folder->directory_, folder->files_, false);
  if (!metadata) return pass(metadata);
  folder->metadata_ = std::move(*metadata);
  return folder;
}

Result<ImportLog*> ImportFolder::log(const TopicPartition& partition, Offset start) {
  std::unique_ptr<ImportLog>& log = logs_[partition];
  if (log) return log.get();
  Result<void> good = check_topic_name(partition.topic);
  if (!good) return pass(good);
  std::string path = directory_->log_path(partition.topic, partition.partition);
  Result<void> made = disk_.make_directory(path);
  if (!made) return pass(made);
  log = std::make_unique<ImportLog>(files_, path, start);
  return log.get();
}

Result<void> ImportFolder::create_topics() {
  ControllerSettings settings;
  settings.node_id = directory_->identity().node_id;
  settings.directory_id = directory_->identity().directory_id;
  settings.records_per_request_max = INT32_MAX;
  settings.partitions_per_request_max = INT32_MAX;
  std::map<std::string, int32_t> counts;
  for (const auto& [name, log] : logs_) counts[name.topic] = name.partition + 1;  // in order
  for (const auto& [topic, count] : counts) {
    Uuid id = ids_.try_emplace(topic, Uuid::random()).first->second;
    settings.new_id = [id] { return id; };
    std::shared_ptr<const Image> image = metadata_->image();
    Controller controller(*image, settings);
    NewTopic wanted{.name = topic, .partitions = count, .configs = {{"retention.ms", "-1"}}};
    std::vector<CreatedTopic> made = controller.create_topics({wanted});
    if (made.front().error.failed()) {
      return fail(made.front().error.code, made.front().error.message);
    }
    if (controller.error()) return std::unexpected(*controller.error());
    Result<void> appended = metadata_->append(controller.records());
    if (!appended) return appended;
  }
  return metadata_->sync();
}

Result<void> ImportFolder::finish() {
  Result<void> done = create_topics();
  LogDirectory::Checkpoints checkpoints;
  for (const auto& [name, log] : logs_) {
    if (done) done = log->finish(ids_.at(name.topic));
    std::pair<std::string, int32_t> key{name.topic, name.partition};
    checkpoints.recovery_points[key] = log->end();
    if (log->start().value > 0) checkpoints.log_starts[key] = log->start();
  }
  LogDirectory::Checkpoints stored;
  if (done) done = directory_->store(std::move(checkpoints), stored);
  if (done) done = metadata_->close();
  if (done) done = disk_.sync_directory(part());
  if (!done) return done;
  logs_.clear();
  metadata_.reset();
  directory_.reset();
  done = disk_.rename(part(), path_);
  if (done) done = disk_.sync_directory(parent_of(path_));
  return done;
}

}  // namespace eventd
