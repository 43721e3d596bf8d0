// SPDX-License-Identifier: Apache-2.0
#include "lib/client/admin.h"

#include <algorithm>
#include <map>

#include "lib/base/text.h"
#include "lib/wire/messages/configs.h"

namespace eventd {

namespace {

constexpr int8_t kSourceTopic = 1;
constexpr int8_t kSourceBroker = 2;
constexpr int8_t kSourceAllBrokers = 3;
constexpr int8_t kSourceGroup = 8;
constexpr int8_t kOperationSet = 0;
constexpr int8_t kOperationDelete = 1;
// A topic has some 40 configs of 100 bytes.
constexpr size_t kResourcesAtOnce = 500;

int8_t own_source(const Resource& resource) {
  switch (resource.type) {
    case ResourceType::topic:
      return kSourceTopic;
    case ResourceType::broker:
      return resource.name.empty() ? kSourceAllBrokers : kSourceBroker;
    case ResourceType::group:
      return kSourceGroup;
  }
  return 0;
}

Error error_of(int16_t code, std::optional<std::string_view> message) {
  if (code == 0) return {Code::none, "", 0};
  return {Code{code}, std::string(message.value_or("")), 0};
}

ResourceConfigs result_of(const DescribeConfigsResponse::DescribeConfigsResult& told) {
  ResourceConfigs result;
  result.resource = {ResourceType{told.resource_type}, std::string(told.resource_name)};
  result.error = error_of(told.error_code, told.error_message);
  for (const auto& config : told.configs) {
    ConfigEntry& entry = result.entries.emplace_back();
    entry.key = std::string(config.name);
    if (config.value) entry.value = std::string(*config.value);
    entry.source = config.config_source;
    entry.sensitive = config.is_sensitive;
  }
  std::ranges::sort(result.entries, {}, &ConfigEntry::key);
  return result;
}

}  // namespace

std::string_view name_of_source(int8_t source) {
  constexpr std::string_view kNames[] = {"UNKNOWN",
                                         "DYNAMIC_TOPIC_CONFIG",
                                         "DYNAMIC_BROKER_CONFIG",
                                         "DYNAMIC_DEFAULT_BROKER_CONFIG",
                                         "STATIC_BROKER_CONFIG",
                                         "DEFAULT_CONFIG",
                                         "DYNAMIC_BROKER_LOGGER_CONFIG",
                                         "DYNAMIC_CLIENT_METRICS_CONFIG",
                                         "DYNAMIC_GROUP_CONFIG"};
  bool known = source >= 0 && static_cast<size_t>(source) < std::size(kNames);
  return kNames[known ? static_cast<size_t>(source) : 0];
}

bool is_own(const Resource& resource, const ConfigEntry& entry) {
  return entry.source == own_source(resource);
}

std::string_view name_of_own_source(const Resource& resource) {
  return name_of_source(own_source(resource));
}

bool asks_to_come_again(Code code) {
  switch (code) {
    case Code::not_controller:
    case Code::broker_not_available:
    case Code::network_exception:
    case Code::coordinator_load_in_progress:
    case Code::throttling_quota_exceeded:
      return true;
    default:
      return false;
  }
}

std::optional<int32_t> broker_of(const Resource& resource) {
  if (resource.type != ResourceType::broker) return std::nullopt;
  return parse_number<int32_t>(resource.name);
}

Task<Result<std::shared_ptr<ClientConnection>>> Admin::connection_to(
    std::optional<int32_t> broker) {
  if (!broker) {
    Result<std::shared_ptr<ClientConnection>> connection = co_await client_.any();
    co_return std::move(connection);
  }
  if (!client_.brokers().contains(*broker)) {
    Result<void> learned = co_await client_.learn_brokers();
    if (!learned) co_return pass(learned);
  }
  Result<std::shared_ptr<ClientConnection>> connection = co_await client_.broker(*broker);
  co_return std::move(connection);
}

Task<Result<std::vector<ResourceConfigs>>> Admin::describe_configs(
    std::vector<Resource> resources, std::vector<std::string> keys) {
  std::map<std::optional<int32_t>, std::vector<Resource>> by_broker;
  for (Resource& resource : resources) {
    by_broker[broker_of(resource)].push_back(std::move(resource));
  }
  std::vector<ResourceConfigs> found;
  std::vector<ResourceConfigs>* into = &found;
  for (auto& [broker, of_broker] : by_broker) {
    for (size_t at = 0; at < of_broker.size(); at += kResourcesAtOnce) {
      auto first = of_broker.begin() + static_cast<ptrdiff_t>(at);
      auto size = std::min(kResourcesAtOnce, of_broker.size() - at);
      std::vector<Resource> some(first, first + static_cast<ptrdiff_t>(size));
      std::vector<std::string> wanted = keys;
      Result<void> described = co_await describe_some(std::move(some), std::move(wanted), into);
      if (!described) co_return pass(described);
    }
  }
  co_return std::move(found);
}

// All of them are asked of one broker. One that is not there fails its resources only.
Task<Result<void>> Admin::describe_some(std::vector<Resource> resources,
                                        std::vector<std::string> keys,
                                        std::vector<ResourceConfigs>* found) {
  DescribeConfigsRequest request;
  for (const Resource& resource : resources) {
    auto& asked = request.resources.emplace_back();
    asked.resource_type = static_cast<int8_t>(resource.type);
    asked.resource_name = resource.name;
    if (!keys.empty()) asked.configuration_keys.emplace(keys.begin(), keys.end());
  }
  const DescribeConfigsRequest* asked = &request;
  std::optional<int32_t> broker = broker_of(resources.front());
  auto answer = co_await ask(asked, broker);
  if (!answer) {
    if (!broker) co_return pass(answer);
    for (Resource& resource : resources) {
      ResourceConfigs& failed = found->emplace_back();
      failed.resource = std::move(resource);
      failed.error = answer.error();
    }
    co_return Result<void>{};
  }
  for (const auto& told : answer->message.results) found->push_back(result_of(told));
  co_return Result<void>{};
}

Task<Result<std::vector<std::string>>> Admin::list_resources(ResourceType type) {
  ListConfigResourcesRequest request;
  request.resource_types.push_back(static_cast<int8_t>(type));
  const ListConfigResourcesRequest* asked = &request;
  std::optional<int32_t> anyone;
  auto answer = co_await ask(asked, anyone);
  if (!answer) co_return pass(answer);
  if (answer->message.error_code != 0) {
    Code code{answer->message.error_code};
    co_return fail(code, text("list of configs: ", name_of(code)));
  }
  std::vector<std::string> names;
  for (const auto& resource : answer->message.config_resources) {
    if (resource.resource_type != static_cast<int8_t>(type)) continue;
    names.emplace_back(resource.resource_name);
  }
  std::ranges::sort(names);
  co_return std::move(names);
}

template <class Request>
Task<Result<void>> Admin::send_alteration(const Request* request, Resource resource) {
  // What is a broker's own is asked of that broker, all else of the controller.
  std::optional<int32_t> broker = broker_of(resource);
  Result<Answer<typename Request::Response>> answer = fail(Code::unknown_server_error, "");
  if (broker) {
    answer = co_await ask(request, broker);
  } else {
    auto told = co_await ask_controller(request);
    answer = told ? Result<Answer<typename Request::Response>>(std::move(told->answer))
                  : std::unexpected(told.error());
  }
  if (!answer) co_return pass(answer);
  for (const auto& told : answer->message.responses) {
    if (told.error_code == 0) continue;
    co_return std::unexpected(error_of(told.error_code, told.error_message));
  }
  co_return Result<void>{};
}

Task<Result<void>> Admin::alter_configs(Resource resource, std::vector<ConfigAssignment> changes,
                                        bool validate_only) {
  Result<std::shared_ptr<ClientConnection>> connection = co_await client_.any();
  if (!connection) co_return pass(connection);
  if (!(*connection)->version_of(IncrementalAlterConfigsRequest::api)) {
    Result<void> replaced =
        co_await replace_configs(std::move(resource), std::move(changes), validate_only);
    co_return std::move(replaced);
  }
  IncrementalAlterConfigsRequest request;
  request.validate_only = validate_only;
  auto& asked = request.resources.emplace_back();
  asked.resource_type = static_cast<int8_t>(resource.type);
  asked.resource_name = resource.name;
  for (const ConfigAssignment& change : changes) {
    auto& config = asked.configs.emplace_back();
    config.name = change.key;
    config.config_operation = change.value ? kOperationSet : kOperationDelete;
    if (change.value) config.value = *change.value;
  }
  const IncrementalAlterConfigsRequest* sent = &request;
  Resource whose = resource;
  Result<void> altered = co_await send_alteration(sent, std::move(whose));
  co_return std::move(altered);
}

Task<Result<void>> Admin::replace_configs(Resource resource, std::vector<ConfigAssignment> changes,
                                          bool validate_only) {
  std::vector<Resource> which{resource};
  std::vector<std::string> all_keys;
  Result<std::vector<ResourceConfigs>> described =
      co_await describe_configs(std::move(which), std::move(all_keys));
  if (!described) co_return pass(described);
  std::map<std::string, std::string> all;
  for (const ResourceConfigs& is : *described) {
    if (is.error.code != Code::none) co_return std::unexpected(is.error);
    for (const ConfigEntry& entry : is.entries) {
      if (!is_own(resource, entry)) continue;
      if (!entry.value) {
        co_return fail(Code::unsupported_version,
                       text("the broker can only replace all configs, and ", entry.key,
                            ", which is secret, would be lost"));
      }
      all[entry.key] = *entry.value;
    }
  }
  for (ConfigAssignment& change : changes) {
    if (change.value) {
      all[change.key] = *change.value;
    } else {
      all.erase(change.key);
    }
  }
  AlterConfigsRequest request;
  request.validate_only = validate_only;
  auto& asked = request.resources.emplace_back();
  asked.resource_type = static_cast<int8_t>(resource.type);
  asked.resource_name = resource.name;
  for (const auto& [key, value] : all) {
    auto& config = asked.configs.emplace_back();
    config.name = key;
    config.value = value;
  }
  const AlterConfigsRequest* sent = &request;
  Resource whose = resource;
  Result<void> altered = co_await send_alteration(sent, std::move(whose));
  co_return std::move(altered);
}

}  // namespace eventd
