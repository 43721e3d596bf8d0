// SPDX-License-Identifier: Apache-2.0
// Listeners and connections: who connects is given to one of the loops and stays there.
//
// Where there are as many connections as there may be (max.connections, and what the process's
// limit of open files leaves beside the logs), nothing is accepted until one ends, as in Kafka: the
// others wait in the system's queue. One too many from an address (max.connections.per.ip) is
// closed.
//
// Listeners belong to loop 0. stop_listening() and end_connections() are called on loop 0; the
// loops and the broker outlive the server, which outlives its connections.
#pragma once

#include <atomic>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "lib/broker/config/broker_config.h"
#include "lib/broker/connection.h"
#include "lib/net/listener.h"
#include "lib/net/uv_loop.h"

namespace eventd {

class Server {
 public:
  // `descriptors_max`: how many connections the process can hold.
  Server(Broker& broker, std::vector<UvLoop*> loops, const BrokerConfig& config,
         size_t descriptors_max);

  Result<void> listen(const std::vector<ListenerConfig>& listeners);
  // Instead: sockets that listen already. Takes them.
  Result<void> adopt(const std::vector<int>& descriptors);
  const std::vector<ListenerConfig>& bound() const { return bound_; }

  void stop_listening() { listeners_.clear(); }
  // Connections answer what is under way, then end; `at_once`: without answers.
  void end_connections(bool at_once);
  size_t connection_count() const { return count_.load(); }

 private:
  void add(std::string name, std::unique_ptr<Listener> listener);
  void accepted(int descriptor, const std::string& listener);
  Task<void> serve(size_t loop_index, int descriptor, std::string listener, std::string ip);
  bool admits(const std::string& ip);
  void ended(const std::string& ip);

  Broker& broker_;
  const std::vector<UvLoop*> loops_;
  const BrokerConfig& config_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<ListenerConfig> bound_;
  std::vector<std::unordered_set<Connection*>> connections_;  // each of its own loop
  std::vector<char> ending_;  // each of its own loop, and therefore no bits
  const size_t connections_max_;
  std::atomic<size_t> count_{0};
  std::unordered_map<std::string, int32_t> per_ip_;  // loop 0; of those that are there
  bool paused_ = false;
  size_t next_loop_ = 0;
};

}  // namespace eventd
