// SPDX-License-Identifier: Apache-2.0
// Where to listen or to connect: "host:port", "[::1]:port", "unix:/path".
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace eventd {

struct Address {
  std::string host;  // a name or a number; of a unix socket the path
  uint16_t port = 0;
  bool is_unix = false;

  bool operator==(const Address&) const = default;
};

// bad_usage with what is wrong. Without ":port", `default_port` counts.
Result<Address> parse_address(std::string_view text, uint16_t default_port);
std::string to_string(const Address& address);

// An address as the socket calls take it.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  int family() const { return storage.ss_family; }
};

// Looks the name up; may block for seconds unless the host is a number, "localhost" or a path.
Result<std::vector<SocketAddress>> resolve(const Address& address);
// Whether resolve() returns without asking anybody.
bool resolves_at_once(const Address& address);

// "127.0.0.1" and 9092 of a socket's own end, or of its peer's.
Address local_address(int descriptor);
Address peer_address(int descriptor);

// 127.0.0.0/8, ::1, "localhost" or a unix socket.
bool is_loopback(const Address& address);

}  // namespace eventd
