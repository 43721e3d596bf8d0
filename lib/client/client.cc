// SPDX-License-Identifier: Apache-2.0
#include "lib/client/client.h"

#include <algorithm>
#include <utility>

#include "lib/base/logger.h"
#include "lib/base/text.h"

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
    case Code::fetch_session_id_not_found:
    case Code::invalid_fetch_session_epoch:
    case Code::fetch_session_topic_id_error:
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
  while (!openings_.empty()) {
    std::shared_ptr<Opening> opening = openings_.extract(openings_.begin()).mapped();
    opening->attempt.end();
  }
  while (!pauses_.empty()) pauses_.extract(pauses_.begin()).value()->notify();
}

uint32_t Client::random() {
  if (!random_) random_.emplace(std::random_device{}());
  return static_cast<uint32_t>((*random_)());
}

Instant Client::retry_at(size_t failures) {
  return loop_.now() + config_.retry_backoff.pause(failures, random());
}

Task<void> Client::pause(size_t failures) {
  Signal closed;
  pauses_.insert(&closed);
  Instant end = retry_at(failures);
  if (!closed_) co_await closed.wait_until(loop_, end);
  pauses_.erase(&closed);
}

Task<Result<std::shared_ptr<ClientConnection>>> Client::connect(Address address, Instant deadline) {
  std::string name = to_string(address);
  while (true) {
    if (closed_) co_return fail(Code::cancelled, "closed");
    if (auto known = connections_.find(name); known != connections_.end()) {
      if (!known->second->failed()) co_return known->second;
      connections_.erase(known);
    }
    auto absent = absent_.find(name);
    if (absent != absent_.end() && loop_.now() < absent->second.call_again) {
      co_return std::unexpected(absent->second.error);
    }
    auto opening = openings_.find(name);
    if (opening == openings_.end()) break;
    // Somebody else is at it. One connection only: requests must not overtake each other.
    std::shared_ptr<Opening> other = opening->second;
    Signal opened;
    other->waiters.insert(&opened);
    bool in_time = co_await opened.wait_until(loop_, deadline);
    other->waiters.erase(&opened);
    if (!in_time) co_return fail(Code::deadline_passed, text("connect to ", name, ": no answer"));
  }
  Result<std::shared_ptr<ClientConnection>> connection =
      co_await open(std::move(address), deadline);
  co_return std::move(connection);
}

Task<Result<std::shared_ptr<ClientConnection>>> Client::open(Address address, Instant deadline) {
  std::string name = to_string(address);
  auto opening = std::make_shared<Opening>();
  openings_[name] = opening;
  Attempt* attempt = &opening->attempt;
  Result<std::shared_ptr<ClientConnection>> opened = co_await ClientConnection::open(
      loop_, std::move(address), config_.client_id, config_.security.get(), deadline, attempt);
  openings_.erase(name);
  if (closed_) {
    if (opened) (*opened)->close();
    opened = fail(Code::cancelled, text("connect to ", name, ": no answer until it was closed"));
  } else if (opened) {
    log_debug("connected to ", name);
    connections_[name] = *opened;
    absent_.erase(name);
  } else {
    Absent& absent = absent_[name];
    absent.error = opened.error();
    absent.call_again = loop_.now() + config_.reconnect_backoff.pause(++absent.failures, random());
  }
  // Each takes itself off.
  while (!opening->waiters.empty())
    opening->waiters.extract(opening->waiters.begin()).value()->notify();
  co_return std::move(opened);
}

Task<Result<std::shared_ptr<ClientConnection>>> Client::any() {
  std::shared_ptr<ClientConnection> best;
  for (auto& [name, connection] : connections_) {
    if (!connection->failed() && (!best || best->throttled())) best = connection;
  }
  if (best) co_return best;
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
    if (closed_) co_return std::move(connection);
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

std::shared_ptr<ClientConnection> Client::connected(int32_t id) const {
  auto found = brokers_.find(id);
  if (found == brokers_.end()) return nullptr;
  auto connection = connections_.find(to_string(found->second.address));
  if (connection == connections_.end() || connection->second->failed()) return nullptr;
  return connection->second;
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

Result<int32_t> Client::leader_of(const TopicPartition& partition) const {
  const TopicInfo* topic = known(partition.topic);
  auto index = static_cast<size_t>(partition.partition);
  if (topic == nullptr || index >= topic->partitions.size()) {
    return fail(Code::unknown_topic_or_partition, text("there is no partition ", partition));
  }
  int32_t leader = topic->partitions[index].leader;
  if (leader < 0) {
    return fail(Code::leader_not_available, text("partition ", partition, " has no leader"));
  }
  return leader;
}

Task<Result<std::shared_ptr<ClientConnection>>> Client::leader(TopicPartition partition) {
  Result<int32_t> id = leader_of(partition);
  if (!id) {
    std::vector<std::string> names{partition.topic};
    Result<std::vector<TopicInfo>> asked = co_await topics(std::move(names));
    if (!asked) co_return pass(asked);
    Code code = asked->empty() ? Code::none : asked->front().error;
    if (known(partition.topic) == nullptr && code != Code::none) {
      co_return fail(code, text("topic ", partition.topic, ": ", name_of(code)));
    }
    id = leader_of(partition);
    if (!id) co_return pass(id);
  }
  int32_t leader = *id;
  Result<std::shared_ptr<ClientConnection>> connection = co_await broker(leader);
  co_return std::move(connection);
}

}  // namespace eventd
