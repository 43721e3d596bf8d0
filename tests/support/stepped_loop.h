// SPDX-License-Identifier: Apache-2.0
// A loop whose time a test moves by hand. Posts may come from any thread; they and the timers run
// when the test says so.
#pragma once

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "lib/net/loop.h"

namespace eventd {

class SteppedLoop : public Loop {
 public:
  Instant now() const override { return now_; }
  WallTime wall_now() const override { return WallTime{1000}; }
  void post(Callback callback) override {
    std::lock_guard lock(mutex_);
    posts_.push_back(std::move(callback));
  }
  TimerId call_at(Instant when, Callback callback) override {
    timers_.emplace(when, std::move(callback));
    return ++last_timer_;
  }
  void cancel(TimerId) override {}
  Result<std::unique_ptr<Watch>> watch(int, std::function<void(Readiness)>) override {
    return fail(Code::unsupported, "nothing to watch");
  }
  bool is_current() const override { return true; }

  void run_posts() {
    std::vector<Callback> posts;
    {
      std::lock_guard lock(mutex_);
      posts.swap(posts_);
    }
    for (Callback& post : posts) post();
  }
  // When the next timer is due; the end of time if there is none.
  Instant next_timer() const { return timers_.empty() ? Instant::max() : timers_.begin()->first; }
  void run_next_timer() {
    auto first = timers_.extract(timers_.begin());
    now_ = std::max(now_, first.key());
    first.mapped()();
  }

 private:
  Instant now_ = monotonic_now();
  std::mutex mutex_;
  std::vector<Callback> posts_;
  std::multimap<Instant, Callback> timers_;
  TimerId last_timer_ = 0;
};

}  // namespace eventd
