// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/config/alter.h"

#include <algorithm>
#include <set>

#include "lib/base/text.h"
#include "lib/broker/config/definition.h"
#include "lib/broker/config/topic_config.h"
#include "lib/cluster/controller.h"

namespace eventd {

namespace {

const ConfigDefinition* find_definition(ConfigResource type, std::string_view name) {
  return type == ConfigResource::topic ? find_topic_config(name) : find_broker_config(name);
}

// What a broker can change while it runs: what topics fall back to.
bool is_dynamic(std::string_view broker_config) {
  return std::ranges::any_of(topic_configs(), [&](const ConfigDefinition& topic) {
    return std::ranges::any_of(topic.synonyms, [&](const BrokerSynonym& synonym) {
      return synonym.name == broker_config && synonym.unit == 1;
    });
  });
}

Result<void> check_change(ConfigResource type, const ConfigChange& change) {
  const ConfigDefinition* definition = find_definition(type, change.name);
  if (change.operation == AlterOperation::remove) return {};
  if (definition == nullptr && type == ConfigResource::topic) {
    return fail(Code::invalid_config, text("Unknown topic config name: ", printable(change.name)));
  }
  if (!change.value) {
    return fail(Code::invalid_config, text("config ", printable(change.name), " has no value"));
  }
  if (definition == nullptr) return {};
  if (type == ConfigResource::broker && !is_dynamic(change.name)) {
    return fail(Code::invalid_request,
                text("config ", change.name, " cannot be changed while the broker runs"));
  }
  bool of_lists =
      change.operation == AlterOperation::append || change.operation == AlterOperation::subtract;
  if (of_lists && definition->type != ConfigType::list) {
    return fail(Code::invalid_config,
                text("config ", change.name, " is no list: it can be set, not added to"));
  }
  return {};
}

std::string joined(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) {
    if (!out.empty()) out += ',';
    out += item;
  }
  return out;
}

std::string with_list_change(const ConfigDefinition& definition, const ConfigMap& current,
                             const ConfigChange& change) {
  auto set = current.find(change.name);
  std::vector<std::string> items =
      list_of(set == current.end() ? definition.default_value : std::string_view(set->second));
  for (const std::string& item : list_of(*change.value)) {
    if (change.operation == AlterOperation::subtract) {
      std::erase(items, item);
    } else if (std::ranges::find(items, item) == items.end()) {
      items.push_back(item);
    }
  }
  return joined(items);
}

Result<void> check_result(ConfigResource type, const ConfigMap& result) {
  if (type == ConfigResource::topic) return check_topic_configs(result);
  for (const auto& [name, value] : result) {
    const ConfigDefinition* definition = find_broker_config(name);
    if (definition == nullptr) continue;
    Result<void> checked = check_value(*definition, value);
    if (!checked) return checked;
  }
  return {};
}

Result<void> check_names(const std::vector<ConfigChange>& changes) {
  std::set<std::string_view> names;
  for (const ConfigChange& change : changes) {
    if (!names.insert(change.name).second) {
      return fail(Code::invalid_request,
                  text("config ", printable(change.name), " is named twice"));
    }
  }
  return {};
}

}  // namespace

Result<void> check_resource(const Image& image, int32_t node_id, ConfigResource type,
                            std::string_view name) {
  switch (type) {
    case ConfigResource::topic: {
      Result<void> legal = check_topic_name(name);
      if (!legal) return legal;
      if (!image.topic(name)) {
        return fail(Code::unknown_topic_or_partition, text("there is no topic '", name, "'"));
      }
      return {};
    }
    case ConfigResource::broker:
      if (name.empty() || name == std::to_string(node_id)) return {};
      return fail(Code::invalid_request,
                  text("this is broker ", node_id, ", not ", printable(name)));
    default:
      return fail(Code::invalid_request,
                  text("resources of type ", static_cast<int>(type), " cannot be configured here"));
  }
}

Result<ConfigChanges> alter_configs(const Image& image, ConfigResource type, std::string_view name,
                                    const std::vector<ConfigChange>& changes) {
  Result<void> checked = check_names(changes);
  if (!checked) return pass(checked);
  const ConfigMap& current = image.config(type, name);
  ConfigMap result = current;
  ConfigChanges out;
  for (const ConfigChange& change : changes) {
    checked = check_change(type, change);
    if (!checked) return pass(checked);
    std::optional<std::string> value = change.value;
    if (change.operation == AlterOperation::remove) value.reset();
    if (change.operation == AlterOperation::append ||
        change.operation == AlterOperation::subtract) {
      value = with_list_change(*find_definition(type, change.name), current, change);
    }
    if (value) {
      result[change.name] = *value;
    } else {
      result.erase(change.name);
    }
    auto known = current.find(change.name);
    bool same = known == current.end() ? !value : value == known->second;
    if (!same) out.emplace_back(change.name, std::move(value));
  }
  checked = check_result(type, result);
  if (!checked) return pass(checked);
  return out;
}

Result<ConfigChanges> replace_configs(const Image& image, ConfigResource type,
                                      std::string_view name,
                                      const std::vector<ConfigChange>& configs) {
  std::vector<ConfigChange> changes = configs;
  for (const auto& [key, value] : image.config(type, name)) {
    auto named = [&](const ConfigChange& change) { return change.name == key; };
    if (std::ranges::any_of(configs, named)) continue;
    changes.push_back({key, AlterOperation::remove, std::nullopt});
  }
  return alter_configs(image, type, name, changes);
}

}  // namespace eventd
