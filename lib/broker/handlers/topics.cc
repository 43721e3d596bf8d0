// SPDX-License-Identifier: Apache-2.0
// CreateTopics, DeleteTopics, CreatePartitions, DeleteRecords.
#include "lib/wire/messages/topics.h"

#include <algorithm>
#include <map>
#include <utility>

#include "lib/broker/broker.h"
#include "lib/broker/config/topic_config.h"
#include "lib/broker/handlers/handlers.h"
#include "lib/broker/handlers/lookup.h"
#include "lib/broker/handlers/reply.h"

namespace eventd {

namespace {

constexpr auto kWaitMax = std::chrono::minutes(5);

// Decides without changing anything, or changes.
Task<Result<void>> decide(Request& request, bool validate_only, MetadataDriver::Decide action) {
  if (validate_only) {
    Controller controller(*request.view.image, request.broker.metadata().settings());
    action(controller);
    co_return Result<void>{};
  }
  Result<void> done = co_await request.broker.metadata().change(request.loop, std::move(action));
  co_return std::move(done);
}

// Nothing can be done in no time, so Kafka does not begin.
bool is_too_late(int32_t timeout_ms) { return timeout_ms <= 0; }

const ItemError kTooLate{Code::request_timed_out, ""};

void tell_error(Request& request, const ItemError& error, auto& answer) {
  answer.error_code = wire_code(error.code);
  if (error.failed() && !error.message.empty()) answer.error_message = request.keep(error.message);
}

std::vector<NewTopic> new_topics(const CreateTopicsRequest& body) {
  std::vector<NewTopic> topics;
  for (const auto& asked : body.topics) {
    NewTopic& topic = topics.emplace_back();
    topic.name = asked.name;
    topic.partitions = asked.num_partitions;
    topic.replication_factor = asked.replication_factor;
    for (const auto& assignment : asked.assignments) {
      topic.assignments.emplace_back(assignment.partition_index, assignment.broker_ids);
    }
    for (const auto& config : asked.configs) {
      std::optional<std::string> value;
      if (config.value) value = std::string(*config.value);
      topic.configs.emplace_back(std::string(config.name), std::move(value));
    }
  }
  return topics;
}

// Kafka's controller refuses a request that would need more records than this.
constexpr int64_t kRecordsPerRequest = 10'000;

bool is_too_large(const Request& request, const CreateTopicsRequest& body) {
  int64_t records = 0;
  for (const auto& topic : body.topics) {
    auto assigned = static_cast<int64_t>(topic.assignments.size());
    int64_t asked = topic.num_partitions > 0 ? topic.num_partitions
                                             : request.broker.config().num_partitions;
    records += 1 + std::max(assigned, asked) + static_cast<int64_t>(topic.configs.size());
  }
  // One topic that is too large is refused as such.
  return body.topics.size() > 1 && records > kRecordsPerRequest;
}

Reply refuse_too_large(Request& request, const CreateTopicsRequest& body) {
  CreateTopicsResponse response;
  for (const auto& topic : body.topics) {
    auto& told = response.topics.emplace_back();
    told.name = topic.name;
    told.error_code = wire_code(Code::policy_violation);
    told.error_message = "Too much is to be made at once.";
  }
  return reply_with(request, response);
}

// All configs of a topic, as it was created with them.
void tell_configs(Request& request, const CreatedTopic& topic,
                  CreateTopicsResponse::CreatableTopicResult& told) {
  auto& configs = *told.configs;
  for (const ConfigDefinition& definition : topic_configs()) {
    auto own = topic.configs.find(definition.name);
    if (definition.internal && own == topic.configs.end()) continue;
    auto& config = configs.emplace_back();
    config.name = definition.name;
    if (own != topic.configs.end()) {
      config.value = request.keep(own->second);
      config.config_source = static_cast<int8_t>(ConfigSource::dynamic_topic);
      continue;
    }
    // The topic's own configs were looked at: what is left comes from the broker.
    ConfigValue value = resolve_topic_config(definition, *request.view.image,
                                             request.broker.config(), request.broker.node_id(), "")
                            .front();
    config.value = request.keep(std::move(value.value));
    config.config_source = static_cast<int8_t>(value.source);
  }
}

}  // namespace

Task<Reply> handle_create_topics(Request& request) {
  Result<CreateTopicsRequest> body = read_body<CreateTopicsRequest>(request);
  if (!body) {
    Reply refused = refused_body(request, body.error());
    co_return std::move(refused);
  }
  if (is_too_large(request, *body)) {
    Reply refused = refuse_too_large(request, *body);
    co_return std::move(refused);
  }
  std::vector<NewTopic> topics = new_topics(*body);
  std::vector<CreatedTopic> created;
  MetadataDriver::Decide action = [&](Controller& controller) {
    created = controller.create_topics(topics);
  };
  CreateTopicsResponse response;
  if (is_too_late(body->timeout_ms)) {
    for (const NewTopic& topic : topics) created.push_back({topic.name, kTooLate});
    action = [](Controller&) {};
  }
  Result<void> done = co_await decide(request, body->validate_only, std::move(action));
  for (const CreatedTopic& topic : created) {
    auto& told = response.topics.emplace_back();
    told.name = topic.name;
    if (!topic.error.failed() && !done) {
      tell_error(request, {done.error().code, done.error().message}, told);
      continue;
    }
    tell_error(request, topic.error, told);
    told.configs.emplace();
    if (topic.error.failed()) continue;
    told.topic_id = topic.id;
    told.num_partitions = topic.partitions;
    told.replication_factor = topic.replication_factor;
    if (request.version >= 5) tell_configs(request, topic, told);
  }
  Reply reply = reply_with(request, response);
  co_return std::move(reply);
}

Task<Reply> handle_delete_topics(Request& request) {
  Result<DeleteTopicsRequest> body = read_body<DeleteTopicsRequest>(request);
  if (!body) {
    Reply refused = refused_body(request, body.error());
    co_return std::move(refused);
  }
  std::vector<TopicChoice> choices;
  for (std::string_view name : body->topic_names) choices.push_back({std::string(name), {}});
  for (const auto& topic : body->topics) {
    TopicChoice& choice = choices.emplace_back();
    if (topic.name) choice.name = std::string(*topic.name);
    choice.id = topic.topic_id;
  }
  std::vector<DeletedTopic> deleted;
  MetadataDriver::Decide action = [&](Controller& controller) {
    deleted = controller.delete_topics(choices);
  };
  DeleteTopicsResponse response;
  if (is_too_late(body->timeout_ms)) {
    for (const TopicChoice& choice : choices) deleted.push_back({choice.name, choice.id, kTooLate});
    action = [](Controller&) {};
  }
  Result<void> done = co_await decide(request, false, std::move(action));
  for (DeletedTopic& topic : deleted) {
    auto& told = response.responses.emplace_back();
    if (topic.name) told.name = request.keep(*topic.name);
    told.topic_id = topic.id;
    if (!done && !topic.error.failed()) topic.error = {done.error().code, done.error().message};
    tell_error(request, topic.error, told);
  }
  Reply reply = reply_with(request, response);
  co_return std::move(reply);
}

Task<Reply> handle_create_partitions(Request& request) {
  auto body = read_body<CreatePartitionsRequest>(request);
  if (!body) {
    Reply refused = refused_body(request, body.error());
    co_return std::move(refused);
  }
  std::vector<MorePartitions> topics;
  for (const auto& asked : body->topics) {
    MorePartitions& more = topics.emplace_back();
    more.topic = asked.name;
    more.total = asked.count;
    if (!asked.assignments) continue;
    more.assignments.emplace();
    for (const auto& assignment : *asked.assignments) {
      more.assignments->push_back(assignment.broker_ids);
    }
  }
  std::vector<MoreResult> results;
  MetadataDriver::Decide action = [&](Controller& controller) {
    results = controller.create_partitions(topics);
  };
  if (is_too_late(body->timeout_ms)) {
    for (const MorePartitions& more : topics) results.push_back({more.topic, kTooLate});
    action = [](Controller&) {};
  }
  Result<void> done = co_await decide(request, body->validate_only, std::move(action));
  CreatePartitionsResponse response;
  for (MoreResult& result : results) {
    auto& told = response.results.emplace_back();
    told.name = request.keep(result.topic);
    if (!done && !result.error.failed()) {
      result.error = {done.error().code, done.error().message};
    }
    tell_error(request, result.error, told);
  }
  Reply reply = reply_with(request, response);
  co_return std::move(reply);
}

namespace {

using DeleteAnswer = DeleteRecordsResponse::DeleteRecordsPartitionResult;

// Moves the start of one log. -1 is the end as it is now, once the watermark has reached it.
Task<void> delete_before(Request& request, std::string_view topic, int64_t offset, Instant deadline,
                         DeleteAnswer& answer) {
  answer.low_watermark = -1;
  auto refuse = [&](Code code) { answer.error_code = wire_code(code); };
  auto found = find_partition(request, {topic, std::nullopt}, answer.partition_index);
  if (!found) {
    refuse(found.error().code);
    co_return;
  }
  std::shared_ptr<Partition> partition = std::move(*found);
  if (!allows(request, Operation::remove, topic)) {
    refuse(Code::topic_authorization_failed);
    co_return;
  }
  std::shared_ptr<const TopicConfig> config = partition->config();
  if (config->log.compacts && !config->log.deletes) {
    refuse(Code::policy_violation);
    co_return;
  }
  Offset end = partition->log_end();
  if (offset < -1 || offset > end.value) {
    refuse(Code::offset_out_of_range);
    co_return;
  }
  Offset before = offset == -1 ? end : Offset{offset};
  bool reached = co_await request.wait_for(*partition, before, deadline);
  if (!reached) {
    refuse(partition->failed() ? Code::kafka_storage_error : Code::request_timed_out);
    co_return;
  }
  Result<void> deleted = partition->delete_records(before);
  if (!deleted) {
    refuse(deleted.error().code);
    co_return;
  }
  answer.low_watermark = partition->log_start().value;
}

}  // namespace

namespace {

void refuse_all(DeleteRecordsResponse& response, const Error& error) {
  for (auto& topic : response.topics) {
    for (DeleteAnswer& answer : topic.partitions) {
      if (answer.error_code != 0) continue;
      answer.error_code = wire_code(error.code);
      answer.low_watermark = -1;
    }
  }
}

}  // namespace

Task<Reply> handle_delete_records(Request& request) {
  auto body = read_body<DeleteRecordsRequest>(request);
  if (!body) {
    Reply refused = refused_body(request, body.error());
    co_return std::move(refused);
  }
  Duration asked = std::chrono::milliseconds(std::max(0, body->timeout_ms));
  Instant deadline = request.arrived + std::min<Duration>(asked, kWaitMax);
  DeleteRecordsResponse response;
  // As Kafka has it, once a partition: the last offset that is named for it counts.
  std::map<std::string_view, std::map<int32_t, int64_t>> wanted;
  for (const auto& topic : body->topics) {
    for (const auto& asked : topic.partitions) {
      wanted[topic.name][asked.partition_index] = asked.offset;
    }
  }
  for (const auto& [name, partitions] : wanted) {
    auto& told = response.topics.emplace_back();
    told.name = name;
    for (const auto& [index, offset] : partitions) {
      DeleteAnswer answer;
      answer.partition_index = index;
      std::string_view topic = name;
      int64_t before = offset;
      co_await delete_before(request, topic, before, deadline, answer);
      told.partitions.push_back(answer);
    }
  }
  // A kill must not bring back what was told to be gone.
  Result<void> stored = co_await request.broker.checkpoint(request.loop);
  if (!stored) refuse_all(response, stored.error());
  Reply reply = reply_with(request, response);
  co_return std::move(reply);
}

}  // namespace eventd
