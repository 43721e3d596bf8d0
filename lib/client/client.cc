// SPDX-License-Identifier: Apache-2.0
#include "lib/client/client.h"

#include <algorithm>
#include <set>
#include <utility>

#include "lib/base/logger.h"
#include "lib/base/text.h"
#include "lib/wire/messages/list_offsets.h"

namespace eventd {

void append_text(std::string& out, const TopicPartition& name) {
  out += text(name.topic, "-", name.partition);
}

Remedy remedy_for(Code code) {
  switch (code) {
    case Code::none:
      return Remedy::none;
    case Code::corrupt_message:
    case Code::request_timed_out:
    case Code::not_enough_replicas:
    case Code::not_enough_replicas_after_append:
    case Code::coordinator_load_in_progress:
    case Code::throttling_quota_exceeded:
    case Code::offset_not_available:
      return Remedy::retry;
    case Code::unknown_topic_or_partition:
    case Code::unknown_topic_id:
    case Code::leader_not_available:
    case Code::not_leader_or_follower:
    case Code::broker_not_available:
    case Code::replica_not_available:
    case Code::network_exception:
    case Code::kafka_storage_error:
    case Code::fenced_leader_epoch:
    case Code::unknown_leader_epoch:
    case Code::listener_not_found:
    case Code::inconsistent_topic_id:
    case Code::connection_closed:
    case Code::connection_failed:
    case Code::deadline_passed:
      return Remedy::refresh_and_retry;
    default:
      return Remedy::give_up;
  }
}

Client::~Client() { close(); }

void Client::close() {
  closed_ = true;
  for (auto& [name, connection] : connections_) connection->close();
}

Task<Result<std::shared_ptr<ClientConnection>>> Client::connect(Address address, Instant deadline) {
  if (closed_) co_return fail(Code::cancelled, "closed");
  std::string name = to_string(address);
  if (auto known = connections_.find(name); known != connections_.end()) {
    if (!known->second->failed()) co_return known->second;
    connections_.erase(known);
  }
  Result<std::shared_ptr<ClientConnection>> opened = co_await ClientConnection::open(
      loop_, std::move(address), config_.client_id, config_.security.get(), deadline);
  if (!opened) co_return std::move(opened);
  if (closed_) {
    (*opened)->close();
    co_return fail(Code::cancelled, "closed");
  }
  std::shared_ptr<ClientConnection>& known = connections_[name];
  if (known && !known->failed()) {
    // Somebody else was faster. One connection only: requests must not overtake each other.
    (*opened)->close();
    co_return known;
  }
  log_debug("connected to ", name);
  known = *opened;
  co_return std::move(opened);
}

Task<Result<std::shared_ptr<ClientConnection>>> Client::any() {
  for (auto& [name, connection] : connections_) {
    if (!connection->failed()) co_return connection;
  }
  std::vector<Address> candidates = config_.brokers;
  for (const auto& [id, broker] : brokers_) {
    bool there = std::ranges::find(candidates, broker.address) != candidates.end();
    if (!there) candidates.push_back(broker.address);
  }
  Error last{Code::connection_failed, "there is no broker to ask", 0};
  Instant give_up = loop_.now() + config_.connect_timeout;
  for (size_t i = 0; i < candidates.size(); i++) {
    // A silent one must not use up the time of those behind it.
    Instant now = loop_.now();
    Instant deadline = now + (give_up - now) / static_cast<int64_t>(candidates.size() - i);
    Address address = candidates[i];
    Result<std::shared_ptr<ClientConnection>> connection =
        co_await connect(std::move(address), deadline);
    if (connection) co_return std::move(connection);
    last = std::move(connection.error());
  }
  // Who is there and does not accept us is not tried again.
  if (last.code != Code::sasl_authentication_failed) last.code = Code::connection_failed;
  if (candidates.size() > 1) {
    last.message =
        text("none of ", candidates.size(), " brokers answers; the last: ", last.message);
  }
  co_return std::unexpected(std::move(last));
}

Task<Result<std::shared_ptr<ClientConnection>>> Client::broker(int32_t id) {
  auto found = brokers_.find(id);
  if (found == brokers_.end()) {
    co_return fail(Code::broker_not_available, text("broker ", id, " is not known"));
  }
  Address address = found->second.address;
  Instant deadline = loop_.now() + config_.connect_timeout;
  Result<std::shared_ptr<ClientConnection>> connection =
      co_await connect(std::move(address), deadline);
  co_return std::move(connection);
}

Task<Result<std::shared_ptr<ClientConnection>>> Client::controller_or_any() {
  Result<void> asked = co_await learn_brokers();
  if (!asked) co_return pass(asked);
  Result<std::shared_ptr<ClientConnection>> connection = co_await broker(controller_);
  if (connection) co_return std::move(connection);
  connection = co_await any();
  co_return std::move(connection);
}

Task<Result<void>> Client::learn_brokers() {
  MetadataRequest request;
  request.allow_auto_topic_creation = false;
  request.topics.emplace();
  Result<std::vector<TopicInfo>> none = co_await metadata(&request);
  if (!none) co_return pass(none);
  co_return Result<void>{};
}

Task<Result<std::vector<TopicInfo>>> Client::topics(std::vector<std::string> names) {
  MetadataRequest request;
  request.allow_auto_topic_creation = false;
  if (!names.empty()) {
    request.topics.emplace();
    for (const std::string& name : names) request.topics->emplace_back().name = name;
  }
  Result<std::vector<TopicInfo>> found = co_await metadata(&request);
  if (found && config_.on_topics) config_.on_topics(*found, names.empty());
  co_return std::move(found);
}

Task<Result<std::vector<TopicInfo>>> Client::metadata(const MetadataRequest* request) {
  Result<std::shared_ptr<ClientConnection>> connection = co_await any();
  if (!connection) co_return pass(connection);
  Instant deadline = request_deadline();
  auto answer = co_await (*connection)->ask(*request, deadline);
  if (!answer) co_return pass(answer);
  const MetadataResponse& response = answer->message;
  brokers_.clear();
  for (const auto& broker : response.brokers) {
    BrokerInfo& info = brokers_[broker.node_id];
    info.address = {std::string(broker.host), static_cast<uint16_t>(broker.port), false};
    // A broker behind a unix socket tells no address that could be dialled.
    if ((*connection)->address().is_unix) info.address = (*connection)->address();
    if (broker.rack) info.rack = std::string(*broker.rack);
  }
  controller_ = response.controller_id;
  cluster_id_ = std::string(response.cluster_id.value_or(""));
  std::vector<TopicInfo> found;
  for (const auto& topic : response.topics) found.push_back(remember(topic));
  co_return std::move(found);
}

TopicInfo Client::remember(const MetadataResponse::MetadataResponseTopic& topic) {
  TopicInfo info;
  info.name = std::string(topic.name.value_or(""));
  info.id = topic.topic_id;
  info.internal = topic.is_internal;
  info.error = Code{topic.error_code};
  info.partitions.resize(topic.partitions.size());
  for (const auto& partition : topic.partitions) {
    auto index = static_cast<size_t>(partition.partition_index);
    // Partitions come in any order, and are numbered without gaps.
    if (partition.partition_index < 0 || index >= topic.partitions.size()) continue;
    PartitionInfo& told = info.partitions[index];
    told.leader = partition.leader_id;
    told.leader_epoch = partition.leader_epoch;
    told.replicas = partition.replica_nodes;
    told.isr = partition.isr_nodes;
  }
  if (info.error == Code::none) {
    topics_[info.name] = info;
  } else {
    topics_.erase(info.name);
  }
  return info;
}

const TopicInfo* Client::known(std::string_view topic) const {
  auto found = topics_.find(topic);
  return found == topics_.end() ? nullptr : &found->second;
}

Task<Result<std::shared_ptr<ClientConnection>>> Client::leader(TopicPartition partition) {
  const TopicInfo* topic = known(partition.topic);
  auto index = static_cast<size_t>(partition.partition);
  if (topic == nullptr || index >= topic->partitions.size() ||
      topic->partitions[index].leader < 0) {
    std::vector<std::string> names{partition.topic};
    Result<std::vector<TopicInfo>> asked = co_await topics(std::move(names));
    if (!asked) co_return pass(asked);
    topic = known(partition.topic);
    Code code = asked->empty() ? Code::none : asked->front().error;
    if (topic == nullptr && code != Code::none) {
      co_return fail(code, text("topic ", partition.topic, ": ", name_of(code)));
    }
  }
  if (topic == nullptr || index >= topic->partitions.size()) {
    co_return fail(Code::unknown_topic_or_partition, text("there is no partition ", partition));
  }
  int32_t leader = topic->partitions[index].leader;
  if (leader < 0) {
    co_return fail(Code::leader_not_available, text("partition ", partition, " has no leader"));
  }
  Result<std::shared_ptr<ClientConnection>> connection = co_await broker(leader);
  co_return std::move(connection);
}

Task<Result<std::map<TopicPartition, int64_t>>> Client::offsets(
    std::vector<std::pair<TopicPartition, int64_t>> wanted, bool committed_only) {
  std::map<TopicPartition, int64_t> found;
  Instant give_up = loop_.now() + config_.request_timeout;
  while (!wanted.empty()) {
    // One request for each leader; what fails for now is asked again.
    std::map<int32_t, std::vector<std::pair<TopicPartition, int64_t>>> by_leader;
    std::vector<std::pair<TopicPartition, int64_t>> again;
    Error last{Code::request_timed_out, "no leader answered", 0};
    for (auto& [partition, timestamp] : wanted) {
      Result<std::shared_ptr<ClientConnection>> leads = co_await leader(partition);
      if (!leads) {
        last = leads.error();
        if (remedy_for(last.code) == Remedy::give_up || last.code == Code::connection_failed ||
            last.code == Code::unknown_topic_or_partition) {
          co_return std::unexpected(last);
        }
        again.emplace_back(partition, timestamp);
        continue;
      }
      int32_t id =
          known(partition.topic)->partitions[static_cast<size_t>(partition.partition)].leader;
      by_leader[id].emplace_back(partition, timestamp);
    }
    for (auto& [id, asks] : by_leader) {
      ListOffsetsRequest request;
      request.replica_id = -1;
      request.isolation_level = committed_only ? 1 : 0;
      std::map<std::string_view, size_t> places;
      for (const auto& [partition, timestamp] : asks) {
        auto [place, is_new] = places.emplace(partition.topic, request.topics.size());
        if (is_new) request.topics.emplace_back().name = partition.topic;
        auto& asked = request.topics[place->second].partitions.emplace_back();
        asked.partition_index = partition.partition;
        asked.timestamp = timestamp;
      }
      Result<std::shared_ptr<ClientConnection>> connection = co_await broker(id);
      if (!connection) co_return pass(connection);
      Instant deadline = request_deadline();
      auto answer = co_await (*connection)->ask(request, deadline);
      if (!answer) co_return pass(answer);
      for (const auto& topic : answer->message.topics) {
        for (const auto& told : topic.partitions) {
          TopicPartition name{std::string(topic.name), told.partition_index};
          Code code{told.error_code};
          if (code == Code::none) {
            found[name] = told.offset;
            continue;
          }
          last = {code, text("offsets of ", name, ": ", name_of(code)), 0};
          if (remedy_for(code) == Remedy::give_up) co_return std::unexpected(last);
          auto ask = std::ranges::find_if(asks, [&](const auto& a) { return a.first == name; });
          if (ask != asks.end()) again.push_back(*ask);
        }
      }
    }
    if (again.empty()) break;
    if (loop_.now() >= give_up) co_return std::unexpected(last);
    for (const auto& [partition, timestamp] : again) forget(partition.topic);
    Instant next = loop_.now() + config_.retry_backoff;
    co_await sleep_until(loop_, next);
    wanted = std::move(again);
  }
  co_return std::move(found);
}

}  // namespace eventd
