// SPDX-License-Identifier: Apache-2.0
// Changes to the cluster's metadata, one after the other: decided, made durable, applied, told.
//
// Any loop asks with change(); decisions are made on the disk pool, one batch of them at a time, so
// that requests which come while a sync runs share the next. An answer leaves only after every loop
// has the image that contains the change.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
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

  // For the start and the stop, when no loop asks: decides and makes durable on this thread.
  Result<void> change_now(const Decide& decide);

  const ControllerSettings& settings() const { return settings_; }
  MetadataLog& log() { return *log_; }
  View view() const;

 private:
  struct Ask {
    Decide decide;
    TicketPointer ticket;
    Result<void> result;
  };
  void run_batch();
  void finish(std::vector<std::shared_ptr<Ask>> batch, Result<void> result);
  Result<void> apply(const std::vector<std::shared_ptr<Ask>>& batch, bool& changed);

  const std::unique_ptr<MetadataLog> log_;
  PartitionStore& partitions_;
  const ControllerSettings settings_;
  DiskPool& pool_;
  const Publish publish_;
  const std::function<void(const Error&)> failed_;

  std::mutex mutex_;
  std::deque<std::shared_ptr<Ask>> queue_;  // shared with the askers
  bool running_ = false;
  std::shared_ptr<const Image> applied_;  // what the partitions agree with
};

}  // namespace eventd
