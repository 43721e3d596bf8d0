// SPDX-License-Identifier: Apache-2.0
// A cluster as a client sees it: connections by broker, topics and leaders, and what to do about an
// error. Works with every Kafka since 2.1. Belongs to one loop.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/uuid.h"
#include "lib/client/backoff.h"
#include "lib/client/connection.h"
#include "lib/client/security.h"
#include "lib/wire/messages/metadata.h"

namespace eventd {

struct TopicInfo;
struct ListOffsetsResponse;

struct ClientConfig {
  std::vector<Address> brokers;
  std::string client_id = "eventd";
  std::shared_ptr<const ClientSecurity> security;  // shared by copies; nothing: no TLS, no SASL
  std::chrono::milliseconds connect_timeout{5000};
  std::chrono::milliseconds request_timeout{30'000};
  // Before something is asked again, and before one who could not be reached is called again.
  Backoff retry_backoff{std::chrono::milliseconds(100), std::chrono::milliseconds(1000)};
  Backoff reconnect_backoff{std::chrono::milliseconds(50), std::chrono::milliseconds(1000)};
  // Told on the loop what a broker said of topics; `all`: there are no others.
  std::function<void(const std::vector<TopicInfo>& topics, bool all)> on_topics = {};
};

struct TopicPartition {
  std::string topic;
  int32_t partition = 0;
  auto operator<=>(const TopicPartition&) const = default;
};
void append_text(std::string& out, const TopicPartition& name);

struct PartitionInfo {
  int32_t leader = -1;
  int32_t leader_epoch = -1;
  std::vector<int32_t> replicas;
  std::vector<int32_t> isr;
};
struct TopicInfo {
  std::string name;
  Uuid id;
  bool internal = false;
  Code error = Code::none;
  std::vector<PartitionInfo> partitions;
};
struct BrokerInfo {
  Address address;
  std::optional<std::string> rack;
};

// What a client does about an error code of a partition.
enum class Remedy { none, retry, refresh_and_retry, give_up };
Remedy remedy_for(Code code);

class Client {
 public:
  Client(Loop& loop, ClientConfig config) : loop_(loop), config_(std::move(config)) {}
  ~Client();

  // Ends all connections, those that are being opened too: what waits fails with cancelled, and
  // what comes later.
  void close();

  Loop& loop() { return loop_; }
  const ClientConfig& config() const { return config_; }
  Instant request_deadline() const { return loop_.now() + config_.request_timeout; }
  // When something that has failed so often in a row may be tried again, and the time until then,
  // which close() ends.
  Instant retry_at(size_t failures);
  Task<void> pause(size_t failures);

  // Any broker of the cluster; connection_failed if none can be reached within the connect timeout,
  // which they share. One that could not be reached is left alone for a while: until then it fails
  // as it did, at once.
  Task<Result<std::shared_ptr<ClientConnection>>> any();
  // The broker with that number, which must have been in the metadata.
  Task<Result<std::shared_ptr<ClientConnection>>> broker(int32_t id);
  // The same, if there is a connection to it; nothing otherwise.
  std::shared_ptr<ClientConnection> connected(int32_t id) const;
  // The controller, as far as the cluster tells, for what only it does; any broker otherwise.
  Task<Result<std::shared_ptr<ClientConnection>>> controller_or_any();

  // Asks for topics, all of them if `names` is empty, and remembers them. Topics that are not there
  // have their error set; none is made by asking.
  Task<Result<std::vector<TopicInfo>>> topics(std::vector<std::string> names);
  // Asks who the brokers are.
  Task<Result<void>> learn_brokers();
  // What is remembered.
  const TopicInfo* known(std::string_view topic) const;
  const std::map<int32_t, BrokerInfo>& brokers() const { return brokers_; }
  int32_t controller() const { return controller_; }
  const std::string& cluster_id() const { return cluster_id_; }

  // The number of the broker that leads a partition, as far as is remembered;
  // unknown_topic_or_partition or leader_not_available.
  Result<int32_t> leader_of(const TopicPartition& partition) const;
  // The leader of a partition, after asking again where it is not known.
  Task<Result<std::shared_ptr<ClientConnection>>> leader(TopicPartition partition);
  void forget(const std::string& topic) { topics_.erase(topic); }

  // Offsets by timestamp (-1 end, -2 start, -3 largest timestamp, else the first at or after it;
  // -1 where there is none). unknown_topic_or_partition if one is not there. What fails for now is
  // asked again until `patience` ends, which is the request timeout unless given.
  Task<Result<std::map<TopicPartition, int64_t>>> offsets(
      std::vector<std::pair<TopicPartition, int64_t>> wanted, bool committed_only,
      std::optional<Instant> patience = std::nullopt);

 private:
  // A connection that is being opened, and who else waits for it.
  struct Opening {
    Attempt attempt;
    std::set<Signal*> waiters;
  };
  // A broker that could not be reached, so often in a row.
  struct Absent {
    size_t failures = 0;
    Instant call_again{};
    Error error;
  };

  Task<Result<std::shared_ptr<ClientConnection>>> connect(Address address, Instant deadline);
  Task<Result<std::shared_ptr<ClientConnection>>> open(Address address, Instant deadline);
  struct OffsetSearch;
  Task<Result<void>> look_for_offsets(OffsetSearch* search);
  static void take_offsets(const ListOffsetsResponse& response, OffsetSearch& search);
  uint32_t random();
  Task<Result<std::vector<TopicInfo>>> metadata(const MetadataRequest* request);
  TopicInfo remember(const MetadataResponse::MetadataResponseTopic& topic);

  Loop& loop_;
  const ClientConfig config_;
  std::map<std::string, std::shared_ptr<ClientConnection>> connections_;  // shared with their users
  std::map<std::string, std::shared_ptr<Opening>> openings_;  // shared with who waits for them
  std::map<std::string, Absent> absent_;
  std::set<Signal*> pauses_;
  std::optional<std::minstd_rand> random_;  // which few runs need
  std::map<int32_t, BrokerInfo> brokers_;
  std::map<std::string, TopicInfo, std::less<>> topics_;
  int32_t controller_ = -1;
  bool closed_ = false;
  std::string cluster_id_;
};

}  // namespace eventd
