// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/broker.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "lib/base/ensure.h"
#include "lib/base/logger.h"
#include "lib/base/text.h"

namespace eventd {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kCheckpointEvery{5};
// What a stop gives to peers that do not take their answers. It leaves time for the final syncs
// within the time that a stop may last.
constexpr seconds kAnswersMax{5};
constexpr milliseconds kStopPoll{5};
constexpr milliseconds kFailureGrace{200};
constexpr milliseconds kDyingMax{1000};
constexpr int kExitDisk = 4;
constexpr size_t kOpenFilesMin = 64;

// How many descriptors the process may have; raised as far as that is allowed.
size_t descriptors_max() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 2 * kOpenFilesMin;
  if (limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 1 << 20);
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  return limit.rlim_cur;
}

// Half of the descriptors are for logs and a quarter for connections; the rest is for files that
// answers under way hold open, and for syncs, which must not fail for want of one.
size_t open_files_max() {
  return std::clamp<size_t>(descriptors_max() / 2, kOpenFilesMin, 1 << 16);
}
size_t connections_max() { return std::max<size_t>(descriptors_max() / 4, 16); }

std::vector<FeatureRange> supported_features() {
  return {{"eligible.leader.replicas.version", 0, 1},
          {"kraft.version", 0, 1},
          {"metadata.version", 7, kMetadataVersion}};
}

}  // namespace

Broker::Broker(const BrokerConfig& config, Disk& disk)
    : config_(config),
      disk_(disk),
      sessions_(static_cast<size_t>(config.fetch_sessions)),
      frame_memory_(config.queued_bytes_max > 0 ? static_cast<size_t>(config.queued_bytes_max)
                                                : MemoryBudget::kUnlimited),
      files_(std::make_shared<OpenFiles>(disk, open_files_max())),
      counters_(static_cast<size_t>(config.loops)) {
  for (int32_t i = 0; i < config.loops; i++) loops_.push_back(std::make_unique<UvLoop>());
  views_.resize(loops_.size());
}

// Work of the pool refers to everything else.
Broker::~Broker() { pool_.reset(); }

Result<std::unique_ptr<Broker>> Broker::start(const BrokerConfig& config, Disk& disk) {
  std::unique_ptr<Broker> broker(new Broker(config, disk));
  Result<void> done = broker->open_directory();
  if (done) done = broker->open_ports();
  if (done) done = broker->open_storage();
  if (done) done = broker->register_self();
  if (!done) return pass(done);
  for (View& view : broker->views_) view = broker->metadata_->view();
  return broker;
}

// After a kill -9 the shell is faster with the next command than the system with what was killed.
Result<void> Broker::open_directory() {
  Instant deadline = monotonic_now() + kDyingMax;
  auto directory = LogDirectory::open(disk_, config_.data_dir, config_.node_id);
  while (!directory && directory.error().code == Code::in_use && monotonic_now() < deadline) {
    std::this_thread::sleep_for(kStopPoll);
    directory = LogDirectory::open(disk_, config_.data_dir, config_.node_id);
  }
  if (!directory) return pass(directory);
  directory_ = std::move(*directory);
  return {};
}

// Who connects from now on waits in the system's queue until run().
Result<void> Broker::open_ports() {
  std::vector<UvLoop*> loops;
  for (auto& loop : loops_) loops.push_back(loop.get());
  server_ = std::make_unique<Server>(*this, std::move(loops), config_, connections_max());
  if (!config_.sockets.empty()) return server_->adopt(config_.sockets);
  return server_->listen(config_.listeners);
}

