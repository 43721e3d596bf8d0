// SPDX-License-Identifier: Apache-2.0
// The partitions of this broker's log directory: opened from the metadata, deleted with it, kept in
// order by checkpoints and retention.
//
// open_all(), update() and close_all() are called by one thread at a time; they wait for the disk,
// so never on a loop. The table that they yield is immutable.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lib/broker/config/broker_config.h"
#include "lib/broker/partition.h"
#include "lib/broker/sync_scheduler.h"
#include "lib/broker/view.h"
#include "lib/cluster/image.h"
#include "lib/log/log_directory.h"

namespace eventd {

class PartitionStore {
 public:
  // All outlive the store.
  PartitionStore(LogDirectory& directory, std::shared_ptr<OpenFiles> files,
                 const BrokerConfig& config, SyncScheduler& syncs)
      : directory_(directory), files_(std::move(files)), config_(config), syncs_(syncs) {}

  // How the process before us ended, and whether it was one of ours: another may have shown records
  // to consumers that were not on the disk.
  struct LastRun {
    bool clean = false;
    bool ours = true;
  };

  // Opens what the image gives to this node. Logs that no topic claims are set aside.
  Result<void> open_all(const Image& image, const LastRun& last);
  // Opens what is new, retires what is gone, hands on new configs and leader epochs. The paths of
  // deleted logs are for remove_later(). After an error the table is as far as it could be brought;
  // the same call again goes on from there.
  Result<void> update(const Image& before, const Image& after);
  std::shared_ptr<const PartitionTable> table() const;

  // Writes the checkpoints of what has moved since the last time. A full disk is no error: what was
  // there before still holds, and it is tried again. Any other failure is the directory's. Any
  // thread.
  Result<void> checkpoint();
  // Retention: log starts move up and are checkpointed, then segments below them are deleted.
  void maintain(WallTime now);
  // Deleted files and directories whose delay is over by `now`; all of them at the end of time.
  void remove_due(Instant now);

  // A last sync and a snapshot of each, after which the stop is clean.
  Result<void> close_all();

 private:
  // Logs are found at the start, or made for what is new in the metadata.
  struct Opening {
    bool is_new = false;
    LastRun last;
  };
  Result<std::shared_ptr<Partition>> open_one(const Image& image, const TopicImage& topic,
                                              size_t index, const Opening& opening);
  // Finds what is in the directory. After a clean stop this runs when the partition is first used,
  // on any thread.
  Result<std::unique_ptr<Log>> open_log(const PartitionName& name, const TopicConfig& config,
                                        const Opening& opening);
  Result<void> open_topic(const Image& image, const TopicImage& topic, const Opening& opening,
                          PartitionTable& table);
  Result<void> update_topics(const Image& before, const Image& after, PartitionTable& table);
  // What the checkpoints tell of an older topic with that name must not be told of the new one.
  Result<void> forget_checkpoints(const PartitionName& name);
  // Under checkpoint_mutex_.
  LogDirectory::Checkpoints checkpoints_now() const;
  // Whether the directory is this topic's already; what the checkpoints say is used only then.
  Result<bool> claim(const PartitionName& name, const Opening& opening, OpenLog& how);
  void open_all_logs(const PartitionTable& table);
  void retire_topic(const TopicImage& topic, PartitionTable& table);
  void remove_later(std::string path, int64_t delay_ms);
  void publish(PartitionTable table);

  LogDirectory& directory_;
  const std::shared_ptr<OpenFiles> files_;  // shared by all logs
  const BrokerConfig& config_;
  SyncScheduler& syncs_;

  mutable std::mutex mutex_;
  std::shared_ptr<const PartitionTable> table_ = std::make_shared<const PartitionTable>();
  struct Removal {
    std::string path;
    Instant when;
  };
  std::vector<Removal> removals_;

  // Taken before mutex_, and after a partition's own.
  std::mutex checkpoint_mutex_;
  LogDirectory::Checkpoints stored_;
  // Of what the checkpoints were found to hold, that of other topics.
  std::set<std::pair<std::string, int32_t>> disowned_;
};

}  // namespace eventd
