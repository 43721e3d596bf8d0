// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/config/broker_config.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "lib/base/text.h"
#include "lib/broker/config/definition.h"

namespace eventd {

namespace {

constexpr uint16_t kDefaultPort = 9092;

std::unexpected<Error> bad(std::string_view key, std::string_view why) {
  return fail(Code::bad_config, text(key, ": ", why));
}

// "NAME://host:port"
Result<ListenerConfig> parse_listener(std::string_view key, std::string_view listener) {
  if (listener.starts_with("unix:")) {
    Result<Address> address = parse_address(listener, 0);
    if (!address) return bad(key, address.error().message);
    return ListenerConfig{std::string(kUnixListener), *address};
  }
  size_t colon = listener.find("://");
  if (colon == std::string_view::npos || colon == 0) {
    return bad(key, text("'", printable(listener), "' is not NAME://HOST:PORT"));
  }
  Result<Address> address = parse_address(listener.substr(colon + 3), kDefaultPort);
  if (!address) return bad(key, address.error().message);
  return ListenerConfig{std::string(listener.substr(0, colon)), *address};
}

class Values {
 public:
  explicit Values(const ConfigMap& values) : values_(values) {}
  std::optional<std::string> get(std::string_view key) const {
    auto found = values_.find(key);
    if (found == values_.end()) return std::nullopt;
    return found->second;
  }
  int64_t number(std::string_view key) const {
    return number_of(get(key).value_or(std::string(*find_broker_config(key)->default_value)));
  }
  bool truth(std::string_view key) const {
    return truth_of(get(key).value_or(std::string(*find_broker_config(key)->default_value)));
  }

 private:
  const ConfigMap& values_;
};

// What listener.security.protocol.map says of a name, by itself a protocol's.
std::string protocol_of(const Values& values, const std::string& name) {
  constexpr std::string_view kMap = "listener.security.protocol.map";
  for (const std::string& entry : list_of(values.get(kMap).value_or(""))) {
    size_t colon = entry.find(':');
    if (entry.substr(0, colon) == name && colon != std::string::npos)
      return entry.substr(colon + 1);
  }
  return name;
}

// Nobody is to believe that what travels in clear is protected.
Result<void> check_protocol(const Values& values, const ListenerConfig& listener,
                            std::string_view given) {
  std::string protocol = protocol_of(values, listener.name);
  for (std::string_view known : {"SSL", "SASL_PLAINTEXT", "SASL_SSL"}) {
    if (protocol != known) continue;
    return bad("listeners", text("'", printable(given), "' asks for ", known,
                                 "; this broker has neither TLS nor SASL yet, only PLAINTEXT"));
  }
  return {};
}

Result<void> read_listeners(const Values& values, bool anywhere, BrokerConfig& config) {
  std::vector<std::string> controllers =
      list_of(values.get("controller.listener.names").value_or("CONTROLLER"));
  for (const std::string& item :
       list_of(values.get("listeners").value_or("PLAINTEXT://127.0.0.1:9092"))) {
    Result<ListenerConfig> listener = parse_listener("listeners", item);
    if (!listener) return pass(listener);
    if (std::ranges::find(controllers, listener->name) != controllers.end()) continue;
    Result<void> served = check_protocol(values, *listener, item);
    if (!served) return served;
    if (!is_loopback(listener->address) && !anywhere) {
      return bad("listeners", text("'", printable(item),
                                   "' can be reached from other machines, and there is no "
                                   "authentication: --listen-anywhere allows it"));
    }
    config.listeners.push_back(std::move(*listener));
  }
  for (const std::string& item : list_of(values.get("advertised.listeners").value_or(""))) {
    Result<ListenerConfig> listener = parse_listener("advertised.listeners", item);
    if (!listener) return pass(listener);
    if (std::ranges::find(controllers, listener->name) != controllers.end()) continue;
    config.advertised.push_back(std::move(*listener));
  }
  if (config.listeners.empty()) return bad("listeners", "there is none for clients");
  return {};
}

// "10.0.0.1:5, ::1:7": the number stands behind the last colon.
Result<void> read_connection_limits(const Values& values, BrokerConfig& config) {
  constexpr std::string_view kOverrides = "max.connections.per.ip.overrides";
  config.connections_max = static_cast<int32_t>(values.number("max.connections"));
  config.connections_per_ip_max = static_cast<int32_t>(values.number("max.connections.per.ip"));
  for (const std::string& item : list_of(values.get(kOverrides).value_or(""))) {
    size_t colon = item.rfind(':');
    std::optional<int32_t> limit;
    if (colon != std::string::npos) {
      limit = parse_number<int32_t>(trim(std::string_view(item).substr(colon + 1)));
    }
    if (!limit || *limit < 0 || colon == 0) {
      return bad(kOverrides, text("'", printable(item), "' is not ADDRESS:NUMBER"));
    }
    config.connections_of_ip_max[std::string(trim(std::string_view(item).substr(0, colon)))] =
        *limit;
  }
  config.queued_bytes_max = values.number("queued.max.request.bytes");
  if (config.queued_bytes_max > 0 && config.queued_bytes_max < config.request_bytes_max) {
    return bad("queued.max.request.bytes", "it must be at least socket.request.max.bytes");
  }
  return {};
}

int32_t default_loops() {
  auto cores = static_cast<int32_t>(std::thread::hardware_concurrency());
  return std::max(1, std::min(4, cores / 2));
}

}  // namespace

std::string default_data_dir() {
  if (geteuid() == 0) return "/var/lib/eventd";
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state == '/') {
    return text(std::string_view(state), "/eventd");
  }
  const char* home = std::getenv("HOME");
  return text(std::string_view(home != nullptr ? home : "."), "/.local/state/eventd");
}

