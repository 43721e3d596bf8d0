// SPDX-License-Identifier: Apache-2.0
#include "lib/net/disk_pool.h"

#include <csignal>
#include <utility>

namespace eventd {

DiskPool::DiskPool(size_t sync_threads, size_t read_threads) {
  lanes_[static_cast<size_t>(Lane::sync)].threads_max = sync_threads;
  lanes_[static_cast<size_t>(Lane::read)].threads_max = read_threads;
}

DiskPool::~DiskPool() {
  std::unique_lock lock(mutex_);
  ending_ = true;
  for (Threads& lane : lanes_) lane.wake.notify_all();
  // Work that still runs may submit more, for which a thread may start that nobody has seen yet.
  for (bool any = true; any;) {
    any = false;
    for (Threads& lane : lanes_) {
      while (!lane.threads.empty()) {
        std::thread thread = std::move(lane.threads.back());
        lane.threads.pop_back();
        lock.unlock();
        thread.join();
        lock.lock();
        any = true;
      }
    }
  }
}

void DiskPool::submit(Lane lane, Callback work) {
  Threads& threads = lanes_[static_cast<size_t>(lane)];
  std::lock_guard lock(mutex_);
  threads.queue.push_back(std::move(work));
  if (threads.idle >= threads.queue.size()) {
    threads.wake.notify_one();
    return;
  }
  if (threads.serving == threads.threads_max) return;
  threads.serving++;
  // Signals are for the main thread.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  threads.threads.emplace_back([this, &threads] { serve(threads); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void DiskPool::serve(Threads& lane) {
  std::unique_lock lock(mutex_);
  while (true) {
    while (lane.queue.empty() && !ending_) {
      lane.idle++;
      lane.wake.wait(lock);
      lane.idle--;
    }
    if (lane.queue.empty()) {
      lane.serving--;
      return;
    }
    Callback work = std::move(lane.queue.front());
    lane.queue.pop_front();
    lock.unlock();
    work();
    work = nullptr;
    lock.lock();
  }
}

}  // namespace eventd
