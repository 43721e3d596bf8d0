// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/produce/input.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "lib/base/text.h"

namespace eventd {

namespace {

constexpr size_t kChunk = 256 << 10;
constexpr size_t kWaitingMax = 2 << 20;
// What is smaller goes into the chunk before it, where that waits still.
constexpr size_t kSmall = 16 << 10;
constexpr size_t kSparesMax = 16;
// More than this is worth a thread.
constexpr size_t kAtOnceMax = 64 << 10;

// Where somebody else made the descriptor non-blocking.
bool wait_for(int descriptor, short events) {
  if (errno == EINTR) return true;
  if (errno != EAGAIN) return false;
  pollfd wait{descriptor, events, 0};
  return poll(&wait, 1, -1) > 0;
}

ssize_t read_some(int descriptor, Buffer& into) {
  while (true) {
    ssize_t got = read(descriptor, into.data(), into.size());
    if (got >= 0 || !wait_for(descriptor, POLLIN)) return got;
  }
}

Result<void> write_all(int descriptor, Bytes left) {
  while (!left.empty()) {
    ssize_t put = write(descriptor, left.data(), left.size());
    if (put > 0) left = left.subspan(static_cast<size_t>(put));
    if (put >= 0 || wait_for(descriptor, POLLOUT)) continue;
    if (errno == EPIPE) return fail(Code::connection_closed, "nobody reads stdout");
    return fail_with_errno(errno, "write to stdout");
  }
  return {};
}

}  // namespace

struct InputReader::State {
  std::mutex mutex;
  std::condition_variable room;
  std::deque<Buffer> chunks;
  std::vector<Buffer> spares;
  size_t waiting_bytes = 0;
  std::optional<Error> error;
  bool failed_to_tee = false;
  bool ended = false;
  bool stopped = false;
  bool can_be_read_again = false;
  bool awaited = false;                                        // by next()
  Loop* loop;                                                  // nothing once the reader has gone
  std::shared_ptr<Signal> ready = std::make_shared<Signal>();  // shared with posts
  const std::string path;
  const bool tee;

  State(Loop& on, std::string from, bool tees) : loop(&on), path(std::move(from)), tee(tees) {}

  // The mutex is held.
  void wake() {
    if (!std::exchange(awaited, false) || loop == nullptr) return;
    loop->post([ready = ready] { ready->notify(); });
  }
  void end(std::optional<Error> why) {
    std::lock_guard lock(mutex);
    error = std::move(why);
    ended = true;
    wake();
  }
  // A chunk to read into; nothing if no more is wanted.
  std::optional<Buffer> empty_chunk() {
    std::unique_lock lock(mutex);
    room.wait(lock, [&] { return stopped || waiting_bytes < kWaitingMax; });
    if (stopped) return std::nullopt;
    Buffer chunk;
    if (!spares.empty()) {
      chunk = std::move(spares.back());
      spares.pop_back();
    }
    chunk.resize(kChunk);
    return chunk;
  }
  void hand_over(Buffer chunk, size_t size) {
    std::lock_guard lock(mutex);
    waiting_bytes += size;
    chunk.resize(size);
    if (size <= kSmall && !chunks.empty() && chunks.back().size() + size <= kChunk) {
      append(chunks.back(), chunk);
      if (spares.size() < kSparesMax) spares.push_back(std::move(chunk));
    } else {
      chunks.push_back(std::move(chunk));
    }
    wake();
  }
};

InputReader::InputReader(Loop& loop, std::string path, bool tee)
    : state_(std::make_shared<State>(loop, std::move(path), tee)) {
  if (read_what_is_there(*state_)) return;
  // Signals are for the main thread.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread([state = state_] { read_all(state); }).detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

InputReader::~InputReader() {
  std::lock_guard lock(state_->mutex);
  state_->loop = nullptr;
  state_->stopped = true;
  state_->room.notify_one();
}

// True if that was all. What cannot be read without a wait, by this kernel or at all, is left.
bool InputReader::read_what_is_there(State& state) {
  if (state.path != "-" || state.tee) return false;
  for (size_t all = 0; all < kAtOnceMax;) {
    Buffer chunk(kAtOnceMax);
    iovec into{chunk.data(), chunk.size()};
    ssize_t got = preadv2(STDIN_FILENO, &into, 1, -1, RWF_NOWAIT);
    if (got < 0) return false;
    if (got == 0) {
      state.end(std::nullopt);
      return true;
    }
    all += static_cast<size_t>(got);
    state.hand_over(std::move(chunk), static_cast<size_t>(got));
  }
  return false;
}

void InputReader::read_all(std::shared_ptr<State> state) {
  int descriptor = STDIN_FILENO;
  if (state->path != "-") {
    descriptor = open(state->path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
      return state->end(fail_with_errno(errno, text("open ", state->path)).error());
    }
  }
  struct stat about {};
  if (fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode)) {
    std::lock_guard lock(state->mutex);
    state->can_be_read_again = true;
  }
  std::optional<Error> error;
  Buffer copy;
  while (std::optional<Buffer> chunk = state->empty_chunk()) {
    ssize_t got = read_some(descriptor, *chunk);
    std::string name = descriptor == STDIN_FILENO ? "stdin" : state->path;
    if (got < 0) error = fail_with_errno(errno, text("read ", name)).error();
    if (got <= 0) break;
    auto size = static_cast<size_t>(got);
    if (state->tee) copy.assign(chunk->begin(), chunk->begin() + got);
    state->hand_over(std::move(*chunk), size);
    if (!state->tee) continue;
    Result<void> written = write_all(STDOUT_FILENO, copy);
    if (written) continue;
    error = written.error();
    std::lock_guard lock(state->mutex);
    state->failed_to_tee = true;
    break;
  }
  if (descriptor != STDIN_FILENO) close(descriptor);
  state->end(std::move(error));
}

Task<Result<Buffer>> InputReader::next() {
  while (true) {
    {
      std::lock_guard lock(state_->mutex);
      bool is_dropped = state_->stopped && state_->can_be_read_again;
      if (!state_->chunks.empty() && !is_dropped) {
        Buffer chunk = std::move(state_->chunks.front());
        state_->chunks.pop_front();
        state_->waiting_bytes -= chunk.size();
        // Not for every chunk: each costs a change of threads where the input is the faster side.
        if (state_->waiting_bytes <= kWaitingMax / 2) state_->room.notify_one();
        co_return std::move(chunk);
      }
      if (state_->error) co_return std::unexpected(*state_->error);
      if (state_->ended || state_->stopped) co_return Buffer();
      state_->awaited = true;
    }
    co_await state_->ready->wait();
  }
}

void InputReader::reuse(Buffer chunk) {
  std::lock_guard lock(state_->mutex);
  if (state_->spares.size() < kSparesMax) state_->spares.push_back(std::move(chunk));
}

bool InputReader::has_failed_to_tee() const {
  std::lock_guard lock(state_->mutex);
  return state_->failed_to_tee;
}

bool InputReader::is_drained() const {
  std::lock_guard lock(state_->mutex);
  return state_->chunks.empty();
}

void InputReader::stop() {
  std::lock_guard lock(state_->mutex);
  state_->stopped = true;
  state_->room.notify_one();
  state_->wake();
}

}  // namespace eventd
