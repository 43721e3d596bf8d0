// SPDX-License-Identifier: Apache-2.0
// DescribeConfigs, AlterConfigs, IncrementalAlterConfigs, ListConfigResources, DescribeLogDirs.
#include "lib/wire/messages/configs.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "lib/base/text.h"
#include "lib/broker/broker.h"
#include "lib/broker/config/alter.h"
#include "lib/broker/config/described.h"
#include "lib/broker/handlers/handlers.h"
#include "lib/broker/handlers/reply.h"
#include "lib/wire/messages/log_dirs.h"

namespace eventd {

namespace {

using DescribeResult = DescribeConfigsResponse::DescribeConfigsResult;
using DescribedAnswer = DescribeConfigsResponse::DescribeConfigsResourceResult;

// With the image that a change is decided on, which may be newer than the request's.
ConfigWorld world_of(const Request& request, const Image& image) {
  return {image, request.broker.config(), request.broker.node_id()};
}

std::optional<std::string_view> keep(Request& request, std::optional<std::string> text) {
  if (!text) return std::nullopt;
  return request.keep(std::move(*text));
}

void tell(Request& request, DescribedConfig config, const DescribeConfigsRequest& body,
          DescribedAnswer& told) {
  told.name = request.keep(std::move(config.name));
  told.value = keep(request, std::move(config.value));
  told.read_only = config.read_only;
  told.config_source = static_cast<int8_t>(config.source);
  told.is_sensitive = config.sensitive;
  told.config_type = static_cast<int8_t>(config.type);
  if (body.include_documentation) told.documentation = config.documentation;
  if (config.source == ConfigSource::dynamic_logger) told.documentation = "";  // as Kafka has it
  if (!body.include_synonyms) return;
  for (ConfigValue& value : config.synonyms) {
    auto& synonym = told.synonyms.emplace_back();
    synonym.name = request.keep(std::move(value.name));
    if (!config.sensitive) synonym.value = request.keep(std::move(value.value));
    synonym.source = static_cast<int8_t>(value.source);
  }
}

void describe(Request& request, const DescribeConfigsRequest& body,
              const DescribeConfigsRequest::DescribeConfigsResource& resource,
              DescribeResult& told) {
  auto type = static_cast<ConfigResource>(resource.resource_type);
  ConfigWorld world = world_of(request, *request.view.image);
  Result<void> there = check_resource(world.image, world.node_id, type, resource.resource_name);
  if (!there) {
    told.error_code = wire_code(there.error().code);
    // Kafka has nothing to say about a topic that is not there.
    bool silent = there.error().code == Code::unknown_topic_or_partition;
    if (!silent) told.error_message = request.keep(there.error().message);
    return;
  }
  const auto& keys = resource.configuration_keys;
  for (DescribedConfig& config : describe_configs(world, type, resource.resource_name)) {
    bool wanted = !keys || keys->empty() || std::ranges::find(*keys, config.name) != keys->end();
    if (wanted) tell(request, std::move(config), body, told.configs.emplace_back());
  }
}

using Resource = std::pair<ConfigResource, std::string>;

// One resource of either request.
struct Alteration {
  Resource resource;
  std::vector<ConfigChange> changes;
  bool replaces = false;
  ItemError error;
};

void refuse(Alteration& alteration, const Error& error) {
  alteration.error = {error.code, error.message};
}

void alter_loggers(const Request& request, Alteration& alteration, bool validate_only) {
  constexpr auto kType = ConfigResource::broker_logger;
  Result<void> done = check_resource(*request.view.image, request.broker.node_id(), kType,
                                     alteration.resource.second);
  if (done && alteration.replaces) {
    done = fail(Code::invalid_request, "levels of loggers are altered one by one");
  }
  if (done) done = set_log_levels(alteration.changes, validate_only);
  if (!done) refuse(alteration, done.error());
}

void alter_all(const ConfigWorld& world, std::vector<Alteration>& alterations,
               Controller& controller) {
  for (Alteration& alteration : alterations) {
    const auto& [type, name] = alteration.resource;
    if (alteration.error.failed() || type == ConfigResource::broker_logger) continue;
    Result<ConfigChanges> changes = alteration.replaces
                                        ? replace_configs(world, type, name, alteration.changes)
                                        : alter_configs(world, type, name, alteration.changes);
    if (changes) {
      controller.set_configs(type, name, *changes);
    } else {
      refuse(alteration, changes.error());
    }
  }
}

Task<void> alter(Request& request, bool validate_only, std::vector<Alteration>& alterations) {
  std::map<Resource, int> times;
  for (const Alteration& alteration : alterations) times[alteration.resource]++;
  bool stores = false;
  for (Alteration& alteration : alterations) {
    if (times[alteration.resource] > 1) {
      refuse(alteration, {Code::invalid_request, "the resource is named twice", 0});
    } else if (alteration.resource.first == ConfigResource::broker_logger) {
      alter_loggers(request, alteration, validate_only);
    } else {
      stores = true;
    }
  }
  if (!stores) co_return;
  if (validate_only) {
    Controller controller(*request.view.image, request.broker.metadata().settings());
    alter_all(world_of(request, *request.view.image), alterations, controller);
    co_return;
  }
  MetadataDriver::Decide decide = [&](Controller& controller) {
    alter_all(world_of(request, controller.image()), alterations, controller);
  };
  Result<void> done = co_await request.broker.metadata().change(request.loop, std::move(decide));
  if (done) co_return;
  for (Alteration& alteration : alterations) {
    if (!alteration.error.failed()) refuse(alteration, done.error());
  }
}

template <class Response>
Reply tell_alterations(Request& request, const std::vector<Alteration>& alterations) {
  Response response;
  for (const Alteration& alteration : alterations) {
    auto& told = response.responses.emplace_back();
    told.resource_type = static_cast<int8_t>(alteration.resource.first);
    told.resource_name = request.keep(alteration.resource.second);
    told.error_code = wire_code(alteration.error.code);
    if (alteration.error.failed()) told.error_message = request.keep(alteration.error.message);
  }
  return reply_with(request, response);
}

ConfigChange change_of(std::string_view name, std::optional<std::string_view> value,
                       int8_t operation) {
  ConfigChange change{std::string(name), static_cast<AlterOperation>(operation), std::nullopt};
  if (value) change.value = std::string(*value);
  return change;
}

}  // namespace

Task<Reply> handle_describe_configs(Request& request) {
  auto body = read_body<DescribeConfigsRequest>(request);
  if (!body) {
    Reply refused = refused_body(request, body.error());
    co_return std::move(refused);
  }
  DescribeConfigsResponse response;
  // Each once: a few bytes of a question may stand for kilobytes.
  std::set<std::pair<int8_t, std::string_view>> seen;
  for (const auto& resource : body->resources) {
    if (!seen.emplace(resource.resource_type, resource.resource_name).second) continue;
    DescribeResult& told = response.results.emplace_back();
    told.resource_type = resource.resource_type;
    told.resource_name = resource.resource_name;
    describe(request, *body, resource, told);
  }
  Reply reply = reply_with(request, response);
  co_return std::move(reply);
}

Task<Reply> handle_alter_configs(Request& request) {
  auto body = read_body<AlterConfigsRequest>(request);
  if (!body) {
    Reply refused = refused_body(request, body.error());
    co_return std::move(refused);
  }
  std::vector<Alteration> alterations;
  for (const auto& resource : body->resources) {
    Alteration& alteration = alterations.emplace_back();
    alteration.resource = {static_cast<ConfigResource>(resource.resource_type),
                           std::string(resource.resource_name)};
    alteration.replaces = true;
    for (const auto& config : resource.configs) {
      alteration.changes.push_back(change_of(config.name, config.value, 0));
    }
  }
  co_await alter(request, body->validate_only, alterations);
  Reply reply = tell_alterations<AlterConfigsResponse>(request, alterations);
  co_return std::move(reply);
}

Task<Reply> handle_incremental_alter_configs(Request& request) {
  auto body = read_body<IncrementalAlterConfigsRequest>(request);
  if (!body) {
    Reply refused = refused_body(request, body.error());
    co_return std::move(refused);
  }
  std::vector<Alteration> alterations;
  for (const auto& resource : body->resources) {
    Alteration& alteration = alterations.emplace_back();
    alteration.resource = {static_cast<ConfigResource>(resource.resource_type),
                           std::string(resource.resource_name)};
    for (const auto& config : resource.configs) {
      alteration.changes.push_back(change_of(config.name, config.value, config.config_operation));
    }
  }
  co_await alter(request, body->validate_only, alterations);
  Reply reply = tell_alterations<IncrementalAlterConfigsResponse>(request, alterations);
  co_return std::move(reply);
}

Task<Reply> handle_list_config_resources(Request& request) {
  auto body = read_body<ListConfigResourcesRequest>(request);
  if (!body) {
    Reply refused = refused_body(request, body.error());
    co_return std::move(refused);
  }
  ListConfigResourcesResponse response;
  auto add = [&](ConfigResource type, std::string_view name) {
    auto& told = response.config_resources.emplace_back();
    told.resource_type = static_cast<int8_t>(type);
    told.resource_name = request.keep(std::string(name));
  };
  auto wants = [&](ConfigResource type) {
    // Version 0 lists client metrics alone.
    if (request.version == 0) return type == ConfigResource::client_metrics;
    return body->resource_types.empty() ||
           std::ranges::find(body->resource_types, static_cast<int8_t>(type)) !=
               body->resource_types.end();
  };
  const Image& image = *request.view.image;
  if (wants(ConfigResource::topic)) {
    for (const auto& [name, topic] : image.topics->by_name) add(ConfigResource::topic, name);
  }
  for (ConfigResource type : {ConfigResource::broker, ConfigResource::broker_logger}) {
    if (wants(type)) add(type, std::to_string(request.broker.node_id()));
  }
  for (ConfigResource type : {ConfigResource::client_metrics, ConfigResource::group}) {
    if (!wants(type)) continue;
    for (const auto& [resource, values] : *image.configs) {
      if (resource.first == type) add(type, resource.second);
    }
  }
  constexpr int8_t kKnown[] = {2, 4, 8, 16, 32};
  for (int8_t type : body->resource_types) {
    if (std::ranges::find(kKnown, type) != std::end(kKnown)) continue;
    response.config_resources.clear();
    response.error_code = wire_code(Code::unsupported_version);
  }
  Reply reply = reply_with(request, response);
  co_return std::move(reply);
}

Task<Reply> handle_describe_log_dirs(Request& request) {
  auto body = read_body<DescribeLogDirsRequest>(request);
  if (!body) {
    Reply refused = refused_body(request, body.error());
    co_return std::move(refused);
  }
  DescribeLogDirsResponse response;
  auto& told = response.results.emplace_back();
  told.log_dir = request.broker.directory().path();
  Result<DiskSpace> space = request.broker.disk().space(request.broker.directory().path());
  if (space) {
    told.total_bytes = static_cast<int64_t>(space->total_bytes);
    told.usable_bytes = static_cast<int64_t>(space->free_bytes);
  }
  std::set<std::pair<std::string_view, int32_t>> asked_for;
  if (body->topics) {
    for (const auto& asked : *body->topics) {
      for (int32_t index : asked.partitions) asked_for.emplace(asked.topic, index);
    }
  }
  auto wanted = [&](const std::string& topic, int32_t partition) {
    return !body->topics || asked_for.contains({topic, partition});
  };
  for (const auto& [name, topic] : request.view.image->topics->by_name) {
    DescribeLogDirsResponse::DescribeLogDirsTopic answer;
    answer.name = name;
    for (size_t i = 0; i < topic->partitions.size(); i++) {
      auto index = static_cast<int32_t>(i);
      auto partition = request.view.partitions->find(topic->id, index);
      if (!partition || !wanted(name, index) || !partition->open()) continue;
      auto& size = answer.partitions.emplace_back();
      size.partition_index = index;
      size.partition_size = static_cast<int64_t>(partition->log().size_bytes());
    }
    if (!answer.partitions.empty()) told.topics.push_back(std::move(answer));
  }
  Reply reply = reply_with(request, response);
  co_return std::move(reply);
}

}  // namespace eventd
