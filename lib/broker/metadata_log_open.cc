// SPDX-License-Identifier: Apache-2.0
// How the metadata log is found, and how its next term begins.
#include "lib/broker/metadata_log.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "lib/base/logger.h"
#include "lib/base/text.h"
#include "lib/cluster/image_builder.h"

namespace eventd {

namespace {

constexpr const char* kTopic = "__cluster_metadata";
constexpr size_t kSnapshotMax = size_t{1} << 30;
constexpr size_t kSmallFileMax = 64 << 10;
constexpr uint32_t kReadSize = 1 << 20;
// So that the log can be trimmed: Kafka's is 1 GiB, ours need not hold one of its fetches.
constexpr int64_t kSegmentSize = 16 << 20;

}  // namespace

Result<std::unique_ptr<MetadataLog>> MetadataLog::open(LogDirectory& directory,
                                                       std::shared_ptr<OpenFiles> files,
                                                       bool clean) {
  std::unique_ptr<MetadataLog> metadata(new MetadataLog(directory, std::move(files)));
  metadata->path_ = directory.log_path(kTopic, 0);
  metadata->self_.id = directory.identity().node_id;
  metadata->self_.directory_id = directory.identity().directory_id;
  Result<void> done = metadata->refuse_orphans();
  if (!done) return pass(done);
  done = metadata->load_snapshot();
  if (!done) return pass(done, "load the metadata snapshot");
  done = metadata->open_log(clean);
  if (!done) return pass(done, "the metadata log");
  done = metadata->replay();
  if (!done) return pass(done, text("replay ", metadata->path_));
  done = metadata->check_ownership();
  if (!done) return pass(done, directory.path());
  done = metadata->begin_term();
  if (!done) return pass(done);
  return metadata;
}

// Logs whose metadata is elsewhere would all be taken for strays.
Result<void> MetadataLog::refuse_orphans() const {
  Result<bool> known = disk().exists(path_);
  if (!known) return pass(known);
  if (*known) return {};
  auto logs = directory_.logs();
  if (!logs) return pass(logs);
  if (logs->empty()) return {};
  return fail(Code::bad_config,
              text(directory_.path(), " has logs (", printable(logs->front().first), "-",
                   logs->front().second, ") but no metadata: ", kTopic,
                   "-0 must be in the same directory (is it in Kafka's metadata.log.dir?)"));
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
      snapshot_ = id;
      epoch_ = id.epoch;
      return {};
    }
    // A damaged one can be done without as long as the log still reaches back further.
    if (image.error().code != Code::bad_data) return pass(image, path);
    log_warning(path, ": ", image.error().message);
  }
  return {};
}

Result<void> MetadataLog::open_log(bool clean) {
  OpenLog how;
  how.files = files_;
  how.directory = path_;
  how.now = wall_now();
  how.clean = clean;
  how.refuse_damage = true;
  how.config.deletes = false;
  how.config.segment_bytes = kSegmentSize;
  how.log_start = snapshot_.end;
  Result<bool> known = disk().exists(text(path_, "/", kPartitionMetadata));
  if (!known) return pass(known);
  if (!*known) how.partition_metadata = partition_metadata(kMetadataTopicId);
  Recovery found;
  Result<std::unique_ptr<Log>> log = Log::open(how, found);
  if (!log) return pass(log);
  log_ = std::move(*log);
  was_empty_ = log_->log_end() == Offset{0};
  if (log_->log_end() >= snapshot_.end) return {};
  // What is appended next must not stand where the snapshot hides it.
  log_warning("the metadata log ends at ", log_->log_end(), ", before its snapshot at ",
              snapshot_.end, "; it begins anew there");
  log_.reset();
  Result<void> removed = remove_log();
  if (!removed) return removed;
  log = Log::open(how, found);
  if (!log) return pass(log);
  log_ = std::move(*log);
  return {};
}

