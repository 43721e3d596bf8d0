// SPDX-License-Identifier: Apache-2.0
// How this broker is configured: Kafka's server.properties, flags and -X, all under Kafka's names.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/result.h"
#include "lib/cluster/image.h"
#include "lib/net/address.h"

namespace eventd {

inline constexpr std::string_view kPlainListener = "PLAINTEXT";
// Of unix sockets, which are not told to anybody but those who use them.
inline constexpr std::string_view kUnixListener = "UNIX";

struct ListenerConfig {
  std::string name{kPlainListener};
  Address address{"127.0.0.1", 9092, false};
};

struct BrokerConfig {
  ConfigMap values;  // what was given, by Kafka's names

  std::optional<int32_t> node_id;
  std::string data_dir;
  std::vector<ListenerConfig> listeners;
  std::vector<int> sockets;                // that listen already, instead of `listeners`
  std::vector<ListenerConfig> advertised;  // empty: what the client connected to
  std::optional<std::string> rack;
  int32_t loops = 1;
  int32_t num_partitions = 1;
  int16_t default_replication_factor = 1;
  bool auto_create_topics = true;
  bool delete_topics = true;
  int32_t request_bytes_max = 100 << 20;
  int32_t fetch_max_bytes = 55 << 20;
  int32_t fetch_sessions = 1000;
  int32_t connections_max = INT32_MAX;
  int32_t connections_per_ip_max = INT32_MAX;
  std::map<std::string, int32_t> connections_of_ip_max;  // other limits for some addresses
  int64_t queued_bytes_max = 512 << 20;                  // of requests; not positive: no limit
  int64_t connection_idle_ms = 600'000;
  int64_t retention_check_ms = 300'000;
  int64_t initial_task_delay_ms = 30'000;
};

using Setting = std::pair<std::string, std::string>;

// Java's properties: comments, escapes, continued lines.
Result<std::vector<Setting>> parse_properties(std::string_view text);

struct ConfigSources {
  std::vector<Setting> file;       // of server.properties
  std::vector<Setting> overrides;  // of flags and -X, in their order
  bool listen_anywhere = false;
};
// bad_config with the key and what is wrong. Unknown keys become `warnings`, one each.
Result<BrokerConfig> make_broker_config(const ConfigSources& sources,
                                        std::vector<std::string>& warnings);

// $XDG_STATE_HOME/eventd (if absolute; else ~/.local/state/eventd); for root /var/lib/eventd.
std::string default_data_dir();

}  // namespace eventd
