// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/partition_store.h"

#include <algorithm>
#include <set>
#include <utility>

#include "lib/base/logger.h"
#include "lib/base/mutant.h"
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
    Result<uint64_t> size = disk.file_size(text(directory, "/", entry.name));
    if (!size) return pass(size);
    if (*size > 0) return false;
  }
  return true;
}

// It is synced before the first record is below the watermark: until then a power cut or a full
// disk may have left it half written.
Result<bool> may_be_torn(Disk& disk, const std::string& directory, const Uuid& topic) {
  if (is_torn_metadata(disk, directory, topic)) return true;
  return is_empty_log(disk, directory);
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
  // A topic that takes a name again must not inherit what is known of the one before.
  auto is_ours = [&](const auto& entry) {
    const auto& [topic, partition] = entry.first;
    TopicPointer known = image.topic(topic);
    return known && static_cast<size_t>(partition) < known->partitions.size() &&
           !disowned_.contains(entry.first);
  };
  bool all_ours = false;
  {
    std::lock_guard lock(checkpoint_mutex_);
    stored_ = directory_.found();
    all_ours = std::ranges::all_of(stored_.recovery_points, is_ours) &&
               std::ranges::all_of(stored_.log_starts, is_ours);
  }
  return all_ours ? Result<void>() : checkpoint();
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
  PartitionName name{topic.name, topic.id, PartitionId{static_cast<int32_t>(index)}};
  auto config = effective_topic_config(image, config_, directory_.identity().node_id, topic.name);
  if (!opening.is_new && opening.last.clean) {
    auto open_it = [this, name, opening](const TopicConfig& then) {
      return open_log(name, then, opening);
    };
    return std::make_shared<Partition>(name, open_it, std::move(config), syncs_);
  }
  Result<std::unique_ptr<Log>> log = open_log(name, *config, opening);
  if (!log) return pass(log);
  return std::make_shared<Partition>(name, std::move(*log), std::move(config), syncs_);
}

Result<std::unique_ptr<Log>> PartitionStore::open_log(const PartitionName& name,
                                                      const TopicConfig& config,
                                                      const Opening& opening) {
  OpenLog how;
  how.files = files_;
  how.directory = directory_.log_path(name.topic, name.partition.value);
  how.clean = opening.is_new || opening.last.clean;
  how.now = wall_now();
  how.config = config.log;
  Result<bool> claimed = claim(name, opening, how);
  if (!claimed) return pass(claimed);
  Recovery found;
  Result<std::unique_ptr<Log>> log = Log::open(how, found);
  if (log && !found.was_clean && found.scanned_bytes > 0) {
    log_info(name, ": checked ", found.scanned_bytes, " bytes from offset ", found.scanned_from,
             " on");
  }
  return log;
}

