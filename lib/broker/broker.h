// SPDX-License-Identifier: Apache-2.0
// The broker: everything that requests share, and the order in which it starts and stops.
//
//   start  lock and identity -> ports -> metadata log -> partitions -> registration -> loops
//   stop   listeners -> parked requests -> final syncs -> fenced registration -> checkpoints ->
//          clean marker
//
// The directory and the ports come first: where one of them is taken, nothing was touched.
//
// Loop 0 is run by the thread that calls run(); the others have threads of their own.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "lib/broker/authorizer.h"
#include "lib/broker/complaints.h"
#include "lib/broker/config/broker_config.h"
#include "lib/broker/counters.h"
#include "lib/broker/fetch_sessions.h"
#include "lib/broker/memory_budget.h"
#include "lib/broker/metadata_driver.h"
#include "lib/broker/partition_store.h"
#include "lib/broker/server.h"
#include "lib/broker/sync_scheduler.h"
#include "lib/broker/throttle.h"
#include "lib/broker/view.h"
#include "lib/log/log_directory.h"
#include "lib/net/disk_pool.h"
#include "lib/net/uv_loop.h"

namespace eventd {

class Broker {
 public:
  // Up to the listening sockets. in_use: the directory or the port is taken.
  static Result<std::unique_ptr<Broker>> start(const BrokerConfig& config, Disk& disk);
  ~Broker();

  // Serves until stop(). The exit status: 0 after a clean stop, 4 if the disk failed. Work may hang
  // on a failed disk: the process is then to be left without destroying the broker.
  int run();
  // Any thread, any number of times.
  void stop();

  // Where it listens.
  const std::vector<ListenerConfig>& bound() const { return server_->bound(); }
  UvLoop& main_loop() { return *loops_.front(); }

  // -- for handlers, on loops
  const BrokerConfig& config() const { return config_; }
  int32_t node_id() const { return directory_->identity().node_id; }
  const std::string& cluster_id() const { return directory_->identity().cluster_id; }
  const LogDirectory& directory() const { return *directory_; }
  // Of the loop with that index, which must be the caller's.
  View view(size_t loop_index) const { return views_[loop_index]; }
  FetchSessions& fetch_sessions() { return sessions_; }
  MetadataDriver& metadata() { return *metadata_; }
  const Authorizer& authorizer() const { return authorizer_; }
  Disk& disk() { return disk_; }
  DiskPool& pool() { return *pool_; }
  // Before the first append to a partition that needs a new leader epoch.
  Task<Result<void>> raise_leader_epoch(Loop& loop, const Partition& partition);
  Throttle& throttle() { return *throttle_; }
  // Before connections are served.
  void set_throttle(std::unique_ptr<Throttle> throttle) { throttle_ = std::move(throttle); }
  MemoryBudget& frame_memory() { return frame_memory_; }
  Complaints& complaints() { return complaints_; }
  // Of the loop with that index, which must be the caller's.
  LoopCounters& counters(size_t loop_index) { return counters_[loop_index]; }
  // Where logs start is on the disk after it.
  Task<Result<void>> checkpoint(Loop& loop);
  // A producer id that was never given out.
  Task<Result<ProducerId>> next_producer_id(Loop& loop);

 private:
  Broker(const BrokerConfig& config, Disk& disk);
  Result<void> open_directory();
  Result<void> open_ports();
  Result<void> open_storage();
  Result<void> register_self();
  void publish(View view, Callback done);
  void disk_failed(const Error& error);
  void begin_stop();
  Task<void> end_loops(std::chrono::milliseconds grace);
  int finish_stop();
  Result<void> close_storage();
  void schedule_maintenance();
  struct Repeated {
    Callback work;
    std::chrono::milliseconds period;
  };
  void every(std::chrono::milliseconds first, std::chrono::milliseconds period, Callback work);
  void repeat(const std::shared_ptr<Repeated>& repeated);

  const BrokerConfig config_;
  Disk& disk_;
  AllowAll authorizer_;
  std::unique_ptr<Throttle> throttle_ = std::make_unique<NoQuotas>();
  FetchSessions sessions_;
  MemoryBudget frame_memory_;
  Complaints complaints_;

  // These outlive the partitions, some of which live as long as views and posts of the loops do.
  std::shared_ptr<OpenFiles> files_;  // shared by all logs
  std::unique_ptr<LogDirectory> directory_;
  std::unique_ptr<SyncScheduler> syncs_;

  std::vector<std::unique_ptr<UvLoop>> loops_;
  std::vector<View> views_;  // each written and read by its own loop
  std::vector<LoopCounters> counters_;
  std::unique_ptr<DiskPool> pool_ = std::make_unique<DiskPool>();
  std::unique_ptr<PartitionStore> partitions_;
  std::unique_ptr<MetadataDriver> metadata_;
  std::unique_ptr<Server> server_;
  std::vector<std::thread> threads_;

  std::atomic<bool> stopping_{false};
  std::atomic<bool> disk_has_failed_{false};
  std::mutex ids_mutex_;
  int64_t next_producer_id_ = 0;
  int64_t producer_ids_end_ = 0;
};

}  // namespace eventd
