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

// Beyond one of these a snapshot spares the next start its replay.
constexpr int64_t kSnapshotRecords = 10'000;
constexpr int64_t kSnapshotBytes = 20 << 20;  // Kafka's, too

}  // namespace

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
  ImageBuilder builder(image_, in_transaction_);
  Result<void> applied = builder.apply_batch(*header, batch);
  if (!applied) return applied;
  Result<Appended> appended =
      log_->append(batch, *header, AppendOrigin::coordinator, epoch_, wall_now());
  if (!appended) return pass(appended);
  bytes_since_snapshot_ += static_cast<int64_t>(batch.size());
  in_transaction_ = builder.in_transaction();
  image_ = builder.build();
  return {};
}

Result<void> MetadataLog::sync() {
  SyncPlan plan = log_->begin_sync();
  Result<void> synced = run_sync(disk(), plan);
  if (synced) log_->finish_sync(std::move(plan));
  return synced;
}

bool MetadataLog::wants_snapshot() const {
  return log_->log_end() - snapshot_.end >= kSnapshotRecords ||
         bytes_since_snapshot_ >= kSnapshotBytes;
}

Result<void> MetadataLog::write_snapshot() {
  SnapshotId id{log_->log_end(), epoch_};
  Buffer file = encode_snapshot(*image_, id, wall_now().ms);
  Result<void> stored = replace_file(disk(), text(path_, "/", file_name_of(id)), file);
  if (!stored) return stored;
  SnapshotId before = std::exchange(snapshot_, id);
  bytes_since_snapshot_ = 0;
  Result<void> removed = remove_older_snapshots(before);
  if (!removed) return removed;
  Result<void> moved = log_->delete_records(before.end);
  if (!moved) return moved;
  return trim_log();
}

Result<void> MetadataLog::remove_older_snapshots(const SnapshotId& than) {
  Result<std::vector<DirectoryEntry>> entries = disk().list(path_);
  if (!entries) return pass(entries);
  for (const DirectoryEntry& entry : *entries) {
    std::optional<SnapshotId> other = parse_snapshot_name(entry.name);
    if (!other || *other >= than) continue;
    Result<void> removed = disk().remove_file(text(path_, "/", entry.name));
    if (!removed) return removed;
  }
  return {};
}

// Segments that lie before the start of the log.
Result<void> MetadataLog::trim_log() {
  // The snapshot, which is durable, says where the log begins.
  Result<size_t> gone = log_->delete_segments(log_->log_start());
  if (!gone) return pass(gone);
  for (const std::string& path : log_->take_deleted()) {
    Result<void> removed = disk().remove_file(path);
    if (!removed) return removed;
  }
  return {};
}

Result<void> MetadataLog::close() { return log_->close(wall_now()); }

}  // namespace eventd
