// SPDX-License-Identifier: Apache-2.0
#include "lib/net/stream.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "lib/base/text.h"

namespace eventd {

namespace {

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

std::unexpected<Error> lost(int error, std::string_view what) {
  auto failure = fail_with_errno(error, what);
  failure.error().code = Code::connection_closed;
  return failure;
}

// A name that a thread of its own looks up: that may take longer than anybody waits for it.
struct Lookup {
  explicit Lookup(Loop& on) : loop(&on) {}
  std::mutex mutex;
  Loop* loop;  // nothing once nobody waits any more
  Signal done;
  std::optional<Result<std::vector<SocketAddress>>> found;
};

Task<Result<std::vector<SocketAddress>>> resolve_beside(Loop& loop, Address address,
                                                        Instant deadline, Attempt* attempt) {
  Result<std::vector<SocketAddress>> found;
  if (resolves_at_once(address)) {
    found = resolve(address);
    co_return std::move(found);
  }
  auto lookup = std::make_shared<Lookup>(loop);  // shared with the thread
  std::thread([lookup, address] {
    auto looked_up = resolve(address);
    std::lock_guard lock(lookup->mutex);
    lookup->found = std::move(looked_up);
    if (lookup->loop != nullptr) lookup->loop->post([lookup] { lookup->done.notify(); });
  }).detach();
  if (attempt != nullptr) attempt->begin_step([lookup] { lookup->done.notify(); });
  co_await lookup->done.wait_until(loop, deadline);
  if (attempt != nullptr) attempt->finish_step();
  std::lock_guard lock(lookup->mutex);
  lookup->loop = nullptr;
  if (!lookup->found) {
    co_return fail(Code::deadline_passed,
                   text("connect to ", to_string(address), ": its name is not found in time"));
  }
  found = std::move(*lookup->found);
  co_return std::move(found);
}

// Copies a small slice behind `out`.
Result<void> copy_slice(const FilePiece& piece, Buffer& out) {
  size_t at = out.size();
  out.resize(at + piece.size_bytes);
  uint32_t copied = 0;
  while (copied < piece.size_bytes) {
    ssize_t got = pread(piece.descriptor, out.data() + at + copied, piece.size_bytes - copied,
                        static_cast<off_t>(piece.position + copied));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_with_errno(errno, "read a slice");
    if (got == 0) return fail(Code::bad_data, "a file is shorter than its slice");
    copied += static_cast<uint32_t>(got);
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Stream>> Stream::adopt(Loop& loop, int descriptor) {
  std::unique_ptr<Stream> stream(new Stream(loop, descriptor));
  int flags = fcntl(descriptor, F_GETFL);
  if (flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) != 0) {
    return fail_with_errno(errno, "make a socket non-blocking");
  }
  // Fails on a unix socket, which has no such delay.
  int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  Stream* self = stream.get();
  auto watch = loop.watch(descriptor, [self](Readiness readiness) { self->ready(readiness); });
  if (!watch) return pass(watch);
  stream->watch_ = std::move(*watch);
  return stream;
}

Task<Result<std::unique_ptr<Stream>>> Stream::connect(Loop& loop, Address address, Instant deadline,
                                                      Attempt* attempt) {
  Result<std::vector<SocketAddress>> found =
      co_await resolve_beside(loop, address, deadline, attempt);
  auto is_ended = [attempt] { return attempt != nullptr && attempt->ended(); };
  if (is_ended()) co_return fail(Code::cancelled, "ended");
  if (!found) co_return pass(found);
  Error last{Code::connection_failed, text(to_string(address), " has no address"), 0};
  for (const SocketAddress& candidate : *found) {
    int descriptor = socket(candidate.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) {
      last = fail_with_errno(errno, "make a socket").error();
      continue;
    }
    Result<std::unique_ptr<Stream>> stream = adopt(loop, descriptor);
    if (!stream) co_return pass(stream);
    int status = ::connect(descriptor, reinterpret_cast<const sockaddr*>(&candidate.storage),
                           candidate.size);
    int error = status == 0 ? 0 : errno;
    if (error == EINPROGRESS) {
      (*stream)->want({.writable = true});
      Stream* waiting = stream->get();
      if (attempt != nullptr) attempt->begin_step([waiting] { waiting->shutdown(); });
      bool in_time = co_await waiting->writable_.wait_until(loop, deadline);
      if (attempt != nullptr) attempt->finish_step();
      if (is_ended()) co_return fail(Code::cancelled, "ended");
      if (!in_time) {
        last = {Code::deadline_passed, text("connect to ", to_string(address), ": no answer"), 0};
        continue;
      }
      socklen_t size = sizeof error;
      getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size);
    }
    if (error == 0) {
      (*stream)->want({});
      co_return std::move(*stream);
    }
    last = fail_with_errno(error, text("connect to ", to_string(address))).error();
    last.code = Code::connection_failed;
  }
  co_return std::unexpected(std::move(last));
}

Stream::~Stream() {
  watch_.reset();
  close(descriptor_);
}

void Stream::want(Readiness readiness) {
  if (readiness == wanted_) return;
  wanted_ = readiness;
  watch_->want(readiness);
}

void Stream::ready(Readiness readiness) {
  // Each of the three below may run code that ends the stream.
  std::weak_ptr<const bool> alive = alive_;
  if (readiness.failed) wanted_ = {};
  if (readiness.readable || readiness.disconnected) {
    if (readable_.has_waiter()) {
      likely_empty_ = false;
      readable_.notify();
    } else if (readiness.disconnected) {
      likely_empty_ = false;
      want({.writable = wanted_.writable});
      auto callback = std::exchange(disconnected_, nullptr);
      if (callback) callback();
    } else {
      want({.writable = wanted_.writable, .disconnected = true});
    }
  }
  if (!readiness.writable || alive.expired()) return;
  if (writable_.has_waiter()) {
    writable_.notify();
  } else if (wanted_.writable) {
    want({.readable = wanted_.readable, .disconnected = wanted_.disconnected});
  }
}

void Stream::watch_disconnect() {
  if (shut_ || !disconnected_) return;
  want({.readable = wanted_.readable, .writable = wanted_.writable, .disconnected = true});
}

Task<Result<void>> Stream::wait_readable() {
  if (reads_ended_) co_return fail(Code::cancelled, "no longer read");
  read_waits_++;
  want({.readable = true, .writable = wanted_.writable, .disconnected = true});
  bool in_time = co_await readable_.wait_until(loop_, read_deadline_);
  if (shut_) co_return fail(Code::cancelled, "the connection was ended");
  if (std::exchange(read_cancelled_, false)) co_return fail(Code::cancelled, "no longer read");
  if (!in_time) co_return fail(Code::deadline_passed, "nothing came in time");
  co_return Result<void>{};
}

Task<Result<void>> Stream::readable() {
  if (shut_) co_return fail(Code::cancelled, "the connection was ended");
  if (!likely_empty_) co_return Result<void>{};
  Result<void> more = co_await wait_readable();
  likely_empty_ = false;
  co_return std::move(more);
}

Task<Result<void>> Stream::wait_writable() {
  turn_bytes_ = 0;
  want({.readable = wanted_.readable, .writable = true, .disconnected = wanted_.disconnected});
  if (send_deadline_ == Instant::max() || sent_since_deadline_ >= kStallBytes) {
    send_deadline_ = loop_.now() + kStallMax;
    sent_since_deadline_ = 0;
  }
  bool in_time = co_await writable_.wait_until(loop_, send_deadline_);
  if (shut_) co_return fail(Code::cancelled, "the connection was ended");
  if (!in_time) co_return fail(Code::deadline_passed, "the peer takes nothing any more");
  co_return Result<void>{};
}

Task<void> Stream::end_turn() {
  turn_bytes_ = 0;
  co_await next_turn(loop_);
}

Task<Result<size_t>> Stream::read_some(MutableBytes into) {
  while (true) {
    if (shut_) co_return fail(Code::cancelled, "the connection was ended");
    if (!likely_empty_) {
      ssize_t got = recv(descriptor_, into.data(), into.size(), 0);
      if (got >= 0) {
        likely_empty_ = got > 0 && static_cast<size_t>(got) < into.size();
        co_return static_cast<size_t>(got);
      }
      if (errno == EINTR) continue;
      if (!would_block(errno)) co_return lost(errno, "read");
    }
    Result<void> more = co_await wait_readable();
    likely_empty_ = false;
    if (!more) co_return pass(more);
  }
}

Task<Result<void>> Stream::read_exactly(MutableBytes into) {
  while (!into.empty()) {
    Result<size_t> got = co_await read_some(into);
    if (!got) co_return pass(got);
    if (*got == 0) co_return fail(Code::connection_closed, "the peer closed");
    into = into.subspan(*got);
  }
  co_return Result<void>{};
}

Task<Result<void>> Stream::write(std::vector<Piece> pieces) {
  Buffer pending;
  send_deadline_ = Instant::max();
  for (size_t i = 0; i < pieces.size(); i++) {
    if (auto* bytes = std::get_if<Buffer>(&pieces[i])) {
      if (pending.empty()) {
        pending = std::move(*bytes);
      } else {
        append(pending, *bytes);
      }
      continue;
    }
    const FilePiece& slice = std::get<FilePiece>(pieces[i]);
    if (slice.size_bytes < kCopiedMax) {
      Result<void> copied = copy_slice(slice, pending);
      if (!copied) co_return pass(copied);
      continue;
    }
    Bytes before = pending;
    Result<void> sent = co_await send(before, true);
    if (!sent) co_return pass(sent);
    pending.clear();
    Result<void> moved = co_await send_file(slice);
    if (!moved) co_return pass(moved);
  }
  Bytes rest = pending;
  Result<void> sent = co_await send(rest, false);
  co_return std::move(sent);
}

Task<Result<void>> Stream::send(Bytes bytes, bool more) {
  while (!bytes.empty()) {
    if (shut_) co_return fail(Code::cancelled, "the connection was ended");
    ssize_t sent = ::send(descriptor_, bytes.data(), std::min(bytes.size(), kTurnBytes),
                          MSG_NOSIGNAL | (more || bytes.size() > kTurnBytes ? MSG_MORE : 0));
    if (sent > 0) {
      bytes = bytes.subspan(static_cast<size_t>(sent));
      sent_since_deadline_ += static_cast<size_t>(sent);
      turn_bytes_ += static_cast<size_t>(sent);
      if (turn_bytes_ >= kTurnBytes) co_await end_turn();
      continue;
    }
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && !would_block(errno)) co_return lost(errno, "write");
    Result<void> room = co_await wait_writable();
    if (!room) co_return pass(room);
  }
  co_return Result<void>{};
}

// sendfile() cannot be told to raise no SIGPIPE: the process ignores that signal.
Task<Result<void>> Stream::send_file(const FilePiece& piece) {
  auto at = static_cast<off_t>(piece.position);
  size_t left = piece.size_bytes;
  while (left > 0) {
    if (shut_) co_return fail(Code::cancelled, "the connection was ended");
    ssize_t sent = sendfile(descriptor_, piece.descriptor, &at, std::min(left, kTurnBytes));
    if (sent > 0) {
      left -= static_cast<size_t>(sent);
      sent_since_deadline_ += static_cast<size_t>(sent);
      turn_bytes_ += static_cast<size_t>(sent);
      if (turn_bytes_ >= kTurnBytes) co_await end_turn();
      continue;
    }
    if (sent == 0) co_return fail(Code::bad_data, "a file is shorter than its slice");
    if (errno == EINTR) continue;
    if (!would_block(errno)) co_return lost(errno, "send a slice");
    Result<void> room = co_await wait_writable();
    if (!room) co_return pass(room);
  }
  co_return Result<void>{};
}

void Stream::cancel_read() {
  if (!readable_.has_waiter()) return;
  read_cancelled_ = true;
  readable_.notify();
}

void Stream::end_reads() {
  reads_ended_ = true;
  cancel_read();
}

void Stream::shutdown() {
  if (shut_) return;
  shut_ = true;
  ::shutdown(descriptor_, SHUT_RDWR);
  want({});
  std::weak_ptr<const bool> alive = alive_;
  readable_.notify();
  if (!alive.expired()) writable_.notify();
}

}  // namespace eventd