Result<std::vector<Setting>> parse_properties(std::string_view contents) {
  std::vector<Setting> settings;
  std::string logical;
  auto take = [&]() {
    std::string key;
    std::string value;
    std::string* part = &key;
    bool separated = false;
    for (size_t i = 0; i < logical.size(); i++) {
      char c = logical[i];
      if (c == '\\' && i + 1 < logical.size()) {
        char next = logical[++i];
        part->push_back(next == 't' ? '\t' : next == 'n' ? '\n' : next == 'r' ? '\r' : next);
        continue;
      }
      bool separator = c == '=' || c == ':' || c == ' ' || c == '\t';
      if (part == &key && separator) {
        size_t after = logical.find_first_not_of(" \t", i);
        if (after != std::string::npos && (logical[after] == '=' || logical[after] == ':')) {
          after = logical.find_first_not_of(" \t", after + 1);
        }
        part = &value;
        separated = true;
        if (after == std::string::npos) break;
        i = after - 1;
        continue;
      }
      part->push_back(c);
    }
    (void)separated;  // a key alone has the empty value
    settings.emplace_back(std::move(key), std::string(trim(value)));
    logical.clear();
  };
  bool continued = false;
  for (std::string_view line : split(contents, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    size_t start = line.find_first_not_of(" \t\f");
    line = start == std::string_view::npos ? std::string_view() : line.substr(start);
    if (!continued && (line.empty() || line.front() == '#' || line.front() == '!')) continue;
    size_t backslashes = 0;
    while (backslashes < line.size() && line[line.size() - 1 - backslashes] == '\\') backslashes++;
    continued = backslashes % 2 == 1;
    logical += continued ? line.substr(0, line.size() - 1) : line;
    if (!continued) take();
  }
  if (!logical.empty()) take();
  return settings;
}

Result<BrokerConfig> make_broker_config(const ConfigSources& sources,
                                        std::vector<std::string>& warnings) {
  BrokerConfig config;
  auto warn = [&](std::string warning) {  // once, however often the key stands there
    if (std::ranges::find(warnings, warning) == warnings.end()) {
      warnings.push_back(std::move(warning));
    }
  };
  auto take = [&](const std::vector<Setting>& settings) -> Result<void> {
    for (const auto& [key, value] : settings) {
      const ConfigDefinition* definition = find_broker_config(key);
      if (definition == nullptr) {
        warn(text("config ", printable(key), " is not known here and has no effect"));
        continue;
      }
      if (!definition->has_effect) {
        warn(text("config ", key, " has no effect here"));
      }
      Result<void> checked = check_value(*definition, value);
      if (!checked) return fail(Code::bad_config, checked.error().message);
      config.values[key] = value;
    }
    return {};
  };
  Result<void> taken = take(sources.file);
  if (taken) taken = take(sources.overrides);
  if (!taken) return pass(taken);

  Values values(config.values);
  for (const char* key : {"broker.id", "node.id"}) {
    if (auto id = values.get(key)) config.node_id = static_cast<int32_t>(number_of(*id));
  }
  if (config.node_id && *config.node_id < 0) config.node_id.reset();
  std::vector<std::string> directories =
      list_of(values.get("log.dirs").value_or(values.get("log.dir").value_or("")));
  if (directories.size() > 1) {
    return bad("log.dirs",
               "one directory is served; several disks are for the file system to join");
  }
  config.data_dir = directories.empty() ? default_data_dir() : directories.front();
  Result<void> listeners = read_listeners(values, sources.listen_anywhere, config);
  if (!listeners) return pass(listeners);
  config.rack = values.get("broker.rack");
  config.loops = values.get("num.network.threads")
                     ? static_cast<int32_t>(values.number("num.network.threads"))
                     : default_loops();
  config.num_partitions = static_cast<int32_t>(values.number("num.partitions"));
  config.default_replication_factor =
      static_cast<int16_t>(values.number("default.replication.factor"));
  config.auto_create_topics = values.truth("auto.create.topics.enable");
  config.delete_topics = values.truth("delete.topic.enable");
  config.request_bytes_max = static_cast<int32_t>(values.number("socket.request.max.bytes"));
  config.fetch_max_bytes = static_cast<int32_t>(values.number("fetch.max.bytes"));
  config.fetch_sessions =
      static_cast<int32_t>(values.number("max.incremental.fetch.session.cache.slots"));
  Result<void> limits = read_connection_limits(values, config);
  if (!limits) return pass(limits);
  config.connection_idle_ms = values.number("connections.max.idle.ms");
  config.retention_check_ms = values.number("log.retention.check.interval.ms");
  config.initial_task_delay_ms = values.number("log.initial.task.delay.ms");
  return config;
}

}  // namespace eventd
