// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/metadata_log.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "lib/base/logger.h"
#include "lib/base/text.h"
#include "lib/cluster/image_builder.h"
#include "lib/record/builder.h"

namespace eventd {

namespace {

constexpr const char* kTopic = "__cluster_metadata";
constexpr size_t kSnapshotMax = size_t{1} << 30;
constexpr size_t kSmallFileMax = 64 << 10;
constexpr uint32_t kReadSize = 1 << 20;

}  // namespace

Result<std::unique_ptr<MetadataLog>> MetadataLog::open(LogDirectory& directory,
                                                       std::shared_ptr<OpenFiles> files,
                                                       bool clean) {
  std::unique_ptr<MetadataLog> metadata(new MetadataLog(directory, std::move(files)));
  metadata->path_ = directory.log_path(kTopic, 0);
  metadata->self_.id = directory.identity().node_id;
  metadata->self_.directory_id = directory.identity().directory_id;
  OpenLog how;
  how.files = metadata->files_;
  how.directory = metadata->path_;
  how.now = wall_now();
  how.clean = clean;
  how.config.deletes = false;
  Result<bool> known = metadata->disk().exists(text(metadata->path_, "/partition.metadata"));
  if (!known) return pass(known);
  if (!*known) {
    std::string contents = partition_metadata(kMetadataTopicId);
    Bytes bytes = bytes_of(contents);
    how.unsynced_files.emplace_back(text(metadata->path_, "/partition.metadata"),
                                    Buffer(bytes.begin(), bytes.end()));
  }
  Result<void> done = metadata->load_snapshot();
  if (!done) return pass(done, "load the metadata snapshot");
  how.log_start = metadata->snapshot_end_;
  Recovery found;
  Result<std::unique_ptr<Log>> log = Log::open(how, found);
  if (!log) return pass(log);
  if (found.damage) {
    // Cut metadata would make topics vanish, and their logs with them.
    return fail(Code::bad_data, text("the metadata log is damaged: ", *found.damage));
  }
  metadata->log_ = std::move(*log);
  metadata->was_empty_ = metadata->log_->log_end() == Offset{0};
  done = metadata->replay();
  if (!done) return pass(done, text("replay ", metadata->path_));
  done = metadata->begin_term();
  if (!done) return pass(done);
  return metadata;
}

Result<void> MetadataLog::load_snapshot() {
  Result<std::vector<DirectoryEntry>> entries = disk().list(path_);
  if (!entries && entries.error().code == Code::not_found) return {};
  if (!entries) return pass(entries);
  std::vector<SnapshotId> ids;
  for (const DirectoryEntry& entry : *entries) {
    if (auto id = parse_snapshot_name(entry.name)) ids.push_back(*id);
  }
  std::ranges::sort(ids, std::greater{});
  for (const SnapshotId& id : ids) {
    std::string path = text(path_, "/", file_name_of(id));
    Result<Buffer> file = read_file(disk(), path, kSnapshotMax);
    if (!file) return pass(file);
    Result<std::shared_ptr<const Image>> image = decode_snapshot(*file, id);
    if (image) {
      image_ = std::move(*image);
      snapshot_end_ = id.end;
      epoch_ = id.epoch;
      return {};
    }
    // A torn one can be done without as long as the log still reaches back further.
    if (image.error().code != Code::bad_data) return pass(image, path);
    log_warning(path, ": ", image.error().message);
  }
  return {};
}

Result<void> MetadataLog::replay() {
  Offset at = std::max(snapshot_end_, log_->log_start());
  if (at > snapshot_end_) {
    return fail(Code::bad_data,
                text("the log begins at ", at, ", the snapshot ends at ", snapshot_end_));
  }
  ImageBuilder builder(image_);
  while (at < log_->log_end()) {
    Result<LogSlice> slice = log_->read(at, kReadSize, log_->log_end(), true);
    if (!slice) return pass(slice);
    if (slice->empty()) return fail(Code::bad_data, text("there is a hole at ", at));
    Buffer bytes(slice->size_bytes);
    Result<size_t> got = slice->file->read_at(slice->position, bytes);
    if (!got) return pass(got);
    for (Bytes left = bytes; !left.empty();) {
      Result<size_t> size = batch_size(left);
      if (!size) return pass(size);
      Result<BatchHeader> header = check_batch(left.first(std::min(*size, left.size())));
      if (!header) return pass(header, text("the batch at ", at));
      if (header->base_offset >= snapshot_end_) {
        Result<void> applied = builder.apply_batch(*header, left.first(*size));
        if (!applied) return applied;
      }
      at = header->next_offset();
      left = left.subspan(*size);
    }
  }
  if (builder.in_transaction()) log_warning("the metadata log ends within a transaction: dropped");
  image_ = builder.build();
  return {};
}

// Each term of leadership begins with a LeaderChange in an epoch of its own.
Result<void> MetadataLog::begin_term() {
  std::string path = text(path_, "/quorum-state");
  Result<Buffer> file = read_file(disk(), path, kSmallFileMax);
  if (!file && file.error().code != Code::not_found) return pass(file);
  if (file) {
    Result<QuorumState> state = parse_quorum_state(text_of(*file));
    if (!state) return pass(state);
    epoch_ = std::max(epoch_, LeaderEpoch{state->leader_epoch});
  }
  epoch_ = LeaderEpoch{std::max(epoch_, log_->latest_epoch()).value + 1};
  std::string state = encode_quorum_state({self_.id, epoch_.value});
  Result<void> stored = replace_file(disk(), path, bytes_of(state));
  if (!stored) return stored;
  bool is_first = was_empty_ && snapshot_end_ == Offset{0};
  Result<void> appended =
      append_batch(leader_change_batch(self_, log_->log_end(), epoch_, wall_now().ms, is_first));
  if (!appended || !image_->features.empty()) return appended;

  Result<std::shared_ptr<const Image>> formatted = bootstrap_image();
  if (!formatted) return pass(formatted);
  if (*formatted) return append(records_of(**formatted));
  Controller controller(*image_, ControllerSettings{});
  controller.bootstrap();
  return append(controller.records());
}

// What Kafka's storage tool has prepared for a first start; null if it has not been here.
Result<std::shared_ptr<const Image>> MetadataLog::bootstrap_image() const {
  std::shared_ptr<const Image> nothing;
  Result<Buffer> file =
      read_file(disk(), text(directory_.path(), "/bootstrap.checkpoint"), kSnapshotMax);
  if (!file && file.error().code == Code::not_found) return nothing;
  if (!file) return pass(file);
  return decode_snapshot(*file, SnapshotId{Offset{0}, LeaderEpoch{0}});
}

Result<void> MetadataLog::append(const MetadataRecords& records) {
  if (records.empty()) return {};
  BatchBuilder builder;
  int64_t now = wall_now().ms;
  for (const Buffer& record : records) builder.append(now, std::nullopt, Bytes(record));
  Result<Buffer> batch = builder.finish({.base_offset = log_->log_end(), .leader_epoch = epoch_});
  if (!batch) return pass(batch);
  return append_batch(std::move(*batch));
}

Result<void> MetadataLog::append_batch(Buffer batch) {
  Result<BatchHeader> header = check_batch(batch);
  if (!header) return pass(header);
  ImageBuilder builder(image_);
  Result<void> applied = builder.apply_batch(*header, batch);
  if (!applied) return applied;
  Result<Appended> appended =
      log_->append(batch, *header, AppendOrigin::coordinator, epoch_, wall_now());
  if (!appended) return pass(appended);
  image_ = builder.build();
  return {};
}

Result<void> MetadataLog::sync() {
  SyncPlan plan = log_->begin_sync();
  Result<void> synced = run_sync(disk(), plan);
  if (synced) log_->finish_sync(plan);
  return synced;
}

Result<void> MetadataLog::write_snapshot() {
  SnapshotId id{log_->log_end(), epoch_};
  Buffer file = encode_snapshot(*image_, id, self_, wall_now().ms);
  Result<void> stored = replace_file(disk(), text(path_, "/", file_name_of(id)), file);
  if (!stored) return stored;
  snapshot_end_ = id.end;
  Result<std::vector<DirectoryEntry>> entries = disk().list(path_);
  if (!entries) return pass(entries);
  for (const DirectoryEntry& entry : *entries) {
    std::optional<SnapshotId> other = parse_snapshot_name(entry.name);
    if (!other || *other >= id) continue;
    Result<void> removed = disk().remove_file(text(path_, "/", entry.name));
    if (!removed) return removed;
  }
  return {};
}

Result<void> MetadataLog::close() { return log_->close(); }

}  // namespace eventd
