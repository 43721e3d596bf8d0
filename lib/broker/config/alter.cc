// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/config/alter.h"

#include <algorithm>
#include <set>

#include "lib/base/text.h"
#include "lib/broker/config/definition.h"
#include "lib/broker/config/log_levels.h"
#include "lib/broker/config/topic_config.h"
#include "lib/cluster/controller.h"

namespace eventd {

namespace {

constexpr const char* kElrFeature = "eligible.leader.replicas.version";
constexpr const char* kMinIsr = "min.insync.replicas";

const ConfigDefinition* find_definition(ConfigResource type, std::string_view name) {
  switch (type) {
    case ConfigResource::topic:
      return find_topic_config(name);
    case ConfigResource::broker:
      return find_broker_config(name);
    case ConfigResource::client_metrics:
      return find_config(client_metrics_configs(), name);
    case ConfigResource::group:
      return find_config(group_configs(), name);
    default:
      return nullptr;
  }
}

std::unexpected<Error> refuse(Code code, std::string_view name, std::string_view why) {
  return fail(code, text("config ", printable(name), " ", why));
}

// Faults of the request itself, which Kafka finds before it looks at the resource.
Result<void> check_form(const std::vector<ConfigChange>& changes) {
  std::set<std::string_view> names;
  for (const ConfigChange& change : changes) {
    if (!names.insert(change.name).second) {
      return refuse(Code::invalid_request, change.name, "is named twice");
    }
    if (change.operation < AlterOperation::set || change.operation > AlterOperation::subtract) {
      return refuse(Code::invalid_request, change.name, "has an operation that there is not");
    }
    if (!change.value && change.operation != AlterOperation::remove) {
      return refuse(Code::invalid_request, change.name, "has no value");
    }
  }
  return {};
}

// Kafka changes the number of threads by at most a factor of two at a time.
bool is_thread_count(std::string_view name) {
  constexpr std::string_view kCounts[] = {"background.threads", "log.cleaner.threads",
                                          "num.io.threads", "num.recovery.threads.per.data.dir",
                                          "num.replica.fetchers"};
  return std::ranges::find(kCounts, name) != std::end(kCounts);
}

// Of these it only minds that they are more than halved.
bool is_remote_thread_count(std::string_view name) {
  constexpr std::string_view kCounts[] = {"remote.log.manager.copier.thread.pool.size",
                                          "remote.log.manager.expiration.thread.pool.size",
                                          "remote.log.reader.threads"};
  return std::ranges::find(kCounts, name) != std::end(kCounts);
}

Result<void> check_thread_count(const ConfigWorld& world, std::string_view name,
                                std::string_view value) {
  int64_t now = number_of(broker_config_value(world.image, world.broker, world.node_id, name));
  int64_t wanted = number_of(value);
  bool may_leap = is_remote_thread_count(name);
  if (wanted >= std::max<int64_t>(now / 2, 1) && (may_leap || wanted <= now * 2)) return {};
  return refuse(Code::invalid_request, name,
                text("can be at least halved", may_leap ? "" : " and at most doubled", "; it is ",
                     now));
}

// A local retention (-2: the whole) is part of the whole one (-1: without end).
Result<void> check_local_retention(std::string_view name, int64_t local, int64_t whole) {
  bool fits = whole == -1 || local == -2 || (local >= 0 && local <= whole);
  if (fits) return {};
  return refuse(Code::invalid_request, name, text("is more than all that is kept, ", whole));
}

// What Kafka finds wrong with a value only where it is changed. It would not apply any of a
// cluster's configs if it found one of these in a folder of ours.
Result<void> check_value_of_change(const ConfigWorld& world, std::string_view name,
                                   std::string_view value) {
  constexpr int64_t kKeysMin = 1 << 20;
  constexpr std::string_view kReporter = "org.apache.kafka.common.metrics.JmxReporter";
  if (is_thread_count(name) || is_remote_thread_count(name)) {
    return check_thread_count(world, name, value);
  }
  if (name == "log.cleaner.dedupe.buffer.size" && number_of(value) < kKeysMin) {
    return refuse(Code::invalid_request, name, text("must be at least ", kKeysMin));
  }
  if (name == "max.connection.creation.rate" && number_of(value) < 1) {
    return refuse(Code::invalid_request, name, "must be at least 1");
  }
  if (name == "metric.reporters") {
    for (const std::string& reporter : list_of(value)) {
      if (reporter != kReporter) return refuse(Code::invalid_request, name, "names no class here");
    }
  }
  if (name == "log.local.retention.ms" || name == "log.local.retention.bytes") {
    LogConfig log = effective_topic_config(world.image, world.broker, world.node_id, "")->log;
    bool is_time = name.ends_with(".ms");
    return check_local_retention(name, number_of(value),
                                 is_time ? log.retention_ms : log.retention_bytes);
  }
  return {};
}

// What brokers can change while they run.
Result<void> check_broker_change(const ConfigWorld& world, const ConfigChange& change) {
  std::string_view name = change.name;
  if (change.operation == AlterOperation::remove) return {};
  if (name.starts_with("listener.name.")) {
    return refuse(Code::invalid_request, name, "needs TLS or SASL, which this broker has not");
  }
  const ConfigDefinition* definition = find_broker_config(name);
  if (definition == nullptr) return {};
  if (definition->update != ConfigUpdate::cluster_wide) {
    return refuse(Code::invalid_request, name, "cannot be changed while the broker runs");
  }
  if (change.operation != AlterOperation::set) return {};
  Result<void> checked = check_value(*definition, *change.value);
  if (!checked) return fail(Code::invalid_request, checked.error().message);
  return check_value_of_change(world, name, *change.value);
}

// The minimum of in-sync replicas is the cluster's while it knows eligible leaders.
bool is_fixed(const ConfigWorld& world, std::string_view broker, const ConfigChange& change) {
  bool removed = change.operation == AlterOperation::remove;
  return change.name == kMinIsr && world.image.feature(kElrFeature) > 0 &&
         broker.empty() == removed;
}

Result<void> check_change(const ConfigWorld& world, ConfigResource type, std::string_view resource,
                          const ConfigChange& change) {
  if (type == ConfigResource::broker) {
    Result<void> checked = check_broker_change(world, change);
    if (!checked) return checked;
    if (is_fixed(world, resource, change)) {
      return refuse(Code::invalid_config, change.name, "is one for all brokers, and always set");
    }
  }
  if (change.operation == AlterOperation::remove) return {};
  const ConfigDefinition* definition = find_definition(type, change.name);
  if (definition == nullptr && type != ConfigResource::broker) {
    bool metrics = type == ConfigResource::client_metrics;
    return refuse(metrics ? Code::invalid_request : Code::invalid_config, change.name,
                  "is not known");
  }
  if (change.operation == AlterOperation::set) return {};
  bool has_lists = type == ConfigResource::topic || type == ConfigResource::broker;
  if (definition == nullptr || definition->type != ConfigType::list || !has_lists) {
    return refuse(Code::invalid_config, change.name, "is no list: it can be set, not added to");
  }
  return {};
}

std::string with_list_change(const ConfigDefinition& definition, const ConfigMap& current,
                             const ConfigChange& change) {
  auto set = current.find(change.name);
  std::vector<std::string> items = list_of(
      set == current.end() ? definition.default_value.value_or("") : std::string_view(set->second));
  for (const std::string& item : list_of(*change.value)) {
    if (change.operation == AlterOperation::subtract) {
      std::erase(items, item);
    } else if (std::ranges::find(items, item) == items.end()) {
      items.push_back(item);
    }
  }
  std::string joined;
  for (const std::string& item : items) joined += text(joined.empty() ? "" : ",", item);
  return joined;
}

// What the resource would have in the end.
Result<void> check_result(ConfigResource type, const ConfigMap& result,
                          const ConfigChanges& changes) {
  if (type == ConfigResource::topic) return check_topic_configs(result);
  for (const auto& [name, value] : changes) {
    const ConfigDefinition* definition = find_definition(type, name);
    if (!value || definition == nullptr) continue;
    Result<void> checked = check_value(*definition, *value);
    if (checked) continue;
    bool out_of_range = type == ConfigResource::client_metrics && name == "interval.ms" &&
                        parse_number<int32_t>(trim(*value));
    if (type == ConfigResource::broker || out_of_range) {
      checked.error().code = Code::invalid_request;
    }
    return checked;
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
    case ConfigResource::broker_logger:
      if (name == std::to_string(node_id)) return {};
      if (name.empty() && type == ConfigResource::broker) return {};
      return fail(Code::invalid_request,
                  text("this is broker ", node_id, ", not ", printable(name)));
    case ConfigResource::client_metrics:
      if (!name.empty()) return {};
      return fail(Code::invalid_request, "the name of a subscription may not be empty");
    case ConfigResource::group:
      if (!name.empty()) return {};
      return fail(Code::invalid_request, "the name of a group may not be empty");
    default:
      return fail(Code::invalid_request,
                  text("resources of type ", static_cast<int>(type), " have no configs"));
  }
}

Result<ConfigChanges> alter_configs(const ConfigWorld& world, ConfigResource type,
                                    std::string_view name,
                                    const std::vector<ConfigChange>& changes) {
  Result<void> checked = check_form(changes);
  if (checked) checked = check_resource(world.image, world.node_id, type, name);
  if (!checked) return pass(checked);
  const ConfigMap& current = world.image.config(type, name);
  ConfigMap result = current;
  ConfigChanges out;
  for (const ConfigChange& change : changes) {
    checked = check_change(world, type, name, change);
    if (!checked) return pass(checked);
    std::optional<std::string> value = change.value;
    if (change.operation == AlterOperation::remove) {
      value.reset();
    } else if (change.operation != AlterOperation::set) {
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
  checked = check_result(type, result, out);
  if (!checked) return pass(checked);
  return out;
}

Result<ConfigChanges> replace_configs(const ConfigWorld& world, ConfigResource type,
                                      std::string_view name,
                                      const std::vector<ConfigChange>& configs) {
  std::vector<ConfigChange> changes = configs;
  for (const auto& [key, value] : world.image.config(type, name)) {
    auto named = [&](const ConfigChange& change) { return change.name == key; };
    if (std::ranges::any_of(configs, named)) continue;
    // The cluster's minimum of replicas stays, whatever is replaced.
    if (type == ConfigResource::broker && key == kMinIsr) continue;
    changes.push_back({key, AlterOperation::remove, std::nullopt});
  }
  return alter_configs(world, type, name, changes);
}

Result<void> set_log_levels(const std::vector<ConfigChange>& changes, bool validate_only) {
  Result<void> checked = check_form(changes);
  if (!checked) return checked;
  std::optional<LogLevel> wanted;
  for (const ConfigChange& change : changes) {
    if (change.operation != AlterOperation::set) {
      return refuse(Code::invalid_request, change.name,
                    "is a level: it can be set, not removed or added to");
    }
    if (change.name != kRootLogger) {
      return fail(Code::invalid_config, text("there is no logger ", printable(change.name)));
    }
    wanted = level_of(*change.value);
    if (!wanted) {
      return fail(Code::invalid_config, text(printable(*change.value), " is no level"));
    }
  }
  if (wanted && !validate_only) set_log_level(*wanted);
  return {};
}

}  // namespace eventd
