// SPDX-License-Identifier: Apache-2.0
// Threads for what may wait for a disk: syncs, cold reads, maintenance. Never a loop's work.
//
// Each lane has its own threads, so that an unlink of gigabytes delays no sync. Threads start with
// the first work of their lane. Work that is queued when the pool ends is still done.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "lib/net/loop.h"
#include "lib/net/task.h"

namespace eventd {

class DiskPool {
 public:
  enum class Lane { sync, read, maintenance };

  explicit DiskPool(size_t sync_threads = 4, size_t read_threads = 2);
  // Waits for all that was submitted.
  ~DiskPool();

  // Any thread; runs on one of the lane's.
  void submit(Lane lane, Callback work);

 private:
  struct Threads {
    size_t threads_max = 1;
    std::deque<Callback> queue;
    std::vector<std::thread> threads;
    size_t serving = 0;  // threads that will look at the queue again
    size_t idle = 0;
    std::condition_variable wake;
  };
  void serve(Threads& lane);

  std::mutex mutex_;
  bool ending_ = false;
  Threads lanes_[3];
};

// Runs `work` on the pool and returns on `loop`, which is the caller's own.
template <class F>
Task<std::invoke_result_t<F>> run_on(DiskPool& pool, DiskPool::Lane lane, Loop& loop, F work) {
  std::optional<std::invoke_result_t<F>> result;
  Signal done;
  pool.submit(lane, [&] {
    result.emplace(work());
    loop.post([&done] { done.notify(); });
  });
  co_await done.wait();
  co_return std::move(*result);
}

}  // namespace eventd
