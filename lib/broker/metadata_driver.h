// SPDX-License-Identifier: Apache-2.0
// Changes to the cluster's metadata, one after the other: decided, made durable, applied, told.
//
// Any loop asks with change(); decisions are made on the disk pool, one batch of them at a time, so
// that requests which come while a sync runs share the next. An answer leaves only after every loop
// has the image that contains the change.
//
// What could not be appended is its own asker's error: the others of the batch are decided on an
// image without it. A failed sync is final, as everywhere: nothing is decided any more. A change
// that is durable has happened, so a disk that is too full for the logs of a new topic refuses
// their records, not the topic; they are opened when there is room.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "lib/base/result.h"
#include "lib/broker/metadata_log.h"
#include "lib/broker/partition_store.h"
#include "lib/broker/ticket.h"
#include "lib/net/disk_pool.h"
#include "lib/net/task.h"

namespace eventd {

class MetadataDriver {
 public:
  // Decides on an image; called on a thread of the pool, while the asker waits.
  using Decide = std::function<void(Controller&)>;
  // Gives a view to every loop and calls `done` when all have it. Called on a thread of the pool.
  using Publish = std::function<void(View view, Callback done)>;

  // All outlive the driver. `failed` is told once of an error that makes going on pointless.
  MetadataDriver(std::unique_ptr<MetadataLog> log, PartitionStore& partitions,
                 ControllerSettings settings, DiskPool& pool, Publish publish,
                 std::function<void(const Error&)> failed);

  // On the caller's loop. `decide` may refer to the caller's frame. An error if the change could
  // not be made durable; what the controller itself refuses is in what `decide` noted.
  Task<Result<void>> change(Loop& loop, Decide decide);

  // For the start and the stop, when no loop asks: decides and appends on this thread. The caller
  // syncs.
  Result<void> change_now(const Decide& decide);

  // Any thread: opens logs for which there was no room. Does nothing if there are none.
  void retry();

  const ControllerSettings& settings() const { return settings_; }
  MetadataLog& log() { return *log_; }
  View view() const;

 private:
  struct Ask {
    Decide decide;
    TicketPointer ticket;
    Result<void> result;
  };
  using Batch = std::vector<std::shared_ptr<Ask>>;  // shared with the askers
  void submit(std::shared_ptr<Ask> ask);
  void run_batch();
  // Whether anything was appended.
  bool decide(const Batch& batch);
  Result<void> make_durable();
  // Brings the partitions to the log's image, as far as the disk has room.
  Result<void> apply();
  void snapshot_if_due();
  void finish(Batch batch);
  void fail_all(const Batch& batch, const Error& error);
  void stop_serving(const Error& error);

  const std::unique_ptr<MetadataLog> log_;
  PartitionStore& partitions_;
  const ControllerSettings settings_;
  DiskPool& pool_;
  const Publish publish_;
  const std::function<void(const Error&)> failed_;

  std::mutex mutex_;
  std::deque<std::shared_ptr<Ask>> queue_;  // shared with the askers
  bool running_ = false;
  // Of the batch that runs alone.
  std::shared_ptr<const Image> applied_;  // what the partitions agree with
  std::optional<Error> broken_;           // a write or sync failed for good
  std::atomic<bool> behind_{false};       // the partitions lag behind the image
};

}  // namespace eventd
