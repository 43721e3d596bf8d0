// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/input.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

namespace eventd {

namespace {
constexpr size_t kChunk = 256 << 10;
constexpr size_t kWaitingMax = 8 << 20;
constexpr int kStopPollMs = 100;
}  // namespace

void RecordSplitter::feed(std::string_view chunk) {
  buffer_.erase(0, at_);
  scanned_ -= at_;
  at_ = 0;
  buffer_ += chunk;
}

bool RecordSplitter::next(std::optional<std::string_view>& record) {
  size_t found = buffer_.find(delimiter_, scanned_);
  if (found != std::string::npos) {
    size_t size = found - at_;
    bool fits = !std::exchange(too_long_, false) && size <= record_max_;
    record = fits ? std::optional(std::string_view(buffer_).substr(at_, size)) : std::nullopt;
    at_ = scanned_ = found + delimiter_.size();
    return true;
  }
  // A delimiter may be cut by the end of the chunk: so much of the tail is searched again.
  size_t tail = std::min(delimiter_.size() - 1, buffer_.size() - at_);
  if (finished_) {
    bool is_one = too_long_ || at_ < buffer_.size();
    bool fits = !std::exchange(too_long_, false) && buffer_.size() - at_ <= record_max_;
    record = fits ? std::optional(std::string_view(buffer_).substr(at_)) : std::nullopt;
    at_ = scanned_ = buffer_.size();
    return is_one;
  }
  scanned_ = buffer_.size() - tail;
  if (scanned_ - at_ > record_max_) {
    too_long_ = true;
    at_ = scanned_;
  }
  return false;
}

InputReader::InputReader(Loop& loop, int descriptor) : loop_(loop), descriptor_(descriptor) {
  // Signals are for the main thread.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { read_all(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

InputReader::~InputReader() {
  stop();
  thread_.join();
  if (descriptor_ != STDIN_FILENO) close(descriptor_);
}

void InputReader::read_all() {
  while (true) {
    {
      std::unique_lock lock(mutex_);
      room_.wait(lock, [&] { return stopped_ || waiting_bytes_ < kWaitingMax; });
      if (stopped_) return;
    }
    // A terminal or a pipe may be silent for long, and stop() must be seen.
    pollfd wait{descriptor_, POLLIN, 0};
    int ready = poll(&wait, 1, kStopPollMs);
    if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
    std::string chunk(kChunk, '\0');
    ssize_t got = read(descriptor_, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    std::lock_guard lock(mutex_);
    bool first = chunks_.empty() && !ended_;
    if (got > 0) {
      chunk.resize(static_cast<size_t>(got));
      waiting_bytes_ += chunk.size();
      chunks_.push_back(std::move(chunk));
    } else {
      if (got < 0) error_ = fail_with_errno(errno, "read the input").error();
      ended_ = true;
    }
    if (first) wake();
    if (ended_) return;
  }
}

void InputReader::wake() {
  loop_.post([ready = ready_] { ready->notify(); });
}

Task<Result<std::string>> InputReader::next() {
  while (true) {
    {
      std::lock_guard lock(mutex_);
      if (stopped_) co_return std::string();
      if (!chunks_.empty()) {
        std::string all = std::move(chunks_.front());
        for (size_t i = 1; i < chunks_.size(); i++) all += chunks_[i];
        chunks_.clear();
        waiting_bytes_ = 0;
        room_.notify_one();
        co_return std::move(all);
      }
      if (error_) co_return std::unexpected(*error_);
      if (ended_) co_return std::string();
    }
    co_await ready_->wait();
  }
}

void InputReader::stop() {
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(stopped_, true)) return;
    room_.notify_one();
  }
  wake();
}

}  // namespace eventd
