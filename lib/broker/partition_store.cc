// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/partition_store.h"

#include <algorithm>
#include <set>
#include <utility>

#include "lib/base/logger.h"
#include "lib/base/text.h"
#include "lib/broker/config/topic_config.h"

namespace eventd {

namespace {

constexpr const char* kMetadataTopic = "__cluster_metadata";

Result<bool> is_empty_log(Disk& disk, const std::string& directory) {
  Result<std::vector<DirectoryEntry>> entries = disk.list(directory);
  if (!entries) return pass(entries);
  for (const DirectoryEntry& entry : *entries) {
    if (!entry.name.ends_with(".log")) continue;
    Result<std::unique_ptr<File>> file = disk.open(text(directory, "/", entry.name), Open::read);
    if (!file) return pass(file);
    Result<uint64_t> size = (*file)->size_bytes();
    if (!size) return pass(size);
    if (*size > 0) return false;
  }
  return true;
}

bool is_replica(const PartitionImage& partition, int32_t node) {
  return std::ranges::find(partition.replicas, node) != partition.replicas.end();
}

}  // namespace

std::shared_ptr<const PartitionTable> PartitionStore::table() const {
  std::lock_guard lock(mutex_);
  return table_;
}

void PartitionStore::publish(PartitionTable table) {
  auto shared = std::make_shared<const PartitionTable>(std::move(table));
  std::lock_guard lock(mutex_);
  table_ = std::move(shared);
}

Result<void> PartitionStore::open_all(const Image& image, const LastRun& last) {
  Result<std::vector<std::pair<std::string, int32_t>>> logs = directory_.logs();
  if (!logs) return pass(logs);
  for (const auto& [topic, partition] : *logs) {
    if (topic == kMetadataTopic) continue;
    TopicPointer known = image.topic(topic);
    if (known && static_cast<size_t>(partition) < known->partitions.size()) continue;
    Result<std::string> aside = directory_.set_aside(topic, partition);
    if (!aside) return pass(aside);
    log_warning("no topic claims the log ", printable(topic), "-", partition, "; it is kept as ",
                *aside);
  }
  Result<std::vector<std::string>> half_deleted = directory_.half_deleted();
  if (!half_deleted) return pass(half_deleted);
  for (std::string& path : *half_deleted) remove_later(std::move(path), 0);
  PartitionTable table;
  for (const auto& [name, topic] : image.topics->by_name) {
    Result<void> opened = open_topic(image, *topic, {.is_new = false, .last = last}, table);
    if (!opened) return opened;
  }
  publish(std::move(table));
  return {};
}

Result<void> PartitionStore::open_topic(const Image& image, const TopicImage& topic,
                                        const Opening& opening, PartitionTable& table) {
  int32_t self = directory_.identity().node_id;
  PartitionTable::Partitions partitions(topic.partitions.size());
  Result<void> done;
  for (size_t i = 0; i < partitions.size(); i++) {
    std::shared_ptr<Partition> known = table.find(topic.id, static_cast<int32_t>(i));
    LeaderEpoch epoch{topic.partitions[i].leader_epoch};
    if (!known && done && is_replica(topic.partitions[i], self)) {
      Result<std::shared_ptr<Partition>> opened = open_one(image, topic, i, opening);
      if (!opened) done = pass(opened);
      if (opened) known = std::move(*opened);
      bool may_have_lost = !opening.is_new && !opening.last.clean;
      if (known && may_have_lost && (!known->is_durable() || !opening.last.ours)) {
        known->end_epoch(epoch);
      }
    }
    if (known) known->lead(epoch);
    partitions[i] = std::move(known);
  }
  table.set(topic.id, std::move(partitions));
  return done;
}

Result<std::shared_ptr<Partition>> PartitionStore::open_one(const Image& image,
                                                            const TopicImage& topic, size_t index,
                                                            const Opening& opening) {
  auto number = static_cast<int32_t>(index);
  OpenLog how;
  how.files = files_;
  how.directory = directory_.log_path(topic.name, number);
  how.clean = opening.is_new || opening.last.clean;
  how.now = wall_now();
  auto config = effective_topic_config(image, config_, directory_.identity().node_id, topic.name);
  how.config = config->log;
  Disk& disk = syncs_.disk();

  Result<std::optional<Uuid>> claimed = load_partition_metadata(disk, how.directory);
  if (!claimed && claimed.error().code == Code::bad_data) {
    // It is synced before the first record is: where none is, a power cut or a full disk may have
    // left it half written.
    Result<bool> empty = is_empty_log(disk, how.directory);
    if (!empty) return pass(empty);
    if (*empty) claimed = std::optional<Uuid>();
  }
  if (!claimed) return pass(claimed);
  if (*claimed && **claimed != topic.id) {
    Result<std::string> aside = directory_.set_aside(topic.name, number);
    if (!aside) return pass(aside);
    log_warning("the log of ", topic.name, "-", number, " belongs to another topic, ", **claimed,
                "; it is kept as ", *aside);
    claimed = std::optional<Uuid>();
  } else if (*claimed && !opening.is_new) {
    std::pair key{topic.name, number};
    if (auto known = directory_.recovery_points.find(key);
        known != directory_.recovery_points.end()) {
      how.recovery_point = known->second;
    }
    if (auto known = directory_.log_starts.find(key); known != directory_.log_starts.end()) {
      how.log_start = known->second;
    }
  }
  if (opening.is_new) {
    Result<void> forgotten = forget_checkpoints(topic, number);
    if (!forgotten) return pass(forgotten);
  }
  if (!*claimed || opening.is_new) {
    // Before any data; made durable by the log's first sync.
    Result<void> made = disk.make_directory(how.directory);
    if (!made) return pass(made);
    std::string contents = partition_metadata(topic.id);
    std::string path = text(how.directory, "/partition.metadata");
    Result<std::unique_ptr<File>> file = disk.open(path, Open::create);
    if (!file) return pass(file);
    Result<void> written = (*file)->write_at(0, bytes_of(contents));
    if (!written) return pass(written);
    Bytes bytes = bytes_of(contents);
    how.unsynced_files.emplace_back(path, Buffer(bytes.begin(), bytes.end()));
    how.made_directory = true;
  }
  Recovery found;
  Result<std::unique_ptr<Log>> log = Log::open(how, found);
  if (!log) return pass(log);
  if (!found.was_clean && found.scanned_bytes > 0) {
    log_info(topic.name, "-", number, ": checked ", found.scanned_bytes, " bytes from offset ",
             found.scanned_from, " on");
  }
  PartitionName name{topic.name, topic.id, PartitionId{number}};
  return std::make_shared<Partition>(std::move(name), std::move(*log), std::move(config), syncs_);
}

Result<void> PartitionStore::update(const Image& before, const Image& after) {
  bool topics_changed = before.topics != after.topics;
  bool configs_changed = before.configs != after.configs;
  if (!topics_changed && !configs_changed) return {};
  PartitionTable next = *table();
  Result<void> done;
  if (topics_changed) done = update_topics(before, after, next);
  if (configs_changed) {
    int32_t self = directory_.identity().node_id;
    for (const auto& [id, topic] : after.topics->by_id) {
      auto config = effective_topic_config(after, config_, self, topic->name);
      for (size_t i = 0; i < topic->partitions.size(); i++) {
        std::shared_ptr<Partition> partition = next.find(id, static_cast<int32_t>(i));
        if (partition) partition->set_config(config);
      }
    }
  }
  publish(std::move(next));
  return done;
}

Result<void> PartitionStore::update_topics(const Image& before, const Image& after,
                                           PartitionTable& table) {
  Result<void> done;
  for (const auto& [id, topic] : before.topics->by_id) {
    if (!after.topic(id)) retire_topic(*topic, table);
  }
  publish(table);  // checkpoints must not know those any more
  for (const auto& [id, topic] : after.topics->by_id) {
    if (before.topic(id) == topic) continue;
    Result<void> opened = open_topic(after, *topic, {.is_new = true, .last = {}}, table);
    if (!opened && done) done = pass(opened, text("open ", topic->name));
  }
  return done;
}

Result<void> PartitionStore::forget_checkpoints(const TopicImage& topic, int32_t partition) {
  std::pair key{topic.name, partition};
  std::lock_guard lock(checkpoint_mutex_);
  bool stale = directory_.recovery_points.contains(key) || directory_.log_starts.contains(key) ||
               last_recovery_points_.contains(key) || last_starts_.contains(key);
  if (!stale) return {};
  Result<void> written = write_checkpoints(true);
  if (!written) return written;
  directory_.recovery_points.erase(key);
  directory_.log_starts.erase(key);
  return {};
}

void PartitionStore::retire_topic(const TopicImage& topic, PartitionTable& table) {
  for (size_t i = 0; i < topic.partitions.size(); i++) {
    auto number = static_cast<int32_t>(i);
    std::shared_ptr<Partition> partition = table.find(topic.id, number);
    if (!partition) continue;
    partition->abandon();
    Result<std::string> renamed = directory_.mark_deleted(topic.name, number);
    if (renamed) {
      remove_later(std::move(*renamed), partition->config()->file_delete_delay_ms);
    } else {
      log_error("delete ", topic.name, "-", number, ": ", renamed.error().message);
    }
  }
  table.erase(topic.id);
}

void PartitionStore::remove_later(std::string path, int64_t delay_ms) {
  auto delay = std::chrono::milliseconds(std::min<int64_t>(delay_ms, INT32_MAX));
  std::lock_guard lock(mutex_);
  removals_.push_back({std::move(path), monotonic_now() + delay});
}

void PartitionStore::remove_due(Instant now) {
  std::vector<Removal> due;
  {
    std::lock_guard lock(mutex_);
    auto rest = std::partition(removals_.begin(), removals_.end(),
                               [&](const Removal& removal) { return removal.when > now; });
    due.assign(std::make_move_iterator(rest), std::make_move_iterator(removals_.end()));
    removals_.erase(rest, removals_.end());
  }
  for (const Removal& removal : due) {
    Result<void> removed = syncs_.disk().remove_tree(removal.path);
    if (!removed) log_warning(removed.error().message);
  }
}

void PartitionStore::maintain(WallTime now) {
  std::shared_ptr<const PartitionTable> current = table();
  for (const auto& [id, partitions] : current->topics()) {
    for (const std::shared_ptr<Partition>& partition : *partitions) {
      if (!partition) continue;
      int64_t delay = partition->config()->file_delete_delay_ms;
      for (std::string& path : partition->maintain(now)) remove_later(std::move(path), delay);
    }
  }
}

Result<void> PartitionStore::checkpoint() {
  std::lock_guard lock(checkpoint_mutex_);
  return write_checkpoints(false);
}

Result<void> PartitionStore::write_checkpoints(bool anyway) {
  OffsetCheckpoint recovery;
  OffsetCheckpoint starts;
  OffsetCheckpoint watermarks;
  std::shared_ptr<const PartitionTable> current = table();
  for (const auto& [id, partitions] : current->topics()) {
    for (const std::shared_ptr<Partition>& partition : *partitions) {
      if (!partition) continue;
      std::pair key{partition->name().topic, partition->name().partition.value};
      recovery[key] = partition->log().synced();
      watermarks[key] = partition->high_watermark();
      if (partition->log_start() > Offset{0}) starts[key] = partition->log_start();
    }
  }
  if (!anyway && recovery == last_recovery_points_ && starts == last_starts_) return {};
  Result<void> stored = directory_.store_checkpoints(recovery, starts, watermarks);
  if (!stored) return stored;
  last_recovery_points_ = std::move(recovery);
  last_starts_ = std::move(starts);
  return {};
}

Result<void> PartitionStore::close_all() {
  std::shared_ptr<const PartitionTable> current = table();
  for (const auto& [id, partitions] : current->topics()) {
    for (const std::shared_ptr<Partition>& partition : *partitions) {
      if (!partition) continue;
      partition->retire();
      Result<void> closed = partition->close();
      if (!closed) return pass(closed, text("close ", partition->name()));
    }
  }
  {
    std::lock_guard lock(checkpoint_mutex_);
    last_recovery_points_.clear();
  }
  return checkpoint();
}

}  // namespace eventd
