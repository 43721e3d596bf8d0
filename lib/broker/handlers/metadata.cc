// SPDX-License-Identifier: Apache-2.0
// Metadata, DescribeTopicPartitions, DescribeCluster, FindCoordinator: who and where.
#include "lib/wire/messages/metadata.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "lib/base/text.h"
#include "lib/broker/broker.h"
#include "lib/broker/handlers/handlers.h"
#include "lib/broker/handlers/lookup.h"
#include "lib/broker/handlers/reply.h"
#include "lib/wire/messages/find_coordinator.h"

namespace eventd {

namespace {

constexpr int32_t kPartitionsPerAnswer = 2000;
constexpr size_t kTopicsMadeAtOnce = 1000;

struct Endpoint {
  std::string_view host;
  int32_t port = 0;
};

// Where the client can reach us: as configured, else by the address that it used already.
Endpoint endpoint_for(const Request& request) {
  for (const ListenerConfig& listener : request.broker.config().advertised) {
    if (listener.name == request.peer.listener) {
      return {listener.address.host, listener.address.port};
    }
  }
  return {request.peer.local_host, request.peer.local_port};
}

// The bits of Kafka's operation codes that a topic knows: everything is allowed.
int32_t topic_operations() {
  int32_t bits = 0;
  for (int code : {3, 4, 5, 6, 7, 8, 10, 11}) bits |= 1 << code;
  return bits;
}
int32_t cluster_operations() {
  int32_t bits = 0;
  for (int code : {5, 7, 8, 9, 10, 11, 12}) bits |= 1 << code;
  return bits;
}

using TopicAnswer = MetadataResponse::MetadataResponseTopic;

void tell_topic(const Request& request, const TopicImage& topic, TopicAnswer& told) {
  told.name = topic.name;
  told.topic_id = topic.id;
  told.is_internal = is_internal(topic.name);
  for (size_t i = 0; i < topic.partitions.size(); i++) {
    const PartitionImage& partition = topic.partitions[i];
    auto& answer = told.partitions.emplace_back();
    answer.partition_index = static_cast<int32_t>(i);
    answer.leader_id = partition.leader;
    answer.leader_epoch = partition.leader_epoch;
    answer.replica_nodes = partition.replicas;
    answer.isr_nodes = partition.isr;
    if (partition.leader == kNoLeader) {
      answer.error_code = wire_code(Code::leader_not_available);
    }
    for (int32_t replica : partition.replicas) {
      auto broker = request.view.image->brokers.find(replica);
      bool alive = broker != request.view.image->brokers.end() && !broker->second.fenced;
      if (!alive) answer.offline_replicas.push_back(replica);
    }
  }
}

// Topics that are asked for by name, are not there, and may come into being.
Task<void> create_missing(Request& request, const MetadataRequest& body) {
  if (!body.topics || !request.broker.config().auto_create_topics) co_return;
  if (request.version >= 4 && !body.allow_auto_topic_creation) co_return;
  std::vector<NewTopic> missing;
  std::set<std::string_view> seen;
  for (const auto& topic : *body.topics) {
    if (missing.size() == kTopicsMadeAtOnce) break;  // who asks again gets the next ones
    if (!topic.name || !topic.topic_id.is_zero() || !check_topic_name(*topic.name)) continue;
    if (request.view.image->topic(*topic.name) || !seen.insert(*topic.name).second) continue;
    if (!allows(request, Operation::create, *topic.name)) continue;
    missing.push_back({.name = std::string(*topic.name)});
  }
  if (missing.empty()) co_return;
  MetadataDriver::Decide decide = [&](Controller& controller) {
    // Refusals show as topics that are still not there.
    (void)controller.create_topics(missing);
  };
  Result<void> done = co_await request.broker.metadata().change(request.loop, std::move(decide));
  if (done) request.view = request.broker.view(request.loop_index);
}

// Topic ids came in version 10 of the schema, but only from 12 on may a request use them. Neither
// a name nor an id is no topic at all.
bool names_no_topic(const Request& request, const MetadataRequest& body) {
  constexpr int16_t kFirstWithIds = 12;
  if (!body.topics) return false;
  return std::ranges::any_of(*body.topics, [&](const auto& topic) {
    if (request.version >= kFirstWithIds) return !topic.name && topic.topic_id.is_zero();
    return !topic.name || !topic.topic_id.is_zero();
  });
}

MetadataResponse refused_metadata(const MetadataRequest& body, Code code) {
  MetadataResponse response;
  for (const auto& topic : *body.topics) {
    TopicAnswer& told = response.topics.emplace_back();
    told.name = topic.name.value_or("");
    told.topic_id = topic.topic_id;
    told.error_code = wire_code(code);
  }
  return response;
}

void tell_topics(Request& request, const MetadataRequest& body, MetadataResponse& response) {
  const Image& image = *request.view.image;
  bool all = !body.topics || (request.version == 0 && body.topics->empty());
  auto add = [&](const TopicImage& topic) {
    TopicAnswer& told = response.topics.emplace_back();
    tell_topic(request, topic, told);
    if (body.include_topic_authorized_operations) {
      told.topic_authorized_operations = topic_operations();
    }
  };
  if (all) {
    for (const auto& [name, topic] : image.topics->by_name) {
      if (allows(request, Operation::describe, name)) add(*topic);
    }
    return;
  }
  // Each once, as in Kafka: a short name may stand for a long answer.
  std::set<Uuid> told_ids;
  std::set<std::string_view> told_names;
  for (const auto& asked : *body.topics) {
    bool by_id = !asked.topic_id.is_zero();
    TopicPointer topic = by_id ? image.topic(asked.topic_id) : image.topic(*asked.name);
    if (topic && allows(request, Operation::describe, topic->name)) {
      if (told_ids.insert(topic->id).second) add(*topic);
      continue;
    }
    bool is_new = by_id ? told_ids.insert(asked.topic_id).second
                        : told_names.insert(*asked.name).second;
    if (!is_new) continue;
    TopicAnswer& told = response.topics.emplace_back();
    told.topic_id = asked.topic_id;
    if (!by_id) told.name = *asked.name;
    Code code = by_id ? Code::unknown_topic_id : Code::unknown_topic_or_partition;
    if (!by_id && !check_topic_name(*asked.name)) code = Code::invalid_topic_exception;
    if (topic) code = Code::topic_authorization_failed;
    told.error_code = wire_code(code);
    if (body.include_topic_authorized_operations && code == Code::unknown_topic_or_partition) {
      told.topic_authorized_operations = topic_operations();  // as for a topic that is there
    }
  }
}

}  // namespace

Task<Reply> handle_metadata(Request& request) {
  Result<MetadataRequest> body = read_body<MetadataRequest>(request);
  if (!body) {
    Reply refused = refused_body(request, body.error());
    co_return std::move(refused);
  }
  if (names_no_topic(request, *body)) {
    Reply refused = reply_with(request, refused_metadata(*body, Code::invalid_request));
    co_return std::move(refused);
  }
  co_await create_missing(request, *body);
  MetadataResponse response;
  response.cluster_id = request.broker.cluster_id();
  response.controller_id = request.broker.node_id();
  Endpoint self = endpoint_for(request);
  auto& broker = response.brokers.emplace_back();
  broker.node_id = request.broker.node_id();
  broker.host = self.host;
  broker.port = self.port;
  if (request.broker.config().rack) broker.rack = *request.broker.config().rack;
  tell_topics(request, *body, response);
  if (body->include_cluster_authorized_operations) {
    response.cluster_authorized_operations = cluster_operations();
  }
  Reply reply = reply_with(request, response);
  co_return std::move(reply);
}

Task<Reply> handle_describe_cluster(Request& request) {
  Result<DescribeClusterRequest> body = read_body<DescribeClusterRequest>(request);
  if (!body) {
    Reply refused = refused_body(request, body.error());
    co_return std::move(refused);
  }
  DescribeClusterResponse response;
  constexpr int8_t kBrokers = 1;
  if (body->endpoint_type != kBrokers) {
    constexpr int8_t kControllers = 2;
    bool known = body->endpoint_type == kControllers;
    response.error_code =
        wire_code(known ? Code::mismatched_endpoint_type : Code::unsupported_endpoint_type);
    response.error_message = known ? "this is a listener of brokers" : "no such type of endpoint";
    Reply reply = reply_with(request, response);
    co_return std::move(reply);
  }
  response.cluster_id = request.broker.cluster_id();
  response.controller_id = request.broker.node_id();
  Endpoint self = endpoint_for(request);
  auto& broker = response.brokers.emplace_back();
  broker.broker_id = request.broker.node_id();
  broker.host = self.host;
  broker.port = self.port;
  if (request.broker.config().rack) broker.rack = *request.broker.config().rack;
  if (body->include_cluster_authorized_operations) {
    response.cluster_authorized_operations = cluster_operations();
  }
  Reply reply = reply_with(request, response);
  co_return std::move(reply);
}

namespace {

using PartitionsAnswer = DescribeTopicPartitionsResponse::DescribeTopicPartitionsResponseTopic;

// The topics that are asked for, or all, from the cursor's on, each once and in order. Nothing if
// the cursor is none of this list.
std::optional<std::vector<std::string_view>> topics_to_describe(
    const Image& image, const DescribeTopicPartitionsRequest& body) {
  std::set<std::string_view> names;
  for (const auto& topic : body.topics) names.insert(topic.name);
  bool all = names.empty();
  if (all) {
    for (const auto& [name, topic] : image.topics->by_name) names.insert(name);
  }
  if (body.cursor) {
    bool known = all || names.contains(body.cursor->topic_name);
    if (!known || body.cursor->partition_index < 0) return std::nullopt;
    names.erase(names.begin(), names.lower_bound(body.cursor->topic_name));
  }
  return std::vector(names.begin(), names.end());
}

void tell_partition(const PartitionImage& partition, size_t index, PartitionsAnswer& told) {
  auto& answer = told.partitions.emplace_back();
  answer.partition_index = static_cast<int32_t>(index);
  answer.leader_id = partition.leader;
  answer.leader_epoch = partition.leader_epoch;
  answer.replica_nodes = partition.replicas;
  answer.isr_nodes = partition.isr;
  answer.eligible_leader_replicas = partition.eligible_leader_replicas;
  answer.last_known_elr = partition.last_known_elr;
  if (partition.leader == kNoLeader) answer.error_code = wire_code(Code::leader_not_available);
}

}  // namespace

Task<Reply> handle_describe_topic_partitions(Request& request) {
  auto body = read_body<DescribeTopicPartitionsRequest>(request);
  if (!body) {
    Reply refused = refused_body(request, body.error());
    co_return std::move(refused);
  }
  const Image& image = *request.view.image;
  DescribeTopicPartitionsResponse response;
  std::optional<std::vector<std::string_view>> names = topics_to_describe(image, *body);
  if (!names) {
    for (const auto& topic : body->topics) {
      auto& told = response.topics.emplace_back();
      told.name = topic.name;
      told.error_code = wire_code(Code::invalid_request);
    }
    Reply refused = reply_with(request, response);
    co_return std::move(refused);
  }
  int32_t left = std::clamp(body->response_partition_limit, 1, kPartitionsPerAnswer);
  auto stop_at = [&](std::string_view name, size_t partition) {
    auto& cursor = response.next_cursor.emplace();
    cursor.topic_name = name;
    cursor.partition_index = static_cast<int32_t>(partition);
  };
  for (std::string_view name : *names) {
    if (response.next_cursor) break;
    if (left == 0) {
      stop_at(name, 0);
      break;
    }
    auto& told = response.topics.emplace_back();
    told.name = name;
    if (!name.empty()) told.topic_authorized_operations = topic_operations();
    TopicPointer topic = image.topic(name);
    if (!topic || !allows(request, Operation::describe, name)) {
      Code code =
          check_topic_name(name) ? Code::unknown_topic_or_partition : Code::invalid_topic_exception;
      told.error_code = wire_code(code);
      continue;
    }
    told.topic_id = topic->id;
    told.is_internal = is_internal(name);
    bool is_cursor = body->cursor && name == body->cursor->topic_name;
    size_t first = is_cursor ? static_cast<size_t>(body->cursor->partition_index) : 0;
    for (size_t i = first; i < topic->partitions.size(); i++) {
      if (left-- == 0) {
        left = 0;
        stop_at(name, i);
        break;
      }
      tell_partition(topic->partitions[i], i, told);
    }
  }
  Reply reply = reply_with(request, response);
  co_return std::move(reply);
}

namespace {

// "group:topic id:partition".
bool is_share_key(std::string_view key) {
  size_t partition_at = key.rfind(':');
  if (partition_at == std::string_view::npos || partition_at == 0) return false;
  size_t topic_at = key.rfind(':', partition_at - 1);
  if (topic_at == std::string_view::npos || topic_at == 0) return false;
  std::string_view topic = key.substr(topic_at + 1, partition_at - topic_at - 1);
  auto partition = parse_number<int32_t>(key.substr(partition_at + 1));
  return Uuid::parse(topic) && partition && *partition >= 0;
}

}  // namespace

// This node keeps all groups and transactions there will be.
Task<Reply> handle_find_coordinator(Request& request) {
  Result<FindCoordinatorRequest> body = read_body<FindCoordinatorRequest>(request);
  if (!body) {
    Reply refused = refused_body(request, body.error());
    co_return std::move(refused);
  }
  constexpr int8_t kGroup = 0;
  constexpr int8_t kTransaction = 1;
  constexpr int8_t kShare = 2;
  constexpr int16_t kFirstWithShare = 6;
  bool known = body->key_type == kGroup || body->key_type == kTransaction ||
               (body->key_type == kShare && request.version >= kFirstWithShare);
  Endpoint self = endpoint_for(request);
  FindCoordinatorResponse response;
  auto tell = [&](auto& answer, std::string_view key) {
    if (known && (body->key_type != kShare || is_share_key(key))) {
      answer.node_id = request.broker.node_id();
      answer.host = self.host;
      answer.port = self.port;
      return;
    }
    answer.node_id = -1;
    answer.port = -1;
    answer.error_code = wire_code(Code::invalid_request);
    if (!known) answer.error_message = "no such type of key";
  };
  if (request.version < 4) {
    tell(response, body->key);
    if (known) response.error_message = "NONE";  // Kafka's word in these versions
  } else {
    for (std::string_view key : body->coordinator_keys) {
      auto& answer = response.coordinators.emplace_back();
      answer.key = key;
      tell(answer, key);
    }
  }
  Reply reply = reply_with(request, response);
  co_return std::move(reply);
}

}  // namespace eventd
