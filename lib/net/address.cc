// SPDX-License-Identifier: Apache-2.0
#include "lib/net/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>

#include "lib/base/text.h"

namespace eventd {

namespace {

constexpr std::string_view kUnixPrefix = "unix:";

bool is_number(const std::string& host) {
  in6_addr ignored{};
  return inet_pton(AF_INET, host.c_str(), &ignored) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
}

// Of a unix socket that has no name, as that of a client, the path is empty.
Address unix_address_of(const sockaddr_storage& storage, socklen_t size) {
  auto& un = reinterpret_cast<const sockaddr_un&>(storage);
  constexpr size_t kPathAt = offsetof(sockaddr_un, sun_path);
  size_t length = size > kPathAt ? std::min<size_t>(size - kPathAt, sizeof un.sun_path) : 0;
  std::string path(un.sun_path, length);
  if (!path.empty() && path[0] == '\0') {
    path[0] = '@';  // as systemd and ss(8) write Linux's abstract names
  } else {
    path.resize(std::min(path.find('\0'), path.size()));
  }
  return {std::move(path), 0, true};
}

Address address_of(const sockaddr_storage& storage, socklen_t size) {
  char host[INET6_ADDRSTRLEN] = "";
  if (storage.ss_family == AF_INET) {
    auto& in = reinterpret_cast<const sockaddr_in&>(storage);
    inet_ntop(AF_INET, &in.sin_addr, host, sizeof host);
    return {host, ntohs(in.sin_port), false};
  }
  if (storage.ss_family == AF_INET6) {
    auto& in = reinterpret_cast<const sockaddr_in6&>(storage);
    inet_ntop(AF_INET6, &in.sin6_addr, host, sizeof host);
    return {host, ntohs(in.sin6_port), false};
  }
  return unix_address_of(storage, size);
}

Result<std::vector<SocketAddress>> unix_address(const std::string& path) {
  sockaddr_un un{};
  un.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof un.sun_path) {
    return fail(Code::bad_usage, text("unix:", printable(path), ": the path has ", path.size(),
                                      " bytes, at most ", sizeof un.sun_path - 1, " are possible"));
  }
  std::memcpy(un.sun_path, path.data(), path.size());
  SocketAddress address;
  std::memcpy(&address.storage, &un, sizeof un);
  address.size = sizeof un;
  return std::vector{address};
}

}  // namespace

Result<Address> parse_address(std::string_view input, uint16_t default_port) {
  if (input.starts_with(kUnixPrefix)) {
    return Address{std::string(input.substr(kUnixPrefix.size())), 0, true};
  }
  std::string_view host = input;
  std::string_view port;
  if (input.starts_with('[')) {
    size_t end = input.find(']');
    if (end == std::string_view::npos) {
      return fail(Code::bad_usage, text(printable(input), ": there is no ] after the address"));
    }
    host = input.substr(1, end - 1);
    port = input.substr(end + 1);
    if (!port.empty() && port.front() != ':') {
      return fail(Code::bad_usage, text(printable(input), ": after ] comes :PORT"));
    }
    if (!port.empty()) port.remove_prefix(1);
  } else if (size_t colon = input.rfind(':'); colon != std::string_view::npos) {
    host = input.substr(0, colon);
    port = input.substr(colon + 1);
    if (port.empty()) return fail(Code::bad_usage, text(printable(input), ": the port is missing"));
  }
  uint16_t number = default_port;
  if (!port.empty()) {
    std::optional<uint16_t> parsed = parse_number<uint16_t>(port);
    if (!parsed) {
      return fail(Code::bad_usage,
                  text(printable(input), ": no port has the number ", printable(port)));
    }
    number = *parsed;
  }
  return Address{std::string(host), number, false};
}

std::string to_string(const Address& address) {
  if (address.is_unix) return text(kUnixPrefix, address.host);
  if (address.host.find(':') != std::string::npos) {
    return text("[", address.host, "]:", address.port);
  }
  return text(address.host, ":", address.port);
}

bool resolves_at_once(const Address& address) {
  return address.is_unix || address.host.empty() || address.host == "localhost" ||
         is_number(address.host);
}

Result<std::vector<SocketAddress>> resolve(const Address& address) {
  if (address.is_unix) return unix_address(address.host);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_family = address.host == "localhost" ? AF_INET : AF_UNSPEC;
  hints.ai_flags = AI_NUMERICSERV | (address.host.empty() ? AI_PASSIVE : 0);
  std::string port = std::to_string(address.port);
  std::string host = address.host == "localhost" ? "127.0.0.1" : address.host;
  addrinfo* list = nullptr;
  int status = getaddrinfo(host.empty() ? nullptr : host.c_str(), port.c_str(), &hints, &list);
  if (status != 0) {
    return fail(Code::connection_failed,
                text("look up ", printable(address.host), ": ", gai_strerror(status)));
  }
  std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(list, freeaddrinfo);
  std::vector<SocketAddress> found;
  for (addrinfo* at = list; at != nullptr; at = at->ai_next) {
    if (at->ai_addrlen > sizeof(sockaddr_storage)) continue;
    SocketAddress& next = found.emplace_back();
    std::memcpy(&next.storage, at->ai_addr, at->ai_addrlen);
    next.size = at->ai_addrlen;
  }
  return found;
}

Address local_address(int descriptor) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  return address_of(storage, size);
}

Address peer_address(int descriptor) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (getpeername(descriptor, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  return address_of(storage, size);
}

bool is_loopback(const Address& address) {
  if (address.is_unix || address.host == "localhost" || address.host == "::1") return true;
  in_addr v4{};
  return inet_pton(AF_INET, address.host.c_str(), &v4) == 1 && (ntohl(v4.s_addr) >> 24) == 127;
}

}  // namespace eventd