Result<void> Broker::open_storage() {
  Result<bool> clean = directory_->take_clean_marker();
  if (!clean) return pass(clean);
  syncs_ = std::make_unique<SyncScheduler>(disk_, *pool_, *loops_.front(),
                                           [this](const Error& error) { disk_failed(error); });
  auto log = MetadataLog::open(*directory_, files_, *clean);
  if (!log) return pass(log);
  ControllerSettings settings;
  settings.node_id = directory_->identity().node_id;
  settings.directory_id = directory_->identity().directory_id;
  settings.default_partitions = config_.num_partitions;
  settings.default_replication_factor = config_.default_replication_factor;
  settings.delete_topics = config_.delete_topics;
  settings.check_topic_configs = check_topic_configs;
  partitions_ = std::make_unique<PartitionStore>(*directory_, files_, config_, *syncs_);
  syncs_->on_checkpoint_due([this] {
    pool_->submit(DiskPool::Lane::maintenance, [this] { partitions_->checkpoint(); });
  });
  metadata_ = std::make_unique<MetadataDriver>(
      std::move(*log), *partitions_, std::move(settings), *pool_,
      [this](View view, Callback done) { publish(std::move(view), std::move(done)); },
      [this](const Error& error) { disk_failed(error); });
  std::shared_ptr<const Image> image = metadata_->log().image();
  auto self = image->brokers.find(node_id());
  bool ours = self == image->brokers.end() || self->second.features == supported_features();
  Result<void> opened = partitions_->open_all(*image, {.clean = *clean, .ours = ours});
  if (!opened) return opened;
  return {};
}

// Tells the metadata who we are and that we may lead; leads what nobody does.
Result<void> Broker::register_self() {
  Registration self;
  self.node_id = node_id();
  self.incarnation_id = Uuid::random();
  self.directory_id = directory_->identity().directory_id;
  self.features = supported_features();
  self.rack = config_.rack;
  const std::vector<ListenerConfig>& told =
      config_.advertised.empty() ? server_->bound() : config_.advertised;
  for (const ListenerConfig& listener : told) {
    if (listener.address.is_unix) continue;
    self.endpoints.push_back({listener.name, listener.address.host, listener.address.port, 0});
  }
  Offset epoch = metadata_->log().end();
  Result<void> done = metadata_->change_now([&](Controller& c) { c.register_broker(self, epoch); });
  if (done) done = metadata_->change_now([&](Controller& c) { c.unfence(epoch.value); });
  std::shared_ptr<const Image> before = metadata_->log().image();
  if (done) done = metadata_->change_now([](Controller& c) { c.elect_leaders(); });
  if (done) done = metadata_->change_now([](Controller& c) { c.end_recovery(); });
  if (done) done = metadata_->log().sync();
  if (!done) return pass(done, "register with the cluster's metadata");
  return partitions_->update(*before, *metadata_->log().image());
}

int Broker::run() {
  for (size_t i = 1; i < loops_.size(); i++) {
    threads_.emplace_back([loop = loops_[i].get()] { loop->run(); });
  }
  schedule_maintenance();
  main_loop().run();
  return finish_stop();
}

void Broker::stop() {
  if (!stopping_.exchange(true)) main_loop().post([this] { begin_stop(); });
}

// Loop 0. Answers go out while there is time; then connections are cut and the loops end.
void Broker::begin_stop() {
  server_->stop_listening();
  bool failed = disk_has_failed_.load();
  server_->end_connections(false);
  spawn(end_loops(failed ? kFailureGrace : milliseconds(kAnswersMax)));
}

Task<void> Broker::end_loops(milliseconds grace) {
  Loop& loop = main_loop();
  Instant deadline = loop.now() + grace;
  bool cut = false;
  while (server_->connection_count() > 0 && !(cut && disk_has_failed_.load())) {
    if (!cut && loop.now() >= deadline) {
      cut = true;
      if (!disk_has_failed_.load()) log_warning("some peers did not take their answers in time");
      server_->end_connections(true);
    }
    co_await sleep_until(loop, loop.now() + kStopPoll);
  }
  for (auto& each : loops_) each->stop();
}

int Broker::finish_stop() {
  if (disk_has_failed_.load()) return kExitDisk;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  pool_.reset();  // after the syncs that are under way
  syncs_->on_checkpoint_due({});  // the last syncs may be large; closing ends with a checkpoint
  std::vector<const LoopCounters*> counters;
  for (const LoopCounters& each : counters_) counters.push_back(&each);
  log_debug("served ", summary(counters, syncs_->syncs()));
  if (disk_has_failed_.load()) return kExitDisk;
  Result<void> closed = close_storage();
  if (closed) return 0;
  log_error("the stop is not clean: ", closed.error().message);
  return kExitDisk;
}

