// SPDX-License-Identifier: Apache-2.0
#include "lib/net/listener.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "lib/base/logger.h"
#include "lib/base/text.h"

namespace eventd {

namespace {

constexpr int kBacklog = 1024;
constexpr int kAcceptsPerTurn = 16;
constexpr std::chrono::milliseconds kRest{100};
constexpr std::chrono::seconds kWarnEvery{10};

int open_spare() { return open("/dev/null", O_RDONLY | O_CLOEXEC); }

Result<void> bind_to(int descriptor, const SocketAddress& at, const Address& address) {
  int on = 1;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (at.family() == AF_INET6) {
    setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  }
  if (bind(descriptor, reinterpret_cast<const sockaddr*>(&at.storage), at.size) == 0 &&
      listen(descriptor, kBacklog) == 0) {
    return {};
  }
  auto failure = fail_with_errno(errno, text("listen on ", to_string(address)));
  if (failure.error().system_error == EADDRINUSE) failure.error().code = Code::in_use;
  return failure;
}

}  // namespace

Listener::Listener(Loop& loop, int descriptor, Accepted accepted)
    : loop_(loop), descriptor_(descriptor), spare_(open_spare()), accepted_(std::move(accepted)) {}

Result<std::unique_ptr<Listener>> Listener::listen(Loop& loop, const Address& address,
                                                   Accepted accepted) {
  Result<std::vector<SocketAddress>> found = resolve(address);
  if (!found) return pass(found);
  if (found->empty()) return fail(Code::bad_usage, text(to_string(address), " has no address"));
  const SocketAddress& at = found->front();
  int descriptor = socket(at.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return fail_with_errno(errno, "make a socket");
  std::unique_ptr<Listener> listener(new Listener(loop, descriptor, std::move(accepted)));
  Result<void> bound = bind_to(descriptor, at, address);
  if (!bound) return pass(bound);
  listener->address_ = address.is_unix ? address : local_address(descriptor);
  Listener* self = listener.get();
  auto watch = loop.watch(descriptor, [self](Readiness) { self->accept_some(); });
  if (!watch) return pass(watch);
  listener->watch_ = std::move(*watch);
  listener->arm();
  return listener;
}

Listener::~Listener() {
  if (resting_ != 0) loop_.cancel(resting_);
  watch_.reset();
  close(descriptor_);
  if (spare_ >= 0) close(spare_);
}

void Listener::arm() { watch_->want({.readable = !paused_ && resting_ == 0}); }

void Listener::pause() {
  paused_ = true;
  arm();
}

void Listener::resume() {
  paused_ = false;
  arm();
}

void Listener::accept_some() {
  for (int i = 0; i < kAcceptsPerTurn && !paused_; i++) {
    int accepted = accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (accepted >= 0) {
      accepted_(accepted);
      continue;
    }
    int error = errno;
    if (error == EINTR || error == ECONNABORTED) continue;
    if (error == EAGAIN || error == EWOULDBLOCK) return;
    bool refused = (error == EMFILE || error == ENFILE) && refuse_one();
    if (!refused) return rest();
  }
}

// Whether the waiting connection was told, by closing it.
bool Listener::refuse_one() {
  refused_++;
  if (loop_.now() >= warn_again_) {
    log_warning("out of file descriptors: ", refused_, " connections to ", to_string(address_),
                " were refused");
    refused_ = 0;
    warn_again_ = loop_.now() + kWarnEvery;
  }
  if (spare_ >= 0) close(spare_);
  int refused = accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC);
  if (refused >= 0) close(refused);
  spare_ = open_spare();
  return refused >= 0;
}

void Listener::rest() {
  if (resting_ != 0) return;
  resting_ = loop_.call_at(loop_.now() + kRest, [this] {
    resting_ = 0;
    arm();
  });
  arm();
}

}  // namespace eventd
