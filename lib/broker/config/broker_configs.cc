// SPDX-License-Identifier: Apache-2.0
// The table of broker configs: those that this broker heeds or has an opinion on, those of topics
// under their broker's names, and the rest of Kafka's.
#include <algorithm>

#include "lib/broker/config/definition.h"

namespace eventd {

namespace {

using enum ConfigType;
using enum ConfigUpdate;

// Chains of configs for one thing: the first that is set decides.
constexpr std::string_view kChains[][3] = {
    {"log.retention.ms", "log.retention.minutes", "log.retention.hours"},
    {"log.roll.ms", "log.roll.hours"},
    {"log.roll.jitter.ms", "log.roll.jitter.hours"},
    {"log.flush.interval.ms", "log.flush.scheduler.interval.ms"},
};

// What the last of a chain is by default; the others are null then.
std::optional<std::string_view> default_in_chain(std::string_view name,
                                                 std::optional<std::string_view> otherwise) {
  if (name == "log.retention.hours" || name == "log.roll.hours") return "168";
  if (name == "log.roll.jitter.hours") return "0";
  if (name == "log.flush.scheduler.interval.ms") return "9223372036854775807";
  for (const auto& chain : kChains) {
    if (std::ranges::find(chain, name) != std::end(chain)) return std::nullopt;
  }
  return otherwise;
}

// Of a topic 0 is a value like others; a broker that took it would delete what all topics have.
std::string_view retention_fault(std::string_view value) {
  return number_of(value) == 0 ? "must be -1 or at least 1" : "";
}

// A topic config is a broker config too, under its broker's names.
void add_synonyms(const ConfigDefinition& topic, std::vector<ConfigDefinition>& table) {
  for (const BrokerSynonym& synonym : topic.synonyms) {
    ConfigDefinition definition = topic;
    definition.name = synonym.name;
    definition.synonyms.clear();
    definition.default_value = default_in_chain(synonym.name, topic.default_value);
    // Kafka changes the first name of a chain while it runs, and reads the others at the start.
    definition.update = synonym.name == topic.synonyms.front().name ? cluster_wide : read_only;
    if (synonym.unit != 1) definition.type = int32;
    if (synonym.name.starts_with("log.retention.") && topic.name == "retention.ms") {
      definition.min = -1;
      definition.fault = retention_fault;
    }
    table.push_back(std::move(definition));
  }
}

// Quotas of replication, which Kafka has as dynamic configs only.
ConfigDefinition replication_quota(std::string_view name) {
  return {.name = name,
          .type = int64,
          .min = 0,
          .update = cluster_wide,
          .internal = true,
          .has_effect = false,
          .documentation = "How many bytes a second replication may move; none is moved here."};
}

std::vector<ConfigDefinition> make_table() {
  std::vector<ConfigDefinition> table = {
      {.name = "advertised.listeners",
       .type = list,
       .documentation = "What clients are told to connect to; unset: what they connected to."},
      {.name = "auto.create.topics.enable",
       .type = boolean,
       .default_value = "true",
       .documentation = "Whether a topic that is asked for comes into being."},
      {.name = "broker.id",
       .type = int32,
       .default_value = "-1",
       .documentation = "An older name of node.id."},
      {.name = "broker.rack", .documentation = "Where the broker stands, for placement."},
      {.name = "connections.max.idle.ms",
       .type = int64,
       .default_value = "600000",
       .documentation = "After what silence a connection is closed."},
      {.name = "controlled.shutdown.enable",
       .type = boolean,
       .default_value = "true",
       .documentation = "Whether a stop hands leadership over first."},
      {.name = "controller.listener.names",
       .type = list,
       .default_value = "CONTROLLER",
       .documentation = "Listeners of the controller quorum: noted, not bound."},
      {.name = "controller.quorum.bootstrap.servers",
       .type = list,
       .default_value = "",
       .documentation = "Where to find the quorum; this node is a quorum of one."},
      {.name = "controller.quorum.voters",
       .type = list,
       .default_value = "",
       .documentation = "The voters of the quorum; this node is a quorum of one."},
      {.name = "default.replication.factor",
       .type = int32,
       .default_value = "1",
       .min = 1,
       .documentation = "How many replicas a new topic has."},
      {.name = "delete.topic.enable",
       .type = boolean,
       .default_value = "true",
       .documentation = "Whether topics can be deleted."},
      {.name = "fetch.max.bytes",
       .type = int32,
       .default_value = "57671680",
       .min = 1024,
       .documentation = "How large the answer to a fetch becomes."},
      {.name = "group.initial.rebalance.delay.ms",
       .type = int32,
       .default_value = "0",
       .documentation = "How long a new group waits for more members."},
      {.name = "inter.broker.listener.name", .documentation = "The listener for other brokers."},
      {.name = "listener.security.protocol.map",
       .default_value = "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
       .documentation = "The security protocol of each listener name."},
      {.name = "listeners",
       .type = list,
       .default_value = "PLAINTEXT://127.0.0.1:9092",
       .documentation = "Where the broker listens."},
      {.name = "log.dir",
       .type = list,
       .documentation = "Where the logs are, if log.dirs does not say."},
      {.name = "log.dirs", .type = list, .documentation = "Where the logs are."},
      {.name = "log.retention.check.interval.ms",
       .type = int64,
       .default_value = "300000",
       .min = 1,
       .documentation = "How often segments are looked at for deletion."},
      {.name = "log.initial.task.delay.ms",
       .type = int64,
       .default_value = "30000",
       .min = 0,
       .internal = true,
       .documentation = "How long after the start segments are looked at first."},
      {.name = "max.connections",
       .type = int32,
       .default_value = "2147483647",
       .min = 0,
       .documentation = "How many connections there may be."},
      {.name = "max.connections.per.ip",
       .type = int32,
       .default_value = "2147483647",
       .min = 0,
       .documentation = "How many connections there may be from one address."},
      {.name = "max.connections.per.ip.overrides",
       .type = string,
       .default_value = "",
       .documentation = "Other limits for some addresses: ADDRESS:NUMBER."},
      {.name = "max.incremental.fetch.session.cache.slots",
       .type = int32,
       .default_value = "1000",
       .min = 0,
       .documentation = "How many fetch sessions are remembered."},
      {.name = "metadata.log.dir", .documentation = "Where the metadata log is: in log.dirs."},
      {.name = "node.id",
       .type = int32,
       .default_value = "1",
       .min = 0,
       .documentation = "The number of this node."},
      {.name = "num.io.threads",
       .type = int32,
       .default_value = "8",
       .min = 1,
       .update = cluster_wide,
       .documentation = "Threads for requests; here they run on the network threads."},
      {.name = "num.network.threads",
       .type = int32,
       .default_value = "1",
       .min = 1,
       .documentation = "How many event loops serve connections."},
      {.name = "num.partitions",
       .type = int32,
       .default_value = "1",
       .min = 1,
       .documentation = "How many partitions a new topic has."},
      {.name = "num.recovery.threads.per.data.dir",
       .type = int32,
       .default_value = "2",
       .min = 1,
       .update = cluster_wide,
       .documentation = "Threads that open logs at the start."},
      {.name = "offsets.topic.num.partitions",
       .type = int32,
       .default_value = "50",
       .min = 1,
       .documentation = "Partitions of the topic with the groups' offsets."},
      {.name = "offsets.topic.replication.factor",
       .type = int16,
       .default_value = "1",
       .min = 1,
       .documentation = "Replicas of the topic with the groups' offsets."},
      {.name = "process.roles",
       .type = list,
       .default_value = "broker,controller",
       .documentation = "This node is both, broker and controller."},
      {.name = "producer.id.expiration.ms",
       .type = int32,
       .default_value = "86400000",
       .min = 1,
       .update = cluster_wide,
       .documentation = "After what silence a producer's last sequence is forgotten."},
      {.name = "queued.max.request.bytes",
       .type = int64,
       .default_value = "536870912",
       .documentation = "How much memory requests may take together before larger ones wait; "
                        "-1: without end."},
      {.name = "share.coordinator.state.topic.min.isr",
       .type = int16,
       .default_value = "1",
       .documentation = "In-sync replicas of the share groups' state."},
      {.name = "share.coordinator.state.topic.replication.factor",
       .type = int16,
       .default_value = "1",
       .documentation = "Replicas of the share groups' state."},
      {.name = "socket.receive.buffer.bytes",
       .type = int32,
       .default_value = "102400",
       .documentation = "SO_RCVBUF; the system decides here."},
      {.name = "socket.request.max.bytes",
       .type = int32,
       .default_value = "104857600",
       .min = 1,
       .documentation = "How large a request may be."},
      {.name = "socket.send.buffer.bytes",
       .type = int32,
       .default_value = "102400",
       .documentation = "SO_SNDBUF; the system decides here."},
      {.name = "transaction.state.log.min.isr",
       .type = int32,
       .default_value = "1",
       .min = 1,
       .documentation = "In-sync replicas of the transactions' state."},
      {.name = "transaction.state.log.replication.factor",
       .type = int16,
       .default_value = "1",
       .min = 1,
       .documentation = "Replicas of the transactions' state."},
  };
  for (const char* name :
       {"leader.replication.throttled.rate", "follower.replication.throttled.rate",
        "replica.alter.log.dirs.io.max.bytes.per.second"}) {
    table.push_back(replication_quota(name));
  }
  for (const ConfigDefinition& topic : topic_configs()) add_synonyms(topic, table);
  for (ConfigDefinition& definition : broker_configs_without_effect()) {
    bool known = std::ranges::find(table, definition.name, &ConfigDefinition::name) != table.end();
    if (!known) table.push_back(std::move(definition));
  }
  std::ranges::sort(table, {}, &ConfigDefinition::name);
  return table;
}

}  // namespace

std::span<const ConfigDefinition> broker_configs() {
  static const std::vector<ConfigDefinition> kTable = make_table();
  return kTable;
}

std::vector<std::string_view> broker_fallbacks(std::string_view name) {
  for (const auto& chain : kChains) {
    auto found = std::ranges::find(chain, name);
    if (found == std::end(chain) || name.empty()) continue;
    std::vector<std::string_view> names;
    for (std::string_view each : chain) {
      if (!each.empty()) names.push_back(each);
    }
    return names;
  }
  return {name};
}

}  // namespace eventd
