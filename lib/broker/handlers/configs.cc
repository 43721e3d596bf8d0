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
#include "lib/broker/config/topic_config.h"
#include "lib/broker/handlers/handlers.h"
#include "lib/broker/handlers/reply.h"
#include "lib/wire/messages/log_dirs.h"

namespace eventd {

namespace {

using DescribeResult = DescribeConfigsResponse::DescribeConfigsResult;
using DescribedConfig = DescribeConfigsResponse::DescribeConfigsResourceResult;

void tell_values(Request& request, std::vector<ConfigValue> values, bool synonyms,
                 DescribedConfig& told) {
  told.config_source = static_cast<int8_t>(values.front().source);
  if (synonyms) {
    for (const ConfigValue& value : values) {
      auto& synonym = told.synonyms.emplace_back();
      synonym.name = request.keep(value.name);
      synonym.value = request.keep(value.value);
      synonym.source = static_cast<int8_t>(value.source);
    }
  }
  told.value = request.keep(std::move(values.front().value));
}

void describe_definition(const ConfigDefinition& definition, bool documentation,
                         DescribedConfig& told) {
  told.name = definition.name;
  told.config_type = static_cast<int8_t>(definition.type);
  if (documentation) told.documentation = definition.documentation;
}

// The broker's own values: for this broker, for all brokers, of its file, by default.
std::vector<ConfigValue> resolve_broker_config(const Request& request,
                                               const ConfigDefinition& definition) {
  std::vector<ConfigValue> values;
  auto look = [&](const ConfigMap& configs, ConfigSource source) {
    auto found = configs.find(definition.name);
    if (found != configs.end()) values.push_back({found->first, found->second, source});
  };
  const Image& image = *request.view.image;
  look(image.config(ConfigResource::broker, std::to_string(request.broker.node_id())),
       ConfigSource::dynamic_broker);
  look(image.config(ConfigResource::broker, ""), ConfigSource::dynamic_default_broker);
  look(request.broker.config().values, ConfigSource::static_broker);
  values.push_back({std::string(definition.name), std::string(definition.default_value),
                    ConfigSource::default_value});
  return values;
}

void describe(Request& request, const DescribeConfigsRequest& body,
              const DescribeConfigsRequest::DescribeConfigsResource& resource,
              DescribeResult& told) {
  auto type = static_cast<ConfigResource>(resource.resource_type);
  const Image& image = *request.view.image;
  int32_t node = request.broker.node_id();
  Result<void> there = check_resource(image, node, type, resource.resource_name);
  if (!there) {
    told.error_code = wire_code(there.error().code);
    told.error_message = request.keep(there.error().message);
    return;
  }
  auto wanted = [&](std::string_view name) {
    return !resource.configuration_keys || std::ranges::find(*resource.configuration_keys, name) !=
                                               resource.configuration_keys->end();
  };
  bool is_topic = type == ConfigResource::topic;
  for (const ConfigDefinition& definition : is_topic ? topic_configs() : broker_configs()) {
    if (!wanted(definition.name)) continue;
    std::vector<ConfigValue> values =
        is_topic ? resolve_topic_config(definition, image, request.broker.config(), node,
                                        resource.resource_name)
                 : resolve_broker_config(request, definition);
    if (!is_topic && resource.resource_name.empty()) {
      // The defaults of all brokers: only what was set for them.
      std::erase_if(values, [](const ConfigValue& value) {
        return value.source != ConfigSource::dynamic_default_broker;
      });
      if (values.empty()) continue;
    }
    DescribedConfig& config = told.configs.emplace_back();
    describe_definition(definition, body.include_documentation, config);
    tell_values(request, std::move(values), body.include_synonyms, config);
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

void alter_all(const Image& image, int32_t node, std::vector<Alteration>& alterations,
               Controller& controller) {
  std::map<Resource, int> times;
  for (const Alteration& alteration : alterations) times[alteration.resource]++;
  for (Alteration& alteration : alterations) {
    const auto& [type, name] = alteration.resource;
    auto refuse = [&](const Error& error) { alteration.error = {error.code, error.message}; };
    if (times[alteration.resource] > 1) {
      refuse({Code::invalid_request, "the resource is named twice", 0});
      continue;
    }
    Result<void> there = check_resource(image, node, type, name);
    if (!there) {
      refuse(there.error());
      continue;
    }
    Result<ConfigChanges> changes = alteration.replaces
                                        ? replace_configs(image, type, name, alteration.changes)
                                        : alter_configs(image, type, name, alteration.changes);
    if (!changes) {
      refuse(changes.error());
      continue;
    }
    controller.set_configs(type, name, *changes);
  }
}

Task<void> alter(Request& request, bool validate_only, std::vector<Alteration>& alterations) {
  int32_t node = request.broker.node_id();
  if (validate_only) {
    Controller controller(*request.view.image, request.broker.metadata().settings());
    alter_all(*request.view.image, node, alterations, controller);
    co_return;
  }
  MetadataDriver::Decide decide = [&](Controller& controller) {
    alter_all(controller.image(), node, alterations, controller);
  };
  Result<void> done = co_await request.broker.metadata().change(request.loop, std::move(decide));
  if (done) co_return;
  for (Alteration& alteration : alterations) {
    if (!alteration.error.failed()) {
      alteration.error = {done.error().code, done.error().message};
    }
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
  auto body = decode<DescribeConfigsRequest>(request.body(), request.version);
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
  auto body = decode<AlterConfigsRequest>(request.body(), request.version);
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
  auto body = decode<IncrementalAlterConfigsRequest>(request.body(), request.version);
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
  auto body = decode<ListConfigResourcesRequest>(request.body(), request.version);
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
  auto body = decode<DescribeLogDirsRequest>(request.body(), request.version);
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
      if (!partition || !wanted(name, index)) continue;
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
