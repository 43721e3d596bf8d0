// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/systemd.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

#include "lib/base/logger.h"
#include "lib/base/text.h"
#include "lib/net/address.h"

namespace eventd {

namespace {

constexpr int kFirstDescriptor = 3;
constexpr int kSocketsMax = 1000;

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

int option(int descriptor, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  return getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

Result<void> check_socket(int descriptor, bool anywhere) {
  std::string name = text("LISTEN_FDS: descriptor ", descriptor);
  if (option(descriptor, SO_TYPE) != SOCK_STREAM || option(descriptor, SO_ACCEPTCONN) != 1) {
    return fail(Code::bad_config, text(name, " is no stream socket that listens"));
  }
  Address address = local_address(descriptor);
  if (is_loopback(address) || anywhere) return {};
  return fail(Code::bad_config, text(name, ": ", to_string(address),
                                     " can be reached from other machines, and there is no "
                                     "authentication: --listen-anywhere allows it"));
}

}  // namespace

Result<std::vector<int>> take_inherited_sockets(bool anywhere) {
  std::vector<int> sockets;
  bool ours = parse_number<pid_t>(variable("LISTEN_PID")) == getpid();
  std::string given(variable("LISTEN_FDS"));
  for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) unsetenv(name);
  if (!ours) return sockets;
  std::optional<int> count = parse_number<int>(given);
  if (!count || *count < 0 || *count > kSocketsMax) {
    return fail(Code::bad_config,
                text("LISTEN_FDS: ", printable(given), " is no number of sockets"));
  }
  for (int descriptor = kFirstDescriptor; descriptor < kFirstDescriptor + *count; descriptor++) {
    Result<void> good = check_socket(descriptor, anywhere);
    if (!good) return pass(good);
    sockets.push_back(descriptor);
  }
  return sockets;
}

void notify_supervisor(std::string_view state) {
  std::string_view path = variable("NOTIFY_SOCKET");
  if (path.empty()) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  bool known = (path[0] == '/' || path[0] == '@') && path.size() < sizeof address.sun_path;
  if (!known) {
    log_warning("NOTIFY_SOCKET: ", printable(path), " is no unix socket");
    return;
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  if (path[0] == '@') address.sun_path[0] = '\0';
  auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ssize_t sent = descriptor < 0 ? -1
                                : sendto(descriptor, state.data(), state.size(), MSG_NOSIGNAL,
                                         reinterpret_cast<const sockaddr*>(&address), size);
  if (sent < 0) log_warning("NOTIFY_SOCKET: ", printable(path), ": ", std::strerror(errno));
  if (descriptor >= 0) close(descriptor);
}

}  // namespace eventd