Result<void> Broker::close_storage() {
  Result<void> done = partitions_->close_all();
  if (!done) return done;
  done = metadata_->change_now([](Controller& c) { c.fence_for_shutdown(); });
  if (done) done = metadata_->log().close();
  if (!done) return done;
  // What is still to be removed carries its suffix; the next start sees to it, and a stop is quick.
  auto self = metadata_->log().image()->brokers.find(node_id());
  return directory_->put_clean_marker(self->second.epoch);
}

// Any thread. With one log directory there is nothing left to serve.
void Broker::disk_failed(const Error& error) {
  if (disk_has_failed_.exchange(true)) return;
  log_error("the disk failed: ", error.message, "; stopping");
  if (!stopping_.exchange(true)) main_loop().post([this] { begin_stop(); });
}

void Broker::publish(View view, Callback done) {
  auto left = std::make_shared<std::atomic<size_t>>(loops_.size());
  auto last = std::make_shared<Callback>(std::move(done));
  for (size_t i = 0; i < loops_.size(); i++) {
    loops_[i]->post([this, i, view, left, last] {
      views_[i] = view;
      if (left->fetch_sub(1) == 1) (*last)();
    });
  }
}

// Repeats `work` on the maintenance lane. A timer that is still armed at the end goes with its
// loop.
void Broker::every(milliseconds first, milliseconds period, Callback work) {
  auto repeated = std::make_shared<Repeated>(Repeated{std::move(work), period});
  main_loop().post([this, first, repeated] {
    main_loop().call_at(main_loop().now() + first, [this, repeated] { repeat(repeated); });
  });
}

void Broker::repeat(const std::shared_ptr<Repeated>& repeated) {
  if (stopping_.load()) return;
  pool_->submit(DiskPool::Lane::maintenance, [repeated] { repeated->work(); });
  main_loop().call_at(main_loop().now() + repeated->period, [this, repeated] { repeat(repeated); });
}

void Broker::schedule_maintenance() {
  every(kCheckpointEvery, kCheckpointEvery, [this] {
    if (!directory_->is_there()) {
      return disk_failed({Code::not_found, text("the data directory ", directory_->path(),
                                                " is gone"), 0});
    }
    partitions_->checkpoint();
    partitions_->remove_due(monotonic_now());
    metadata_->retry();
  });
  every(milliseconds(config_.initial_task_delay_ms), milliseconds(config_.retention_check_ms),
        [this] { partitions_->maintain(wall_now()); });
}

Task<Result<void>> Broker::raise_leader_epoch(Loop& loop, const Partition& partition) {
  LeaderEpoch ended = partition.leader_epoch();
  MetadataDriver::Decide raise = [&](Controller& controller) {
    const PartitionName& name = partition.name();
    controller.raise_leader_epoch(name.topic_id, name.partition.value, ended);
  };
  Result<void> done = co_await metadata_->change(loop, std::move(raise));
  co_return std::move(done);
}

Task<Result<void>> Broker::checkpoint(Loop& loop) {
  auto write = [this] { return partitions_->checkpoint(); };
  Result<void> done = co_await run_on(*pool_, DiskPool::Lane::sync, loop, write);
  co_return std::move(done);
}

Task<Result<ProducerId>> Broker::next_producer_id(Loop& loop) {
  while (true) {
    {
      std::lock_guard lock(ids_mutex_);
      if (next_producer_id_ < producer_ids_end_) co_return ProducerId{next_producer_id_++};
    }
    int64_t first = 0;
    MetadataDriver::Decide allocate = [&](Controller& controller) {
      first = controller.allocate_producer_ids(-1);
    };
    Result<void> done = co_await metadata_->change(loop, std::move(allocate));
    if (!done) co_return pass(done);
    std::lock_guard lock(ids_mutex_);
    // Another loop may have been faster: its block is given up, ids are plenty.
    next_producer_id_ = first;
    producer_ids_end_ = first + kProducerIdBlock;
  }
}

}  // namespace eventd
