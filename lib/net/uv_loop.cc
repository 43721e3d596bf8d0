// SPDX-License-Identifier: Apache-2.0
#include "lib/net/uv_loop.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "lib/base/ensure.h"
#include "lib/base/text.h"

namespace eventd {

namespace {

// The handle outlives the Watch until libuv has let go of it.
struct PollHandle {
  uv_poll_t poll{};
  std::function<void(Readiness)> ready;
};

int events_of(Readiness readiness) {
  return (readiness.readable ? UV_READABLE : 0) | (readiness.writable ? UV_WRITABLE : 0) |
         (readiness.disconnected ? UV_DISCONNECT : 0);
}

void on_poll(uv_poll_t* poll, int status, int events) {
  auto* handle = static_cast<PollHandle*>(poll->data);
  Readiness readiness;
  // An error (the peer's reset) is told as readiness for all: the next call on the descriptor says
  // what it is. libuv has stopped watching then.
  readiness.readable = status < 0 || (events & UV_READABLE) != 0;
  readiness.writable = status < 0 || (events & UV_WRITABLE) != 0;
  readiness.disconnected = status < 0 || (events & UV_DISCONNECT) != 0;
  readiness.failed = status < 0;
  handle->ready(readiness);
}

class UvWatch : public Watch {
 public:
  explicit UvWatch(PollHandle* handle) : handle_(handle) {}
  ~UvWatch() override {
    handle_->ready = [](Readiness) {};
    uv_poll_stop(&handle_->poll);
    uv_close(reinterpret_cast<uv_handle_t*>(&handle_->poll),
             [](uv_handle_t* closed) { delete static_cast<PollHandle*>(closed->data); });
  }
  void want(Readiness readiness) override {
    int events = events_of(readiness);
    if (events == 0) {
      uv_poll_stop(&handle_->poll);
    } else {
      uv_poll_start(&handle_->poll, events, on_poll);
    }
  }

 private:
  PollHandle* handle_;
};

}  // namespace

UvLoop::UvLoop() {
  ENSURE(uv_loop_init(&loop_) == 0);
  loop_.data = this;
  async_.data = this;
  timer_.data = this;
  ENSURE(uv_async_init(&loop_, &async_, [](uv_async_t* async) {
           static_cast<UvLoop*>(async->data)->run_posts();
         }) == 0);
  ENSURE(uv_timer_init(&loop_, &timer_) == 0);
}

UvLoop::~UvLoop() {
  uv_close(reinterpret_cast<uv_handle_t*>(&async_), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&timer_), nullptr);
  uv_run(&loop_, UV_RUN_DEFAULT);
  ENSURE(uv_loop_close(&loop_) == 0);
}

void UvLoop::run() {
  thread_.store(std::this_thread::get_id());
  uv_run(&loop_, UV_RUN_DEFAULT);
  thread_.store({});
}

void UvLoop::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  uv_async_send(&async_);
}

void UvLoop::post(Callback callback) {
  bool first = false;
  {
    std::lock_guard lock(mutex_);
    first = posted_.empty();
    posted_.push_back(std::move(callback));
  }
  if (first) uv_async_send(&async_);
}

void UvLoop::run_posts() {
  std::vector<Callback> batch;
  bool stopping = false;
  {
    std::lock_guard lock(mutex_);
    batch.swap(posted_);
    stopping = std::exchange(stopping_, false);
  }
  for (Callback& callback : batch) callback();
  if (stopping) uv_stop(&loop_);
}

Loop::TimerId UvLoop::call_at(Instant when, Callback callback) {
  TimerId timer = timers_.add(when, std::move(callback));
  if (when < armed_) arm(when);
  return timer;
}

void UvLoop::arm(Instant when) {
  armed_ = when;
  if (when == Instant::max()) return;
  auto wait = std::chrono::ceil<std::chrono::milliseconds>(when - now());
  uv_update_time(&loop_);
  uv_timer_start(
      &timer_, [](uv_timer_t* timer) { static_cast<UvLoop*>(timer->data)->run_timers(); },
      static_cast<uint64_t>(std::max<int64_t>(0, wait.count())), 0);
}

void UvLoop::run_timers() {
  armed_ = Instant::min();  // what callbacks add need not arm: that is done below
  timers_.advance(now());
  arm(timers_.next());
}

Result<std::unique_ptr<Watch>> UvLoop::watch(int descriptor, std::function<void(Readiness)> ready) {
  auto handle = std::make_unique<PollHandle>();
  handle->ready = std::move(ready);
  handle->poll.data = handle.get();
  int status = uv_poll_init(&loop_, &handle->poll, descriptor);
  if (status != 0) {
    return fail(Code::io_error, text("watch descriptor ", descriptor, ": ", uv_strerror(status)));
  }
  return std::make_unique<UvWatch>(handle.release());
}

}  // namespace eventd