Result<void> MetadataLog::remove_log() {
  Result<std::vector<DirectoryEntry>> entries = disk().list(path_);
  if (!entries) return pass(entries);
  for (const DirectoryEntry& entry : *entries) {
    bool is_part = entry.name == LeaderEpochs::kFileName;
    for (const char* suffix : {".log", ".index", ".timeindex", ".txnindex", ".snapshot"}) {
      is_part = is_part || entry.name.ends_with(suffix);
    }
    if (!is_part) continue;
    Result<void> removed = disk().remove_file(text(path_, "/", entry.name));
    if (!removed) return removed;
  }
  return disk().sync_directory(path_);
}

Result<void> MetadataLog::replay() {
  Offset at = std::max(snapshot_.end, log_->log_start());
  if (at > snapshot_.end) {
    return fail(Code::bad_data,
                text("the log begins at ", at, ", the snapshot ends at ", snapshot_.end));
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
      if (header->base_offset >= snapshot_.end) {
        Result<void> applied = builder.apply_batch(*header, left.first(*size));
        if (!applied) return applied;
        bytes_since_snapshot_ += static_cast<int64_t>(*size);
      }
      at = header->next_offset();
      left = left.subspan(*size);
    }
  }
  in_transaction_ = builder.in_transaction();
  image_ = builder.build();
  return {};
}

// Whoever else decides over this metadata, or has a part of the logs, must not be surprised.
Result<void> MetadataLog::check_ownership() const {
  Result<void> sole = check_only_voter(image_->quorum, self_);
  if (!sole) return sole;
  auto registered = image_->brokers.find(self_.id);
  if (registered == image_->brokers.end()) return {};
  for (const Uuid& id : registered->second.log_dirs) {
    if (id == self_.directory_id) continue;
    return fail(Code::bad_config, text("node ", self_.id, " has logs in another directory too, ",
                                       id, "; eventd serves a node with one (", self_.directory_id,
                                       ")"));
  }
  return {};
}

// Each term of leadership begins with a LeaderChange in an epoch of its own.
Result<void> MetadataLog::begin_term() {
  std::string path = text(path_, "/quorum-state");
  Result<Buffer> file = read_file(disk(), path, kSmallFileMax);
  if (!file && file.error().code != Code::not_found) return pass(file);
  if (file) {
    Result<QuorumState> state = parse_quorum_state(text_of(*file));
    if (!state) return pass(state, path);
    for (int32_t voter : state->voters) {
      if (voter == self_.id) continue;
      return fail(Code::in_use, text(path, ": controller ", voter, " is a voter too"));
    }
    epoch_ = std::max(epoch_, LeaderEpoch{state->leader_epoch});
  }
  epoch_ = LeaderEpoch{std::max(epoch_, log_->latest_epoch()).value + 1};
  std::string state = encode_quorum_state({self_.id, epoch_.value, {}});
  Result<void> stored = replace_file(disk(), path, bytes_of(state));
  if (!stored) return stored;

  Result<std::shared_ptr<const Image>> formatted = bootstrap_image();
  if (!formatted) return pass(formatted);
  Quorum quorum = image_->quorum;
  // A log that somebody else began, or prepared without voters, has them in its configuration.
  if (was_empty_ && !*formatted && quorum.voters.empty()) quorum = quorum_of(self_);
  Result<void> done = append_batch(leader_change_batch(self_, log_->log_end(), epoch_,
                                                       wall_now().ms,
                                                       was_empty_ ? &quorum : nullptr));
  if (done && in_transaction_) done = abort_transaction();
  if (!done || !image_->features.empty()) return done;
  return bootstrap(*formatted);
}

// What was begun and never ended would swallow all that we append.
Result<void> MetadataLog::abort_transaction() {
  log_warning("the metadata log ends within a transaction: it is dropped");
  Controller controller(*image_, ControllerSettings{});
  controller.abort_transaction();
  return append(controller.records());
}

Result<void> MetadataLog::bootstrap(const std::shared_ptr<const Image>& formatted) {
  ControllerSettings settings;
  Controller controller(*image_, settings);
  if (!formatted) {
    controller.bootstrap();
    return append(controller.records());
  }
  Controller completing(*formatted, settings);
  completing.bootstrap_configs();
  MetadataRecords records = records_of(*formatted);
  for (Buffer& record : completing.take_records()) records.push_back(std::move(record));
  return append(records);
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

}  // namespace eventd
