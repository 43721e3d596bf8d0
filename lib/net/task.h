// SPDX-License-Identifier: Apache-2.0
// Coroutines that wait, and the two ways to begin one: co_await it, or spawn() it.
//
// A Task<T> starts when it is awaited and runs in place until it first waits; if it has finished by
// then, the awaiter just goes on. g++ 12 makes no tail call of symmetric transfer under sanitizers
// or at -O0, hence this shape: a million awaits in a row that complete at once need no stack.
//
// Whoever holds a Task owns its frame; a Task is not destroyed while it waits. Everything here
// belongs to the thread of one loop. Exceptions end the process.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "lib/base/clock.h"
#include "lib/base/ensure.h"
#include "lib/net/loop.h"

namespace eventd {

template <class T>
class Task;

// What promises of all result types have in common.
class TaskPromiseBase {
 public:
  std::suspend_always initial_suspend() noexcept { return {}; }
  auto final_suspend() noexcept {
    struct Finish {
      bool await_ready() noexcept { return false; }
      // The awaiter may destroy the finished frame: nothing is touched after it was resumed.
      void await_suspend(std::coroutine_handle<>) noexcept {
        if (awaiter) awaiter.resume();
      }
      void await_resume() noexcept {}
      std::coroutine_handle<> awaiter;
    };
    finished = true;
    return Finish{awaiter};
  }
  void unhandled_exception() noexcept { std::terminate(); }

  std::coroutine_handle<> awaiter;  // set only once the task has waited
  bool finished = false;
};

template <class T>
class TaskPromise : public TaskPromiseBase {
 public:
  Task<T> get_return_object();
  void return_value(T value) { result.emplace(std::move(value)); }
  T take() { return std::move(*result); }

 private:
  std::optional<T> result;
};

template <>
class TaskPromise<void> : public TaskPromiseBase {
 public:
  Task<void> get_return_object();
  void return_void() {}
  void take() {}
};

template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = TaskPromise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> awaiter) {
    handle_.resume();
    if (handle_.promise().finished) return false;
    handle_.promise().awaiter = awaiter;
    return true;
  }
  T await_resume() { return handle_.promise().take(); }

 private:
  Handle handle_;
};

template <class T>
Task<T> TaskPromise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<TaskPromise<T>>::from_promise(*this));
}
inline Task<void> TaskPromise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<TaskPromise<void>>::from_promise(*this));
}

// Runs a task in place until it first waits. It frees itself at its end.
void spawn(Task<void> task);

// One coroutine waits, another piece of code on the same loop wakes it. A notify() that finds
// nobody waiting is forgotten: the waiter looks at what it waits for before it waits.
class Signal {
 public:
  Signal() = default;
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  auto wait() {
    struct Wait {
      bool await_ready() noexcept { return false; }
      void await_suspend(std::coroutine_handle<> handle) {
        ENSURE(!signal.waiter_);
        signal.waiter_ = handle;
      }
      void await_resume() noexcept {}
      Signal& signal;
    };
    return Wait{*this};
  }
  // Whether it was notified by `deadline`; Instant::max() is never.
  Task<bool> wait_until(Loop& loop, Instant deadline);

  // Resumes the waiter in place.
  void notify() {
    if (waiter_) std::exchange(waiter_, nullptr).resume();
  }
  bool has_waiter() const { return static_cast<bool>(waiter_); }

 private:
  std::coroutine_handle<> waiter_;
};

Task<void> sleep_until(Loop& loop, Instant when);

// Goes on when the loop comes round: after what is on the stack now, and after other work that
// waits.
Task<void> next_turn(Loop& loop);

}  // namespace eventd
