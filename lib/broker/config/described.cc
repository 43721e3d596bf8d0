// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/config/described.h"

#include <algorithm>
#include <set>

#include "lib/base/logger.h"
#include "lib/broker/config/log_levels.h"

namespace eventd {

namespace {

void look(const ConfigMap& configs, std::string_view name, ConfigSource source,
          std::vector<ConfigValue>& values) {
  auto found = configs.find(name);
  if (found != configs.end()) values.push_back({found->first, found->second, source});
}

// What was set, or is by default, under a broker config's name and those behind it: for this
// broker, for all brokers, in its file, by default. Begins with the name itself, if that has a
// value: as Kafka tells it.
std::vector<ConfigValue> broker_values(const ConfigWorld& world, std::string_view name) {
  std::vector<std::string_view> chain = broker_fallbacks(name);
  std::vector<ConfigValue> values;
  auto add = [&](const ConfigMap& configs, ConfigSource source) {
    for (std::string_view each : chain) look(configs, each, source, values);
  };
  add(world.image.config(ConfigResource::broker, std::to_string(world.node_id)),
      ConfigSource::dynamic_broker);
  add(world.image.config(ConfigResource::broker, ""), ConfigSource::dynamic_default_broker);
  add(world.broker.values, ConfigSource::static_broker);
  for (std::string_view each : chain) {
    const ConfigDefinition* definition = find_broker_config(each);
    if (definition == nullptr || !definition->default_value) continue;
    values.push_back({std::string(each), std::string(*definition->default_value),
                      ConfigSource::default_value});
  }
  auto own = std::ranges::find(values, name, &ConfigValue::name);
  values.erase(values.begin(), own);
  return values;
}

DescribedConfig begin_config(const ConfigDefinition& definition) {
  DescribedConfig told;
  told.name = definition.name;
  told.type = definition.type;
  told.sensitive = definition.is_sensitive();
  told.documentation = definition.documentation;
  return told;
}

void set_value(DescribedConfig& told, std::string_view value) {
  if (!told.sensitive) told.value = canonical_value(told.type, value);
}

void take_source(DescribedConfig& told) {
  if (!told.synonyms.empty()) told.source = told.synonyms.front().source;
}

std::vector<DescribedConfig> describe_topic(const ConfigWorld& world, std::string_view topic) {
  std::vector<DescribedConfig> all;
  const ConfigMap& own = world.image.config(ConfigResource::topic, topic);
  for (const ConfigDefinition& definition : topic_configs()) {
    auto set = own.find(definition.name);
    if (definition.internal && set == own.end()) continue;
    DescribedConfig& told = all.emplace_back(begin_config(definition));
    std::vector<ConfigValue> values =
        resolve_topic_config(definition, world.image, world.broker, world.node_id, topic);
    set_value(told, values.front().value);
    if (set != own.end()) {
      told.synonyms.push_back({set->first, *told.value, ConfigSource::dynamic_topic});
    }
    if (!definition.synonyms.empty()) {
      std::ranges::move(broker_values(world, definition.synonyms.front().name),
                        std::back_inserter(told.synonyms));
    }
    take_source(told);
  }
  return all;
}

// Kafka takes what it does not know for a secret.
DescribedConfig foreign_config(std::string_view name, std::string value, ConfigSource source) {
  DescribedConfig told;
  told.name = name;
  told.sensitive = true;
  told.read_only = true;
  told.synonyms.push_back({told.name, std::move(value), source});
  take_source(told);
  return told;
}

std::vector<DescribedConfig> describe_broker(const ConfigWorld& world) {
  std::vector<DescribedConfig> all;
  for (const ConfigDefinition& definition : broker_configs()) {
    std::vector<ConfigValue> values = broker_values(world, definition.name);
    bool is_set = !values.empty() && values.front().source != ConfigSource::default_value;
    if (definition.internal && !is_set) continue;
    DescribedConfig& told = all.emplace_back(begin_config(definition));
    told.read_only = definition.update == ConfigUpdate::read_only;
    told.synonyms = std::move(values);
    if (!told.synonyms.empty()) set_value(told, told.synonyms.front().value);
    take_source(told);
  }
  std::set<std::string_view> seen;
  for (const std::string& of : {std::to_string(world.node_id), std::string()}) {
    for (const auto& [name, value] : world.image.config(ConfigResource::broker, of)) {
      if (find_broker_config(name) != nullptr || !seen.insert(name).second) continue;
      all.push_back(foreign_config(name, value,
                                   of.empty() ? ConfigSource::dynamic_default_broker
                                              : ConfigSource::dynamic_broker));
    }
  }
  return all;
}

// The defaults of all brokers: only what was set for them, as it was written.
std::vector<DescribedConfig> describe_all_brokers(const ConfigWorld& world) {
  std::vector<DescribedConfig> all;
  constexpr auto kSource = ConfigSource::dynamic_default_broker;
  for (const auto& [name, value] : world.image.config(ConfigResource::broker, "")) {
    const ConfigDefinition* definition = find_broker_config(name);
    if (definition == nullptr) {
      all.push_back(foreign_config(name, value, kSource));
      continue;
    }
    DescribedConfig& told = all.emplace_back(begin_config(*definition));
    told.read_only = definition->update == ConfigUpdate::read_only;
    told.synonyms.push_back({name, value, kSource});
    if (!told.sensitive) told.value = value;
    take_source(told);
  }
  return all;
}

std::vector<DescribedConfig> describe_client_metrics(const ConfigWorld& world,
                                                     std::string_view subscription) {
  std::vector<DescribedConfig> all;
  const ConfigMap& own = world.image.config(ConfigResource::client_metrics, subscription);
  for (const ConfigDefinition& definition : client_metrics_configs()) {
    DescribedConfig& told = all.emplace_back(begin_config(definition));
    look(own, definition.name, ConfigSource::client_metrics, told.synonyms);
    set_value(told, told.synonyms.empty() ? *definition.default_value
                                          : std::string_view(told.synonyms.front().value));
    take_source(told);
  }
  return all;
}

std::vector<DescribedConfig> describe_group(const ConfigWorld& world, std::string_view group) {
  std::vector<DescribedConfig> all;
  const ConfigMap& own = world.image.config(ConfigResource::group, group);
  for (const ConfigDefinition& definition : group_configs()) {
    DescribedConfig& told = all.emplace_back(begin_config(definition));
    look(own, definition.name, ConfigSource::group, told.synonyms);
    if (definition.synonyms.empty()) {
      told.synonyms.push_back({std::string(definition.name),
                               std::string(*definition.default_value),
                               ConfigSource::default_value});
    } else {
      std::ranges::move(broker_values(world, definition.synonyms.front().name),
                        std::back_inserter(told.synonyms));
    }
    set_value(told, told.synonyms.front().value);
    take_source(told);
  }
  return all;
}

// This program has one logger, the root.
std::vector<DescribedConfig> describe_loggers() {
  DescribedConfig told;
  told.name = kRootLogger;
  told.value = std::string(kafka_level(log_level()));
  told.source = ConfigSource::dynamic_logger;
  return {std::move(told)};
}

}  // namespace

std::vector<DescribedConfig> describe_configs(const ConfigWorld& world, ConfigResource type,
                                              std::string_view name) {
  switch (type) {
    case ConfigResource::topic:
      return describe_topic(world, name);
    case ConfigResource::broker:
      return name.empty() ? describe_all_brokers(world) : describe_broker(world);
    case ConfigResource::broker_logger:
      return describe_loggers();
    case ConfigResource::client_metrics:
      return describe_client_metrics(world, name);
    case ConfigResource::group:
      return describe_group(world, name);
    case ConfigResource::unknown:
      break;
  }
  return {};
}

std::string broker_config_value(const Image& image, const BrokerConfig& broker, int32_t node_id,
                                std::string_view name) {
  std::vector<ConfigValue> values = broker_values({image, broker, node_id}, name);
  const ConfigDefinition* definition = find_broker_config(name);
  if (values.empty() || definition == nullptr) return "";
  return canonical_value(definition->type, values.front().value);
}

}  // namespace eventd