Result<bool> PartitionStore::claim(const PartitionName& name, const Opening& opening,
                                   OpenLog& how) {
  Disk& disk = syncs_.disk();
  if (opening.is_new) {
    Result<void> forgotten = forget_checkpoints(name);
    if (!forgotten) return pass(forgotten);
  }
  Result<std::optional<Uuid>> owner = load_partition_metadata(disk, how.directory);
  if (!owner && owner.error().code == Code::bad_data) {
    Result<bool> torn = may_be_torn(disk, how.directory, name.topic_id);
    if (!torn) return pass(torn);
    if (*torn) owner = std::optional<Uuid>();
  }
  if (!owner) return pass(owner);
  if (*owner == name.topic_id && !opening.is_new) {
    std::pair key{name.topic, name.partition.value};
    const LogDirectory::Checkpoints& found = directory_.found();
    auto point = found.recovery_points.find(key);
    if (point != found.recovery_points.end()) how.recovery_point = point->second;
    auto start = found.log_starts.find(key);
    if (start != found.log_starts.end()) how.log_start = start->second;
    return true;
  }
  Result<void> forgotten = forget_checkpoints(name);
  if (!forgotten) return pass(forgotten);
  if (*owner && **owner != name.topic_id) {
    Result<std::string> aside = directory_.set_aside(name.topic, name.partition.value);
    if (!aside) return pass(aside);
    log_warning("the log of ", name, " belongs to another topic, ", **owner, "; it is kept as ",
                *aside);
  } else {
    Result<bool> there = disk.exists(how.directory);
    if (!there) return pass(there);
    how.clean = how.clean && !*there;
  }
  how.partition_metadata = partition_metadata(name.topic_id);
  return false;
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

Result<void> PartitionStore::forget_checkpoints(const PartitionName& name) {
  std::pair key{name.topic, name.partition.value};
  std::lock_guard lock(checkpoint_mutex_);
  disowned_.insert(key);
  bool stale = stored_.recovery_points.contains(key) || stored_.log_starts.contains(key);
  if (!stale) return {};
  return directory_.store(checkpoints_now(), stored_);
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
  auto each = [&](auto act) {
    for (const auto& [id, partitions] : current->topics()) {
      for (const std::shared_ptr<Partition>& partition : *partitions) {
        if (partition && partition->is_open()) act(*partition);
      }
    }
  };
  open_all_logs(*current);
  each([&](Partition& partition) { partition.maintain(now); });
  // On a full disk the checkpoint may have failed, and only deletion helps.
  OffsetCheckpoint starts;
  {
    std::lock_guard lock(checkpoint_mutex_);
    starts = checkpoints_now().log_starts;
  }
  if (!is_mutant("deletes-before-checkpoint") && !checkpoint()) return;
  each([&](Partition& partition) {
    auto start = starts.find({partition.name().topic, partition.name().partition.value});
    if (start == starts.end()) return;
    int64_t delay = partition.config()->file_delete_delay_ms;
    for (std::string& path : partition.delete_segments(start->second)) {
      remove_later(std::move(path), delay);
    }
  });
}

// Retention looks at all logs, also at those that nobody has asked for since the start.
void PartitionStore::open_all_logs(const PartitionTable& table) {
  for (const auto& [id, partitions] : table.topics()) {
    for (const std::shared_ptr<Partition>& partition : *partitions) {
      if (!partition || partition->retired()) continue;
      Result<void> opened = partition->open();
      if (!opened) log_warning(partition->name(), ": ", opened.error().message);
    }
  }
}

LogDirectory::Checkpoints PartitionStore::checkpoints_now() const {
  LogDirectory::Checkpoints now;
  const LogDirectory::Checkpoints& found = directory_.found();
  auto keep = [](const OffsetCheckpoint& from, const auto& key, OffsetCheckpoint& to) {
    auto known = from.find(key);
    if (known != from.end()) to.insert(*known);
  };
  std::shared_ptr<const PartitionTable> current = table();
  for (const auto& [id, partitions] : current->topics()) {
    for (const std::shared_ptr<Partition>& partition : *partitions) {
      if (!partition) continue;
      std::pair key{partition->name().topic, partition->name().partition.value};
      if (partition->is_open()) {
        now.recovery_points[key] = partition->log().recovery_point();
        now.watermarks[key] = partition->high_watermark();
        if (partition->log_start() > Offset{0}) now.log_starts[key] = partition->log_start();
      } else if (!disowned_.contains(key)) {
        keep(found.recovery_points, key, now.recovery_points);
        keep(found.watermarks, key, now.watermarks);
        keep(found.log_starts, key, now.log_starts);
      }
    }
  }
  return now;
}

Result<void> PartitionStore::checkpoint() {
  std::lock_guard lock(checkpoint_mutex_);
  Result<void> stored = directory_.store(checkpoints_now(), stored_);
  if (stored) return stored;
  log_warning("no checkpoint: ", stored.error().message);
  if (stored.error().code == Code::disk_full) return {};
  syncs_.report(stored.error());
  return stored;
}

Result<void> PartitionStore::close_all() {
  std::shared_ptr<const PartitionTable> current = table();
  for (const auto& [id, partitions] : current->topics()) {
    for (const std::shared_ptr<Partition>& partition : *partitions) {
      if (!partition) continue;
      partition->retire();
      if (!partition->is_open()) continue;
      Result<void> closed = partition->close();
      if (!closed) return pass(closed, text("close ", partition->name()));
    }
  }
  {
    std::lock_guard lock(checkpoint_mutex_);
    stored_ = {};
  }
  return checkpoint();
}

}  // namespace eventd
