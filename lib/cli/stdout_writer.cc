// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/stdout_writer.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <thread>
#include <utility>

namespace eventd {

namespace {

constexpr size_t kWaitingMax = 1 << 20;
// Written at a time, so that it is seen whether a slow reader takes anything.
constexpr size_t kPiece = 64 << 10;
constexpr auto kPatience = std::chrono::seconds(1);

}  // namespace

struct StdoutWriter::State {
  std::mutex mutex;
  std::condition_variable more;
  std::string waiting;
  size_t left_bytes = 0;  // not written yet: of `waiting`, and of what the thread has in hand
  std::optional<Error> error;
  bool ended = false;
  bool awaited = false;                                          // by a coroutine
  Loop* loop;                                                    // nothing once the writer has gone
  std::shared_ptr<Signal> changed = std::make_shared<Signal>();  // shared with posts
  std::function<void()> failed;  // called on the loop's thread, while the writer is there

  // The mutex is held.
  void wake() {
    if (!std::exchange(awaited, false) || loop == nullptr) return;
    loop->post([changed = changed] { changed->notify(); });
  }
  // Nothing if no more will come.
  std::optional<std::string> next() {
    std::unique_lock lock(mutex);
    more.wait(lock, [&] { return ended || !waiting.empty(); });
    if (ended) return std::nullopt;
    return std::exchange(waiting, {});
  }
  void written(size_t bytes) {
    std::lock_guard lock(mutex);
    left_bytes -= bytes;
    wake();
  }
};

StdoutWriter::StdoutWriter(Loop& loop, std::function<void()> failed)
    : state_(std::make_shared<State>()), loop_(loop) {
  state_->loop = &loop;
  state_->failed = std::move(failed);
  // Signals are for the main thread.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread([state = state_] { write_all(state); }).detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

StdoutWriter::~StdoutWriter() {
  std::lock_guard lock(state_->mutex);
  state_->loop = nullptr;
  state_->failed = nullptr;
  state_->ended = true;
  state_->more.notify_one();
}

void StdoutWriter::write_all(std::shared_ptr<State> state) {
  while (std::optional<std::string> bytes = state->next()) {
    std::string_view left = *bytes;
    while (!left.empty()) {
      ssize_t put = ::write(STDOUT_FILENO, left.data(), std::min(left.size(), kPiece));
      if (put >= 0) {
        left.remove_prefix(static_cast<size_t>(put));
        state->written(static_cast<size_t>(put));
        continue;
      }
      if (errno == EINTR) continue;
      // Whoever shares the descriptor with us made it non-blocking.
      pollfd wait{STDOUT_FILENO, POLLOUT, 0};
      if (errno == EAGAIN && poll(&wait, 1, -1) >= 0) continue;
      std::lock_guard lock(state->mutex);
      state->error = errno == EPIPE ? Error{Code::connection_closed, "nobody reads stdout", 0}
                                    : fail_with_errno(errno, "write the output").error();
      state->left_bytes = 0;
      state->wake();
      if (state->loop == nullptr) return;
      state->loop->post([state] {
        if (state->failed) state->failed();
      });
      return;
    }
  }
}

void StdoutWriter::write(std::string bytes) {
  std::lock_guard lock(state_->mutex);
  if (state_->error) return;
  state_->left_bytes += bytes.size();
  if (state_->waiting.empty()) {
    state_->waiting = std::move(bytes);
  } else {
    state_->waiting += bytes;
  }
  state_->more.notify_one();
}

bool StdoutWriter::has_left() const {
  std::lock_guard lock(state_->mutex);
  return state_->left_bytes > 0;
}

bool StdoutWriter::is_full() const {
  std::lock_guard lock(state_->mutex);
  return state_->left_bytes > kWaitingMax;
}

std::shared_ptr<Signal> StdoutWriter::changed() const { return state_->changed; }

// False if the deadline came first.
Task<bool> StdoutWriter::progress_until(Instant deadline) {
  {
    std::lock_guard lock(state_->mutex);
    if (state_->left_bytes == 0) co_return true;
    state_->awaited = true;
  }
  std::shared_ptr<Signal> changed = state_->changed;
  bool in_time = co_await changed->wait_until(loop_, deadline);
  co_return in_time;
}

Task<void> StdoutWriter::progress() {
  co_await progress_until(Instant::max());
}

Task<void> StdoutWriter::settle() {
  while (has_left()) {
    bool was_hurried = hurried_;
    Instant deadline = was_hurried ? loop_.now() + kPatience : Instant::max();
    bool in_time = co_await progress_until(deadline);
    if (was_hurried && !in_time) co_return;
  }
}

void StdoutWriter::hurry() {
  hurried_ = true;
  wake();
}

std::optional<Error> StdoutWriter::error() const {
  std::lock_guard lock(state_->mutex);
  return state_->error;
}

}  // namespace eventd
