// SPDX-License-Identifier: Apache-2.0
// The loop of libuv. run() makes the calling thread the loop's own.
//
// Without timers and readiness it sleeps: no tick, no system call.
#pragma once

#include <uv.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "lib/net/loop.h"
#include "lib/net/timer_wheel.h"

namespace eventd {

class UvLoop : public Loop {
 public:
  UvLoop();
  ~UvLoop() override;

  // Until stop().
  void run();
  // Any thread. What was posted before still runs.
  void stop();

  Instant now() const override { return monotonic_now(); }
  WallTime wall_now() const override { return eventd::wall_now(); }
  void post(Callback callback) override;
  TimerId call_at(Instant when, Callback callback) override;
  void cancel(TimerId timer) override { timers_.cancel(timer); }
  Result<std::unique_ptr<Watch>> watch(int descriptor,
                                       std::function<void(Readiness)> ready) override;
  bool is_current() const override { return thread_.load() == std::this_thread::get_id(); }

  uv_loop_t* handle() { return &loop_; }

 private:
  void run_posts();
  void run_timers();
  void arm(Instant when);

  uv_loop_t loop_{};
  uv_async_t async_{};
  uv_timer_t timer_{};
  TimerWheel timers_;
  Instant armed_ = Instant::max();
  std::atomic<std::thread::id> thread_{};

  std::mutex mutex_;
  std::vector<Callback> posted_;
  bool stopping_ = false;
};

}  // namespace eventd
