// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/server.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "lib/base/logger.h"
#include "lib/base/text.h"
#include "lib/broker/broker.h"

namespace eventd {

namespace {

// An address is somebody else's, or not allowed to us: in_use; or it is none of this machine.
std::unexpected<Error> explain(Error error, const Address& address) {
  if (error.code == Code::in_use) {
    error.message += "; --port names another, 0 a free one";
  } else if (error.system_error == EACCES) {
    error.code = Code::in_use;
    error.message += address.is_unix ? "" : "; ports below 1024 are for root";
  } else {
    error = Error{Code::bad_config, text("listeners: ", error.message), error.system_error};
  }
  return std::unexpected(std::move(error));
}

}  // namespace

Server::Server(Broker& broker, std::vector<UvLoop*> loops, const BrokerConfig& config,
               size_t descriptors_max)
    : broker_(broker),
      loops_(std::move(loops)),
      config_(config),
      connections_(loops_.size()),
      ending_(loops_.size()),
      connections_max_(std::min(static_cast<size_t>(config.connections_max), descriptors_max)) {}

Result<void> Server::listen(const std::vector<ListenerConfig>& listeners) {
  for (const ListenerConfig& wanted : listeners) {
    auto accept = [this, name = wanted.name](int descriptor) { accepted(descriptor, name); };
    Result<std::unique_ptr<Listener>> listener =
        Listener::listen(*loops_.front(), wanted.address, std::move(accept));
    if (!listener) return explain(std::move(listener.error()), wanted.address);
    add(wanted.name, std::move(*listener));
  }
  return {};
}

Result<void> Server::adopt(const std::vector<int>& descriptors) {
  for (int each : descriptors) {
    std::string name(local_address(each).is_unix ? kUnixListener : kPlainListener);
    auto accept = [this, name](int descriptor) { accepted(descriptor, name); };
    auto listener = Listener::adopt(*loops_.front(), each, std::move(accept));
    if (!listener) return pass(listener);
    add(std::move(name), std::move(*listener));
  }
  return {};
}

void Server::add(std::string name, std::unique_ptr<Listener> listener) {
  bound_.push_back({std::move(name), listener->address()});
  if (connections_max_ == 0) listener->pause();
  listeners_.push_back(std::move(listener));
}

void Server::accepted(int descriptor, const std::string& listener) {
  std::string ip = peer_address(descriptor).host;
  if (!admits(ip)) {
    close(descriptor);
    return;
  }
  size_t index = next_loop_++ % loops_.size();
  if (index == 0) return spawn(serve(0, descriptor, listener, std::move(ip)));
  loops_[index]->post([this, index, descriptor, listener, ip = std::move(ip)]() mutable {
    spawn(serve(index, descriptor, listener, std::move(ip)));
  });
}

// Loop 0. Counts a connection, unless its address has as many as it may.
bool Server::admits(const std::string& ip) {
  auto other = config_.connections_of_ip_max.find(ip);
  int32_t limit = other == config_.connections_of_ip_max.end() ? config_.connections_per_ip_max
                                                               : other->second;
  if (limit == 0) {
    broker_.complaints().info("closing a connection from ", printable(ip), ": none is allowed");
    return false;
  }
  int32_t& there = per_ip_[ip];
  if (there >= limit) {
    broker_.complaints().info("closing a connection from ", printable(ip), ": there are ", limit);
    return false;
  }
  there++;
  if (count_.fetch_add(1) + 1 >= connections_max_) {
    broker_.complaints().info("no more than ", connections_max_, " connections: others wait");
    paused_ = true;
    for (auto& each : listeners_) each->pause();
  }
  return true;
}

// Loop 0.
void Server::ended(const std::string& ip) {
  auto there = per_ip_.find(ip);
  if (--there->second == 0) per_ip_.erase(there);
  if (count_.fetch_sub(1) - 1 >= connections_max_ || !std::exchange(paused_, false)) return;
  for (auto& each : listeners_) each->resume();
}

Task<void> Server::serve(size_t loop_index, int descriptor, std::string listener, std::string ip) {
  Loop& loop = *loops_[loop_index];
  Peer peer;
  peer.listener = std::move(listener);
  Address local = local_address(descriptor);
  // A client of a unix socket comes back by its path.
  peer.local_host = local.is_unix ? to_string(local) : local.host;
  peer.local_port = local.port;
  peer.remote = to_string(peer_address(descriptor));
  Result<std::unique_ptr<Stream>> stream = Stream::adopt(loop, descriptor);
  if (stream) {
    ConnectionLimits limits;
    limits.frame_bytes_max = config_.request_bytes_max;
    limits.idle_max = config_.connection_idle_ms >= 0
                          ? std::chrono::milliseconds(config_.connection_idle_ms)
                          : std::chrono::milliseconds(std::chrono::years(1));
    broker_.counters(loop_index).connections.add(1);
    Connection connection(broker_, loop, loop_index, std::move(*stream), std::move(peer), limits);
    connections_[loop_index].insert(&connection);
    if (ending_[loop_index]) connection.stop();
    co_await connection.run();
    connections_[loop_index].erase(&connection);
  } else {
    log_warning("a connection could not be served: ", stream.error().message);
  }
  // The descriptor is closed before the next connection is let in.
  loops_.front()->post([this, ip = std::move(ip)] { ended(ip); });
}

void Server::end_connections(bool at_once) {
  for (size_t i = 0; i < loops_.size(); i++) {
    loops_[i]->post([this, i, at_once] {
      ending_[i] = true;
      // None is destroyed by this: that waits for the loop's next turn.
      for (Connection* connection : connections_[i]) {
        if (at_once) {
          connection->abort();
        } else {
          connection->stop();
        }
      }
    });
  }
}

}  // namespace eventd
