// SPDX-License-Identifier: Apache-2.0
#include "lib/net/listener.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
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

std::optional<FileId> socket_file(const std::string& path) {
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return std::nullopt;
  return FileId{status.st_dev, status.st_ino};
}

// Nobody listens behind a socket whose process is gone.
bool is_stale(const SocketAddress& at, const Address& address) {
  if (!socket_file(address.host)) return false;
  int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return false;
  int status = connect(descriptor, reinterpret_cast<const sockaddr*>(&at.storage), at.size);
  int error = status == 0 ? 0 : errno;
  close(descriptor);
  return error == ECONNREFUSED;
}

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
  int error = errno;
  if (error == EADDRINUSE && address.is_unix && is_stale(at, address) &&
      unlink(address.host.c_str()) == 0) {
    return bind_to(descriptor, at, address);
  }
  auto failure = fail_with_errno(error, text("listen on ", to_string(address)));
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
  if (address.is_unix) listener->file_ = socket_file(address.host);
  Result<void> begun = listener->begin();
  if (!begun) return pass(begun);
  return listener;
}

Result<std::unique_ptr<Listener>> Listener::adopt(Loop& loop, int descriptor, Accepted accepted) {
  std::unique_ptr<Listener> listener(new Listener(loop, descriptor, std::move(accepted)));
  int flags = fcntl(descriptor, F_GETFL);
  if (flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) != 0 ||
      fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0) {
    return fail_with_errno(errno, text("take descriptor ", descriptor));
  }
  Result<void> begun = listener->begin();
  if (!begun) return pass(begun);
  return listener;
}

Result<void> Listener::begin() {
  address_ = local_address(descriptor_);
  auto watch = loop_.watch(descriptor_, [this](Readiness) { accept_some(); });
  if (!watch) return pass(watch);
  watch_ = std::move(*watch);
  arm();
  return {};
}

Listener::~Listener() {
  if (resting_ != 0) loop_.cancel(resting_);
  watch_.reset();
  close(descriptor_);
  if (file_ && socket_file(address_.host) == file_) unlink(address_.host.c_str());
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
