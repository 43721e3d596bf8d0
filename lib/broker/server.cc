// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/server.h"

#include <unistd.h>

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

Server::Server(Broker& broker, std::vector<UvLoop*> loops, const BrokerConfig& config)
    : broker_(broker),
      loops_(std::move(loops)),
      config_(config),
      connections_(loops_.size()),
      ending_(loops_.size()) {}

Result<void> Server::listen(const std::vector<ListenerConfig>& listeners) {
  for (const ListenerConfig& wanted : listeners) {
    auto accept = [this, name = wanted.name](int descriptor) { accepted(descriptor, name); };
    Result<std::unique_ptr<Listener>> listener =
        Listener::listen(*loops_.front(), wanted.address, std::move(accept));
    if (!listener) return explain(std::move(listener.error()), wanted.address);
    bound_.push_back({wanted.name, (*listener)->address()});
    listeners_.push_back(std::move(*listener));
  }
  return {};
}

void Server::accepted(int descriptor, const std::string& listener) {
  if (count_.load() >= static_cast<size_t>(config_.connections_max)) {
    log_warning("max.connections is reached: a connection was refused");
    close(descriptor);
    return;
  }
  count_.fetch_add(1);
  size_t index = next_loop_++ % loops_.size();
  if (index == 0) return spawn(serve(0, descriptor, listener));
  loops_[index]->post(
      [this, index, descriptor, listener] { spawn(serve(index, descriptor, listener)); });
}

Task<void> Server::serve(size_t loop_index, int descriptor, std::string listener) {
  Loop& loop = *loops_[loop_index];
  Peer peer;
  peer.listener = std::move(listener);
  Address local = local_address(descriptor);
  peer.local_host = local.host;
  peer.local_port = local.port;
  peer.remote = to_string(peer_address(descriptor));
  Result<std::unique_ptr<Stream>> stream = Stream::adopt(loop, descriptor);
  if (stream) {
    ConnectionLimits limits;
    limits.frame_bytes_max = config_.request_bytes_max;
    if (config_.connection_idle_ms >= 0) {
      limits.idle_max = std::chrono::milliseconds(config_.connection_idle_ms);
    }
    Connection connection(broker_, loop, loop_index, std::move(*stream), std::move(peer), limits);
    connections_[loop_index].insert(&connection);
    if (ending_[loop_index]) connection.stop();
    co_await connection.run();
    connections_[loop_index].erase(&connection);
  } else {
    log_warning("a connection could not be served: ", stream.error().message);
  }
  count_.fetch_sub(1);
}

void Server::end_connections(bool at_once) {
  for (size_t i = 0; i < loops_.size(); i++) {
    loops_[i]->post([this, i, at_once] {
      ending_[i] = true;
      // Ending one may destroy it, and with it its place in the set.
      std::vector<Connection*> all(connections_[i].begin(), connections_[i].end());
      for (Connection* connection : all) {
        if (!connections_[i].contains(connection)) continue;
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
