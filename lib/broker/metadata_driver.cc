// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/metadata_driver.h"

#include <utility>

#include "lib/base/logger.h"

namespace eventd {

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
  submit(ask);
  // The decision refers to the asker's frame, so it is waited for without end.
  co_await ask->ticket->wait(Instant::max());
  co_return std::move(ask->result);
}

void MetadataDriver::retry() {
  if (behind_.load()) submit(std::make_shared<Ask>());
}

void MetadataDriver::submit(std::shared_ptr<Ask> ask) {
  {
    std::lock_guard lock(mutex_);
    queue_.push_back(std::move(ask));
    if (std::exchange(running_, true)) return;
  }
  pool_.submit(DiskPool::Lane::sync, [this] { run_batch(); });
}

void MetadataDriver::run_batch() {
  Batch batch;
  {
    std::lock_guard lock(mutex_);
    batch.assign(queue_.begin(), queue_.end());
    queue_.clear();
    if (batch.empty()) {
      running_ = false;
      return;
    }
  }
  bool changed = decide(batch);
  if (changed) {
    Result<void> durable = make_durable();
    if (!durable) {
      fail_all(batch, durable.error());
      return finish(std::move(batch));
    }
  }
  if (!changed && !behind_.load()) return finish(std::move(batch));
  Result<void> applied = apply();
  if (!applied) stop_serving(applied.error());
  snapshot_if_due();
  publish_(view(), [this, batch = std::move(batch)]() mutable { finish(std::move(batch)); });
}

bool MetadataDriver::decide(const Batch& batch) {
  bool changed = false;
  for (const std::shared_ptr<Ask>& ask : batch) {
    if (broken_) {
      ask->result = std::unexpected(*broken_);
      continue;
    }
    if (!ask->decide) continue;
    std::shared_ptr<const Image> image = log_->image();
    Controller controller(*image, settings_);
    ask->decide(controller);
    if (controller.error()) {
      ask->result = std::unexpected(*controller.error());
      continue;
    }
    if (controller.records().empty()) continue;
    Result<void> appended = log_->append(controller.records());
    changed = changed || appended.has_value();
    if (appended) continue;
    log_error("the metadata cannot be changed: ", appended.error().message);
    // A full disk may have room again; one that fails to write does not mend itself.
    if (appended.error().code == Code::io_error) stop_serving(appended.error());
    ask->result = pass(appended);
  }
  return changed;
}

Result<void> MetadataDriver::make_durable() {
  Result<void> synced = log_->sync();
  if (!synced) stop_serving(synced.error());
  return synced;
}

Result<void> MetadataDriver::apply() {
  std::shared_ptr<const Image> image = log_->image();
  Result<void> updated = partitions_.update(*applied_, *image);
  behind_.store(!updated);
  if (updated) {
    applied_ = std::move(image);
    return updated;
  }
  if (updated.error().code != Code::disk_full) return updated;
  log_warning("no room for the logs of new partitions: ", updated.error().message);
  return {};
}

void MetadataDriver::snapshot_if_due() {
  if (broken_ || !log_->wants_snapshot()) return;
  Result<void> written = log_->write_snapshot();
  if (!written) log_warning("no metadata snapshot: ", written.error().message);
}

void MetadataDriver::stop_serving(const Error& error) {
  if (broken_) return;
  broken_ = Error{Code::kafka_storage_error, error.message, error.system_error};
  failed_(error);
}

// Nothing of the batch is known to be there, not even what a decision found that changed nothing.
void MetadataDriver::fail_all(const Batch& batch, const Error& error) {
  log_error("the metadata cannot be made durable: ", error.message);
  for (const std::shared_ptr<Ask>& ask : batch) ask->result = std::unexpected(*broken_);
}

void MetadataDriver::finish(Batch batch) {
  for (const std::shared_ptr<Ask>& ask : batch) {
    if (ask->ticket) ask->ticket->fire();
  }
  pool_.submit(DiskPool::Lane::sync, [this] { run_batch(); });
}

Result<void> MetadataDriver::change_now(const Decide& decide) {
  std::shared_ptr<const Image> image = log_->image();
  Controller controller(*image, settings_);
  decide(controller);
  if (controller.error()) return std::unexpected(*controller.error());
  Result<void> appended = log_->append(controller.records());
  if (appended) applied_ = log_->image();
  return appended;
}

}  // namespace eventd
