// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/admin_run.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "lib/base/text.h"
#include "lib/cli/output.h"

namespace eventd {

namespace {

constexpr const char* kTool = "event-admin";
constexpr int32_t kRequestTimeoutMs = 30'000;
constexpr int64_t kStart = -2;
constexpr int64_t kEnd = -1;
constexpr int8_t kTopicResource = 2;

std::pair<std::string_view, std::string_view> key_and_value(std::string_view config) {
  size_t equals = config.find('=');
  return {config.substr(0, equals), config.substr(equals + 1)};
}

}  // namespace

Task<int> AdminRun::run() {
  int status = kExitUsage;
  switch (options_.verb) {
    case AdminVerb::topic_list:
      status = co_await list_topics();
      break;
    case AdminVerb::topic_describe:
      status = co_await describe_topics();
      break;
    case AdminVerb::topic_offsets:
      status = co_await topic_offsets();
      break;
    case AdminVerb::topic_create:
      status = co_await create_topics();
      break;
    case AdminVerb::topic_delete:
      status = co_await delete_topics();
      break;
    case AdminVerb::cluster:
      status = co_await describe_cluster();
      break;
  }
  co_return status;
}

// Changes are the controller's: newer clusters pass them on, older ones do not.
template <class Request>
Task<Result<Answer<typename Request::Response>>> AdminRun::change(const Request* request) {
  Result<std::shared_ptr<ClientConnection>> connection = co_await client_.controller_or_any();
  if (!connection) co_return pass(connection);
  Instant deadline = client_.request_deadline() + std::chrono::milliseconds(kRequestTimeoutMs);
  auto answer = co_await (*connection)->ask(*request, deadline);
  co_return std::move(answer);
}

int AdminRun::print(const Table& table, int status) const {
  Output output(STDOUT_FILENO);
  table.print(output.buffer());
  Result<void> written = output.flush();
  if (written) return status;
  complain(kTool, written.error().message);
  return worse_exit(status, kExitLost);
}

// The topics that were named, or all; those that are missing are named on stderr.
Task<Result<std::vector<TopicInfo>>> AdminRun::find_topics() {
  std::vector<std::string> names = options_.topics;
  Result<std::vector<TopicInfo>> topics = co_await client_.topics(std::move(names));
  if (!topics) co_return pass(topics);
  std::vector<TopicInfo> found;
  for (TopicInfo& topic : *topics) {
    if (topic.error != Code::none) {
      Error error{topic.error, text("topic ", printable(topic.name), ": ", name_of(topic.error)),
                  0};
      missing_ = worse_exit(missing_, complain(kTool, error));
    } else if (options_.all || !topic.internal || !options_.topics.empty()) {
      found.push_back(std::move(topic));
    }
  }
  std::ranges::sort(found, {}, &TopicInfo::name);
  co_return std::move(found);
}

Task<int> AdminRun::list_topics() {
  Result<std::vector<TopicInfo>> topics = co_await find_topics();
  if (!topics) co_return complain(kTool, topics.error());
  if (!options_.json) {
    Output output(STDOUT_FILENO);
    for (const TopicInfo& topic : *topics) output.buffer() += text(topic.name, "\n");
    Result<void> written = output.flush();
    if (written) co_return missing_;
    co_return complain(kTool, written.error());
  }
  Table table({"topic", "partitions", "replication_factor", "internal"}, true);
  for (const TopicInfo& topic : *topics) {
    size_t factor = topic.partitions.empty() ? 0 : topic.partitions.front().replicas.size();
    table.add({json_text(topic.name), std::to_string(topic.partitions.size()),
               std::to_string(factor), topic.internal ? "true" : "false"});
  }
  co_return print(table, missing_);
}

// Of the partitions that have a leader.
Task<Result<AdminRun::Offsets>> AdminRun::offsets_at(const std::vector<TopicInfo>* topics,
                                                     int64_t question) {
  std::vector<std::pair<TopicPartition, int64_t>> wanted;
  for (const TopicInfo& topic : *topics) {
    for (size_t i = 0; i < topic.partitions.size(); i++) {
      if (topic.partitions[i].leader < 0) continue;
      wanted.emplace_back(TopicPartition{topic.name, static_cast<int32_t>(i)}, question);
    }
  }
  Result<Offsets> offsets = co_await client_.offsets(std::move(wanted), true);
  co_return std::move(offsets);
}

Task<int> AdminRun::describe_topics() {
  Result<std::vector<TopicInfo>> topics = co_await find_topics();
  if (!topics) co_return complain(kTool, topics.error());
  const std::vector<TopicInfo>* all = &*topics;
  Result<Offsets> starts = co_await offsets_at(all, kStart);
  if (!starts) co_return complain(kTool, starts.error());
  Result<Offsets> ends = co_await offsets_at(all, kEnd);
  if (!ends) co_return complain(kTool, ends.error());
  Table table({"topic", "partition", "leader", "epoch", "replicas", "isr", "start", "end"},
              options_.json);
  for (const TopicInfo& topic : *topics) {
    for (size_t i = 0; i < topic.partitions.size(); i++) {
      const PartitionInfo& partition = topic.partitions[i];
      auto offset = [&](const Offsets& offsets) {
        auto known = offsets.find({topic.name, static_cast<int32_t>(i)});
        return known == offsets.end() ? std::string("null") : std::to_string(known->second);
      };
      table.add({json_text(topic.name), std::to_string(i), std::to_string(partition.leader),
                 std::to_string(partition.leader_epoch), json_list(partition.replicas),
                 json_list(partition.isr), offset(*starts), offset(*ends)});
    }
  }
  co_return print(table, missing_);
}

Task<int> AdminRun::topic_offsets() {
  Result<std::vector<TopicInfo>> topics = co_await find_topics();
  if (!topics) co_return complain(kTool, topics.error());
  const std::vector<TopicInfo>* all = &*topics;
  Result<Offsets> starts = co_await offsets_at(all, kStart);
  if (!starts) co_return complain(kTool, starts.error());
  Result<Offsets> ends = co_await offsets_at(all, kEnd);
  if (!ends) co_return complain(kTool, ends.error());
  Offsets at_time;
  if (at_.kind == Position::Kind::time) {
    int64_t time = std::max<int64_t>(0, at_.number);
    Result<Offsets> answers = co_await offsets_at(all, time);
    if (!answers) co_return complain(kTool, answers.error());
    at_time = std::move(*answers);
  }
  Table table({"topic", "partition", "offset"}, options_.json);
  for (const auto& [name, end] : *ends) {
    int64_t start = (*starts)[name];
    int64_t offset = at_.number;
    // The number is no more than the log is long, or the end would be passed.
    if (at_.kind == Position::Kind::start) offset = start + std::min(at_.number, end - start);
    if (at_.kind == Position::Kind::end) offset = end - at_.number;
    if (at_.kind == Position::Kind::time) offset = at_time[name] < 0 ? end : at_time[name];
    table.add({json_text(name.topic), std::to_string(name.partition),
               std::to_string(std::clamp(offset, start, std::max(start, end)))});
  }
  co_return print(table, missing_);
}

// For scripts all of it, for people what failed; the plan where nothing was done.
int AdminRun::print_changes(const std::vector<Change>& changes, bool even_if_plain) const {
  int status = 0;
  std::vector<std::string> columns{"topic", "status", "error", "message"};
  if (options_.if_not_exists) columns.emplace_back("differs");
  Table table(std::move(columns), options_.json);
  for (const Change& change : changes) {
    if (change.error != Code::none) {
      complain(kTool, text("topic ", printable(change.topic), ": ", name_of(change.error),
                           change.message.empty() ? "" : ": ", printable(change.message)));
      status = worse_exit(status, exit_for({change.error, "", 0}));
    }
    if (!change.differs.empty()) {
      complain(kTool, text("topic ", change.topic, " is there, and differs: ", change.differs));
    }
    std::vector<std::string> row{
        json_text(change.topic), json_text(change.status),
        change.error == Code::none ? "null" : json_text(name_of(change.error)),
        change.message.empty() ? "null" : json_text(change.message)};
    if (options_.if_not_exists) row.push_back(change.differs.empty() ? "{}" : change.differs);
    table.add(std::move(row));
  }
  return options_.json || even_if_plain ? print(table, status) : status;
}

CreateTopicsRequest AdminRun::create_request() const {
  CreateTopicsRequest request;
  request.timeout_ms = kRequestTimeoutMs;
  request.validate_only = options_.dry_run;
  for (const std::string& name : options_.topics) {
    auto& topic = request.topics.emplace_back();
    topic.name = name;
    topic.num_partitions = options_.partitions;
    topic.replication_factor = options_.replication_factor;
    for (const std::string& config : options_.configs) {
      auto [key, value] = key_and_value(config);
      auto& told = topic.configs.emplace_back();
      told.name = key;
      told.value = value;
    }
  }
  return request;
}

Task<int> AdminRun::create_topics() {
  CreateTopicsRequest request = create_request();
  const CreateTopicsRequest* asked = &request;
  auto answer = co_await change(asked);
  if (!answer) co_return complain(kTool, answer.error());
  std::vector<Change> changes;
  for (const auto& topic : answer->message.topics) {
    Change& change = changes.emplace_back();
    change.topic = std::string(topic.name);
    change.error = Code{topic.error_code};
    if (topic.error_message) change.message = std::string(*topic.error_message);
    if (change.error != Code::none) change.status = "failed";
    if (change.error == Code::none && options_.dry_run) change.status = "planned";
  }
  for (Change& one : changes) {
    if (one.error != Code::topic_already_exists || !options_.if_not_exists) continue;
    one = {one.topic, "unchanged", Code::none, "", ""};
    Change* there = &one;
    Result<void> compared = co_await compare(there);
    if (!compared) co_return complain(kTool, compared.error());
  }
  co_return print_changes(changes, options_.dry_run);
}

// Says of a topic that is there already in what it is not what was wanted.
Task<Result<void>> AdminRun::compare(Change* change) {
  std::vector<std::string> names{change->topic};
  Result<std::vector<TopicInfo>> found = co_await client_.topics(std::move(names));
  if (!found) co_return pass(found);
  auto differs = [&](std::string_view key, const std::string& is, const std::string& wanted) {
    if (is == wanted) return;
    change->differs +=
        text(change->differs.empty() ? "{" : ",", json_text(key), ":[", is, ",", wanted, "]");
  };
  if (!found->empty() && !found->front().partitions.empty()) {
    const TopicInfo& topic = found->front();
    if (options_.partitions >= 0) {
      differs("partitions", std::to_string(topic.partitions.size()),
              std::to_string(options_.partitions));
    }
    if (options_.replication_factor >= 0) {
      differs("replication_factor", std::to_string(topic.partitions.front().replicas.size()),
              std::to_string(options_.replication_factor));
    }
  }
  DescribeConfigsRequest request;
  auto& resource = request.resources.emplace_back();
  resource.resource_type = kTopicResource;
  resource.resource_name = change->topic;
  resource.configuration_keys.emplace();
  for (const std::string& config : options_.configs) {
    resource.configuration_keys->push_back(key_and_value(config).first);
  }
  if (!resource.configuration_keys->empty()) {
    const DescribeConfigsRequest* asked = &request;
    auto answer = co_await this->change(asked);
    if (!answer) co_return pass(answer);
    std::map<std::string_view, std::string_view> is;
    for (const auto& result : answer->message.results) {
      for (const auto& config : result.configs) is[config.name] = config.value.value_or("");
    }
    for (const std::string& config : options_.configs) {
      auto [key, value] = key_and_value(config);
      differs(key, is.contains(key) ? json_text(is[key]) : "null", json_text(value));
    }
  }
  if (!change->differs.empty()) change->differs += '}';
  co_return Result<void>{};
}

Task<int> AdminRun::delete_topics() {
  std::vector<Change> changes;
  if (!options_.yes || options_.dry_run) {
    Result<std::vector<TopicInfo>> topics = co_await find_topics();
    if (!topics) co_return complain(kTool, topics.error());
    for (const TopicInfo& topic : *topics) {
      changes.push_back({topic.name, "planned", Code::none, "", ""});
    }
    int status = print_changes(changes, true);
    if (options_.dry_run) co_return worse_exit(status, missing_);
    complain(kTool, text(changes.size(), " topics would be deleted; --yes does it"));
    co_return kExitUsage;
  }
  // Newer versions take structures, older ones names.
  constexpr int16_t kFirstWithStructures = 6;
  Result<std::shared_ptr<ClientConnection>> connection = co_await client_.controller_or_any();
  if (!connection) co_return complain(kTool, connection.error());
  int16_t version = (*connection)->version_of(DeleteTopicsRequest::api).value_or(0);
  DeleteTopicsRequest request;
  request.timeout_ms = kRequestTimeoutMs;
  for (const std::string& name : options_.topics) {
    if (version >= kFirstWithStructures) {
      request.topics.emplace_back().name = name;
    } else {
      request.topic_names.push_back(name);
    }
  }
  const DeleteTopicsRequest* asked = &request;
  auto answer = co_await change(asked);
  if (!answer) co_return complain(kTool, answer.error());
  for (const auto& topic : answer->message.responses) {
    Change& change = changes.emplace_back();
    change.topic = std::string(topic.name.value_or(""));
    change.error = Code{topic.error_code};
    if (topic.error_message) change.message = std::string(*topic.error_message);
    if (change.error != Code::none) change.status = "failed";
  }
  co_return print_changes(changes, false);
}

Task<int> AdminRun::describe_cluster() {
  Result<void> asked = co_await client_.learn_brokers();
  if (!asked) co_return complain(kTool, asked.error());
  Table table({"cluster", "broker", "host", "port", "rack", "controller"}, options_.json);
  for (const auto& [id, broker] : client_.brokers()) {
    table.add({json_text(client_.cluster_id()), std::to_string(id), json_text(broker.address.host),
               std::to_string(broker.address.port), broker.rack ? json_text(*broker.rack) : "null",
               id == client_.controller() ? "true" : "false"});
  }
  co_return print(table, 0);
}

}  // namespace eventd
