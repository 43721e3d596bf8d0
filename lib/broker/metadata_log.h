// SPDX-License-Identifier: Apache-2.0
// The quorum of one: the log __cluster_metadata-0, the image that it yields, and the snapshots.
//
// Not a thread's: whoever calls sees to it that calls do not overlap. append() is followed by
// sync() before anybody is told of what was appended. Calls wait for the disk.
#pragma once

#include <memory>
#include <string>

#include "lib/base/result.h"
#include "lib/cluster/controller.h"
#include "lib/cluster/image.h"
#include "lib/cluster/snapshot.h"
#include "lib/log/log.h"
#include "lib/log/log_directory.h"
#include "lib/raft/quorum_of_one.h"

namespace eventd {

class MetadataLog {
 public:
  // Opens or makes the log, replays it from the last snapshot on, and begins a new term as leader.
  // Nothing of that is synced yet. `files` and the directory outlive it.
  static Result<std::unique_ptr<MetadataLog>> open(LogDirectory& directory,
                                                   std::shared_ptr<OpenFiles> files, bool clean);

  // As of everything that was appended.
  std::shared_ptr<const Image> image() const { return image_; }
  Offset end() const { return log_->log_end(); }
  bool was_empty() const { return was_empty_; }

  // One batch with these records, applied to the image.
  Result<void> append(const MetadataRecords& records);
  Result<void> sync();

  // Writes a snapshot of the image, all of which must be synced, and removes older ones.
  Result<void> write_snapshot();
  // How much of the log the last snapshot spares.
  int64_t records_since_snapshot() const { return log_->log_end().value - snapshot_end_.value; }

  Result<void> close();

 private:
  MetadataLog(LogDirectory& directory, std::shared_ptr<OpenFiles> files)
      : directory_(directory), files_(std::move(files)) {}
  Disk& disk() const { return files_->disk(); }
  Result<void> load_snapshot();
  Result<void> replay();
  Result<void> begin_term();
  Result<void> append_batch(Buffer batch);
  Result<std::shared_ptr<const Image>> bootstrap_image() const;

  LogDirectory& directory_;
  const std::shared_ptr<OpenFiles> files_;  // shared by all logs
  std::string path_;
  std::unique_ptr<Log> log_;
  std::shared_ptr<const Image> image_ = std::make_shared<const Image>();
  Voter self_;
  LeaderEpoch epoch_{0};
  Offset snapshot_end_{0};
  bool was_empty_ = false;
};

}  // namespace eventd
