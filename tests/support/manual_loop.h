// SPDX-License-Identifier: Apache-2.0
// A loop whose time stands still until a test moves it; descriptors are real, and are polled.
//
//   ManualLoop loop;
//   spawn(something(loop));
//   loop.settle();                        // until nothing is ready any more
//   loop.advance(std::chrono::seconds(60));
#pragma once

#include <poll.h>

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include "lib/net/loop.h"
#include "lib/net/timer_wheel.h"

namespace eventd {

class ManualLoop : public Loop {
 public:
  Instant now() const override { return now_; }
  WallTime wall_now() const override { return eventd::wall_now(); }
  void post(Callback callback) override {
    std::lock_guard lock(mutex_);
    posted_.push_back(std::move(callback));
  }
  TimerId call_at(Instant when, Callback callback) override {
    return timers_.add(when, std::move(callback));
  }
  void cancel(TimerId timer) override { timers_.cancel(timer); }
  Result<std::unique_ptr<Watch>> watch(int descriptor,
                                       std::function<void(Readiness)> ready) override {
    return std::make_unique<PolledWatch>(*this, descriptor, std::move(ready));
  }
  bool is_current() const override { return true; }

  // One round: posts, timers, descriptors. Whether anything ran.
  bool turn(int wait_ms = 0) {
    std::vector<Callback> batch;
    {
      std::lock_guard lock(mutex_);
      batch.swap(posted_);
    }
    for (Callback& callback : batch) callback();
    bool timed = timers_.next() <= now_;
    timers_.advance(now_);
    return poll_all(batch.empty() && !timed ? wait_ms : 0) || !batch.empty() || timed;
  }
  // Until nothing has been ready for a moment, as long as other threads may take to answer.
  void settle(int quiet_ms = 20) {
    while (turn(quiet_ms)) {
    }
  }
  void advance(Duration by) {
    now_ += by;
    settle();
  }
  // Other threads may have to do their part first. False after ten seconds.
  template <class Condition>
  bool run_until(Condition holds) {
    Instant give_up = monotonic_now() + std::chrono::seconds(10);
    while (!holds()) {
      if (monotonic_now() >= give_up) return false;
      turn(5);
    }
    return true;
  }

 private:
  class PolledWatch : public Watch {
   public:
    PolledWatch(ManualLoop& loop, int descriptor, std::function<void(Readiness)> ready)
        : loop_(loop), descriptor_(descriptor), ready_(std::move(ready)) {
      loop_.watches_.push_back(this);
    }
    ~PolledWatch() override { std::erase(loop_.watches_, this); }
    void want(Readiness readiness) override { wanted_ = readiness; }

    ManualLoop& loop_;
    const int descriptor_;
    std::function<void(Readiness)> ready_;
    Readiness wanted_;
  };

  bool poll_all(int wait_ms) {
    std::vector<PolledWatch*> all = watches_;
    std::vector<pollfd> polled;
    for (PolledWatch* watch : all) {
      bool wants = watch->wanted_ != Readiness{};
      auto events = static_cast<short>((watch->wanted_.readable ? POLLIN : 0) |
                                       (watch->wanted_.writable ? POLLOUT : 0) |
                                       (watch->wanted_.disconnected ? POLLRDHUP : 0));
      polled.push_back({wants ? watch->descriptor_ : -1, events, 0});
    }
    if (poll(polled.data(), polled.size(), wait_ms) <= 0) return false;
    for (size_t i = 0; i < all.size(); i++) {
      short events = polled[i].revents;
      if (events == 0 || std::ranges::find(watches_, all[i]) == watches_.end()) continue;
      bool failed = (events & POLLERR) != 0;  // then libuv stops watching
      if (failed) all[i]->wanted_ = {};
      auto ready = all[i]->ready_;
      ready({.readable = failed || (events & (POLLIN | POLLHUP)) != 0,
             .writable = failed || (events & (POLLOUT | POLLHUP)) != 0,
             .disconnected = failed || (events & (POLLRDHUP | POLLHUP)) != 0,
             .failed = failed});
    }
    return true;
  }

  Instant now_{std::chrono::hours(1)};
  TimerWheel timers_;
  std::vector<PolledWatch*> watches_;
  std::mutex mutex_;
  std::vector<Callback> posted_;
};

}  // namespace eventd
