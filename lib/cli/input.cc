// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/input.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

namespace eventd {

namespace {
constexpr size_t kChunk = 256 << 10;
constexpr size_t kWaitingMax = 8 << 20;
constexpr int kStopPollMs = 100;
}  // namespace

void RecordSplitter::add(std::string_view chunk, const OnRecord& on_record) {
  // A delimiter of several bytes may be cut by the end of a chunk: what is partial is searched
  // again from where it may begin.
  std::string joined;
  if (!partial_.empty() || too_long_) {
    size_t keep = delimiter_.size() - 1;
    size_t from = partial_.size() > keep ? partial_.size() - keep : 0;
    partial_ += chunk;
    size_t found = partial_.find(delimiter_, from);
    if (found == std::string::npos) {
      if (partial_.size() > record_max_) {
        too_long_ = true;
        partial_.erase(0, partial_.size() - keep);
      }
      return;
    }
    joined = std::exchange(partial_, {});
    if (std::exchange(too_long_, false) || found > record_max_) {
      on_record(std::nullopt);
    } else {
      on_record(std::string_view(joined).substr(0, found));
    }
    chunk = std::string_view(joined).substr(found + delimiter_.size());
  }
  while (true) {
    size_t found = chunk.find(delimiter_);
    if (found == std::string_view::npos) break;
    if (found > record_max_) {
      on_record(std::nullopt);
    } else {
      on_record(chunk.substr(0, found));
    }
    chunk.remove_prefix(found + delimiter_.size());
  }
  partial_ = chunk;
  if (partial_.size() > record_max_) {
    too_long_ = true;
    partial_.erase(0, partial_.size() - (delimiter_.size() - 1));
  }
}

void RecordSplitter::finish(const OnRecord& on_record) {
  if (too_long_) {
    on_record(std::nullopt);
  } else if (!partial_.empty()) {
    on_record(std::string_view(partial_));
  }
  partial_.clear();
  too_long_ = false;
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
