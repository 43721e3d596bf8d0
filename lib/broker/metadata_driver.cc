// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/metadata_driver.h"

#include <utility>

#include "lib/base/logger.h"

namespace eventd {

namespace {
// After so many records a snapshot spares the next start their replay.
constexpr int64_t kSnapshotEvery = 10'000;
}  // namespace

MetadataDriver::MetadataDriver(std::unique_ptr<MetadataLog> log, PartitionStore& partitions,
                               ControllerSettings settings, DiskPool& pool, Publish publish,
                               std::function<void(const Error&)> failed)
    : log_(std::move(log)),
      partitions_(partitions),
      settings_(std::move(settings)),
      pool_(pool),
      publish_(std::move(publish)),
      failed_(std::move(failed)),
      applied_(log_->image()) {}

View MetadataDriver::view() const { return {log_->image(), partitions_.table()}; }

Task<Result<void>> MetadataDriver::change(Loop& loop, Decide decide) {
  auto ask = std::make_shared<Ask>();
  ask->decide = std::move(decide);
  ask->ticket = std::make_shared<Ticket>(loop);
  bool idle = false;
  {
    std::lock_guard lock(mutex_);
    queue_.push_back(ask);
    idle = !std::exchange(running_, true);
  }
  if (idle) pool_.submit(DiskPool::Lane::sync, [this] { run_batch(); });
  // The decision refers to the asker's frame, so it is waited for without end.
  co_await ask->ticket->wait(Instant::max());
  co_return std::move(ask->result);
}

void MetadataDriver::run_batch() {
  std::vector<std::shared_ptr<Ask>> batch;
  {
    std::lock_guard lock(mutex_);
    batch.assign(queue_.begin(), queue_.end());
    queue_.clear();
    if (batch.empty()) {
      running_ = false;
      return;
    }
  }
  bool changed = false;
  Result<void> done = apply(batch, changed);
  if (!done) {
    log_error("the metadata cannot be changed: ", done.error().message);
    if (done.error().code != Code::disk_full) failed_(done.error());
  }
  if (!done || !changed) return finish(std::move(batch), std::move(done));
  publish_(view(), [this, batch = std::move(batch)]() mutable { finish(std::move(batch), {}); });
}

Result<void> MetadataDriver::apply(const std::vector<std::shared_ptr<Ask>>& batch, bool& changed) {
  for (const std::shared_ptr<Ask>& ask : batch) {
    std::shared_ptr<const Image> image = log_->image();
    Controller controller(*image, settings_);
    ask->decide(controller);
    if (controller.records().empty()) continue;
    changed = true;
    Result<void> appended = log_->append(controller.records());
    if (!appended) return appended;
  }
  if (!changed) return {};
  Result<void> synced = log_->sync();
  if (!synced) return synced;
  std::shared_ptr<const Image> before = std::exchange(applied_, log_->image());
  Result<void> updated = partitions_.update(*before, *applied_);
  if (!updated) return updated;
  if (log_->records_since_snapshot() < kSnapshotEvery) return {};
  Result<void> written = log_->write_snapshot();
  if (!written) log_warning("no metadata snapshot: ", written.error().message);
  return {};
}

void MetadataDriver::finish(std::vector<std::shared_ptr<Ask>> batch, Result<void> result) {
  for (const std::shared_ptr<Ask>& ask : batch) {
    ask->result = result;
    ask->ticket->fire();
  }
  pool_.submit(DiskPool::Lane::sync, [this] { run_batch(); });
}

Result<void> MetadataDriver::change_now(const Decide& decide) {
  std::shared_ptr<const Image> image = log_->image();
  Controller controller(*image, settings_);
  decide(controller);
  Result<void> appended = log_->append(controller.records());
  if (appended) applied_ = log_->image();
  return appended;
}

}  // namespace eventd
