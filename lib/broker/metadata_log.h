// SPDX-License-Identifier: Apache-2.0
// The quorum of one: the log __cluster_metadata-0, the image that it yields, and the snapshots.
//
// Not a thread's: whoever calls sees to it that calls do not overlap. append() is followed by
// sync() before anybody is told of what was appended. Calls wait for the disk.
//
// Two snapshots are kept, and the segments that reach back to the older one: a damaged snapshot can
// be done without.
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
  // Nothing of that is synced yet. `files` and the directory outlive it. Refuses, and changes
  // nothing: a damaged log, records of a newer Kafka, a quorum or log directories that are not this
  // node's alone, and a directory that has logs but no metadata.
  static Result<std::unique_ptr<MetadataLog>> open(LogDirectory& directory,
                                                   std::shared_ptr<OpenFiles> files, bool clean);

  // As of everything that was appended.
  std::shared_ptr<const Image> image() const { return image_; }
  Offset end() const { return log_->log_end(); }
  bool was_empty() const { return was_empty_; }

  // One batch with these records, applied to the image. On error nothing was appended, and the
  // image is as it was.
  Result<void> append(const MetadataRecords& records);
  Result<void> sync();

  // Writes a snapshot of the image, all of which must be synced, and removes what is older than the
  // one before it.
  Result<void> write_snapshot();
  // Whether the next start would have much to replay.
  bool wants_snapshot() const;

  Result<void> close();

 private:
  MetadataLog(LogDirectory& directory, std::shared_ptr<OpenFiles> files)
      : directory_(directory), files_(std::move(files)) {}
  Disk& disk() const { return files_->disk(); }
  Result<void> load_snapshot();
  Result<void> open_log(bool clean);
  // What must go when the log begins anew behind its snapshot.
  Result<void> remove_log();
  Result<void> refuse_orphans() const;
  Result<void> replay();
  Result<void> check_ownership() const;
  Result<void> begin_term();
  Result<void> abort_transaction();
  Result<void> bootstrap(const std::shared_ptr<const Image>& formatted);
  Result<void> remove_older_snapshots(const SnapshotId& than);
  Result<void> trim_log();
  Result<void> append_batch(Buffer batch);
  Result<std::shared_ptr<const Image>> bootstrap_image() const;

  LogDirectory& directory_;
  const std::shared_ptr<OpenFiles> files_;  // shared by all logs
  std::string path_;
  std::unique_ptr<Log> log_;
  std::shared_ptr<const Image> image_ = std::make_shared<const Image>();
  Voter self_;
  LeaderEpoch epoch_{0};
  SnapshotId snapshot_{Offset{0}, LeaderEpoch{0}};
  QuorumState last_term_;
  int64_t bytes_since_snapshot_ = 0;
  bool was_empty_ = false;
  bool in_transaction_ = false;  // whoever wrote before us stopped within one
};

}  // namespace eventd
