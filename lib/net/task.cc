// SPDX-License-Identifier: Apache-2.0
#include "lib/net/task.h"

namespace eventd {

namespace {

// Owns a spawned task: lives from spawn() to the task's end.
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};

Detached own(Task<void> task) { co_await task; }

}  // namespace

void spawn(Task<void> task) { own(std::move(task)); }

Task<bool> Signal::wait_until(Loop& loop, Instant deadline) {
  if (deadline == Instant::max()) {
    co_await wait();
    co_return true;
  }
  if (deadline <= loop.now()) co_return false;
  bool too_late = false;
  Loop::TimerId timer = loop.call_at(deadline, [this, &too_late] {
    too_late = true;
    notify();
  });
  co_await wait();
  if (!too_late) loop.cancel(timer);
  co_return !too_late;
}

Task<void> next_turn(Loop& loop) {
  Signal turn;
  loop.post([&turn] { turn.notify(); });
  co_await turn.wait();
}

Task<void> sleep_until(Loop& loop, Instant when) {
  Signal never;
  co_await never.wait_until(loop, when);
}

}  // namespace eventd
