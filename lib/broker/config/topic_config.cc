// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/config/topic_config.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/broker/config/described.h"

namespace eventd {

namespace {

Codec codec_named(std::string_view name) {
  for (Codec codec : {Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd}) {
    if (name_of(codec) == name) return codec;
  }
  return Codec::none;  // "uncompressed"
}

// "12" hours are "43200000" ms. What overflows is without end.
std::string in_unit(const std::string& value, int64_t unit) {
  if (unit == 1) return value;
  int64_t number = number_of(value);
  if (number < 0) return "-1";
  int64_t product = 0;
  return std::to_string(__builtin_mul_overflow(number, unit, &product) ? INT64_MAX : product);
}

}  // namespace

std::vector<ConfigValue> resolve_topic_config(const ConfigDefinition& definition,
                                              const Image& image, const BrokerConfig& broker,
                                              int32_t node_id, std::string_view topic) {
  std::vector<ConfigValue> values;
  auto look = [&](const ConfigMap& configs, std::string_view name, int64_t unit,
                  ConfigSource source) {
    auto found = configs.find(name);
    if (found == configs.end()) return;
    values.push_back({std::string(name), in_unit(found->second, unit), source});
  };
  look(image.config(ConfigResource::topic, topic), definition.name, 1, ConfigSource::dynamic_topic);
  for (const BrokerSynonym& synonym : definition.synonyms) {
    look(image.config(ConfigResource::broker, std::to_string(node_id)), synonym.name, synonym.unit,
         ConfigSource::dynamic_broker);
    look(image.config(ConfigResource::broker, ""), synonym.name, synonym.unit,
         ConfigSource::dynamic_default_broker);
  }
  for (const BrokerSynonym& synonym : definition.synonyms) {
    look(broker.values, synonym.name, synonym.unit, ConfigSource::static_broker);
  }
  std::string_view name =
      definition.synonyms.empty() ? definition.name : definition.synonyms.front().name;
  std::string_view otherwise = definition.default_value.value_or("");
  values.push_back({std::string(name), std::string(otherwise), ConfigSource::default_value});
  return values;
}

std::shared_ptr<const TopicConfig> effective_topic_config(const Image& image,
                                                          const BrokerConfig& broker,
                                                          int32_t node_id, std::string_view topic) {
  auto value = [&](std::string_view name) {
    const ConfigDefinition* definition = find_topic_config(name);
    std::vector<ConfigValue> values =
        resolve_topic_config(*definition, image, broker, node_id, topic);
    return canonical_value(definition->type, values.front().value);
  };
  auto number = [&](std::string_view name) { return number_of(value(name)); };
  auto config = std::make_shared<TopicConfig>();
  std::vector<std::string> policies = list_of(value("cleanup.policy"));
  auto has = [&](const char* policy) {
    return std::ranges::find(policies, policy) != policies.end();
  };
  LogConfig& log = config->log;
  log.segment_bytes = number("segment.bytes");
  constexpr const char* kInternal = "internal.segment.bytes";
  if (!value(kInternal).empty()) log.segment_bytes = number(kInternal);
  log.segment_ms = number("segment.ms");
  log.segment_jitter_ms = number("segment.jitter.ms");
  log.index_interval_bytes = static_cast<int32_t>(number("index.interval.bytes"));
  log.segment_index_bytes = static_cast<int32_t>(number("segment.index.bytes"));
  log.retention_ms = number("retention.ms");
  log.retention_bytes = number("retention.bytes");
  log.deletes = has("delete");
  log.compacts = has("compact");
  log.producer_id_expiration_ms = static_cast<int32_t>(
      number_of(broker_config_value(image, broker, node_id, "producer.id.expiration.ms")));
  AppendRules& append = config->append;
  append.message_bytes_max = number("max.message.bytes");
  append.segment_bytes = log.segment_bytes;
  append.compacted = log.compacts;
  append.timestamp_type = value("message.timestamp.type") == "LogAppendTime"
                              ? TimestampType::log_append_time
                              : TimestampType::create_time;
  append.timestamp_before_max_ms = number("message.timestamp.before.max.ms");
  append.timestamp_after_max_ms = number("message.timestamp.after.max.ms");
  std::string compression = value("compression.type");
  if (compression != "producer") append.codec = codec_named(compression);
  if (append.codec && *append.codec != Codec::none && *append.codec != Codec::snappy) {
    append.level = static_cast<int>(number(text("compression.", name_of(*append.codec), ".level")));
  }
  config->flush_messages = number("flush.messages");
  config->flush_ms = number("flush.ms");
  config->file_delete_delay_ms = number("file.delete.delay.ms");
  config->min_insync_replicas = static_cast<int32_t>(number("min.insync.replicas"));
  return config;
}

Result<void> check_topic_configs(const ConfigMap& configs) {
  for (const auto& [name, value] : configs) {
    const ConfigDefinition* definition = find_topic_config(name);
    if (definition == nullptr) {
      return fail(Code::invalid_config, text("Unknown topic config name: ", printable(name)));
    }
    Result<void> checked = check_value(*definition, value);
    if (!checked) return checked;
    if (name == "remote.storage.enable" && truth_of(value)) {
      return fail(Code::invalid_config, "remote.storage.enable: this broker has no tiered storage");
    }
  }
  auto number = [&](const char* name) -> std::optional<int64_t> {
    auto found = configs.find(name);
    if (found == configs.end()) return std::nullopt;
    return number_of(found->second);
  };
  auto longest = number("max.compaction.lag.ms");
  auto shortest = number("min.compaction.lag.ms");
  if (longest && shortest && *shortest > *longest) {
    return fail(Code::invalid_config, "min.compaction.lag.ms is larger than max.compaction.lag.ms");
  }
  return {};
}

}  // namespace eventd
