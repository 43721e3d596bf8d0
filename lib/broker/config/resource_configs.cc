// SPDX-License-Identifier: Apache-2.0
// The tables of groups' configs and of client metrics' subscriptions. Both are stored and told; who
// heeds them are the group coordinator and PushTelemetry.
#include <algorithm>

#include "lib/base/text.h"
#include "lib/broker/config/definition.h"

namespace eventd {

namespace {

using enum ConfigType;

// Brackets that close, and no escape at the end: the rest of a pattern is Kafka's business.
bool is_plausible_pattern(std::string_view pattern) {
  int depth = 0;
  bool in_class = false;
  for (size_t i = 0; i < pattern.size(); i++) {
    char c = pattern[i];
    if (c == '\\') {
      if (++i == pattern.size()) return false;
    } else if (in_class) {
      in_class = c != ']';
    } else if (c == '[') {
      in_class = true;
    } else if (c == '(') {
      depth++;
    } else if (c == ')' && --depth < 0) {
      return false;
    }
  }
  return depth == 0 && !in_class;
}

std::string_view match_fault(std::string_view value) {
  constexpr std::string_view kKeys[] = {"client_instance_id",      "client_id",
                                        "client_software_name",    "client_software_version",
                                        "client_source_address",   "client_source_port"};
  for (const std::string& item : list_of(value)) {
    size_t equal = item.find('=');
    if (equal == std::string::npos) return "it is not a list of WHAT=PATTERN";
    std::string_view key = trim(std::string_view(item).substr(0, equal));
    if (std::ranges::find(kKeys, key) == std::end(kKeys)) return "clients have no such property";
    if (!is_plausible_pattern(trim(std::string_view(item).substr(equal + 1)))) {
      return "its pattern is no regular expression";
    }
  }
  return "";
}

// "latest", "earliest", or how far back, as ISO 8601 has durations: "by_duration:PT1H".
std::string_view reset_fault(std::string_view value) {
  constexpr std::string_view kPrefix = "by_duration:";
  if (value == "latest" || value == "earliest") return "";
  constexpr std::string_view kFault = "it is neither latest, earliest nor by_duration:PnDTnHnMn.nS";
  if (!value.starts_with(kPrefix)) return kFault;
  std::string_view duration = value.substr(kPrefix.size());
  if (!duration.starts_with('P') || duration.size() < 3) return kFault;
  bool has_unit = false;
  bool has_digit = false;
  for (char c : duration.substr(1)) {
    bool digit = (c >= '0' && c <= '9') || c == '.';
    bool unit = std::string_view("DHMS").find(c) != std::string_view::npos;
    if (!digit && !unit && c != 'T') return kFault;
    if (unit && !has_digit) return kFault;
    if (unit) has_unit = true;
    has_digit = digit;
  }
  return has_unit && !has_digit ? "" : kFault;
}

std::vector<ConfigDefinition> make_group_table() {
  return {
      {.name = "consumer.assignment.interval.ms",
       .type = int32,
       .default_value = "1000",
       .min = 0,
       .max = 15'000,
       .synonyms = {{"group.consumer.assignment.interval.ms"}},
       .documentation = "How long a consumer group waits between two assignments."},
      {.name = "consumer.heartbeat.interval.ms",
       .type = int32,
       .default_value = "5000",
       .min = 5'000,
       .max = 15'000,
       .synonyms = {{"group.consumer.heartbeat.interval.ms"}},
       .documentation = "How often the members of a consumer group are heard."},
      {.name = "consumer.session.timeout.ms",
       .type = int32,
       .default_value = "45000",
       .min = 45'000,
       .max = 60'000,
       .synonyms = {{"group.consumer.session.timeout.ms"}},
       .documentation = "After what silence a member leaves its consumer group."},
      {.name = "share.assignment.interval.ms",
       .type = int32,
       .default_value = "1000",
       .min = 0,
       .max = 15'000,
       .synonyms = {{"group.share.assignment.interval.ms"}},
       .documentation = "How long a share group waits between two assignments."},
      {.name = "share.auto.offset.reset",
       .type = string,
       .default_value = "latest",
       .fault = reset_fault,
       .documentation = "Where a share group begins: latest, earliest, by_duration:PT1H."},
      {.name = "share.delivery.count.limit",
       .type = int32,
       .default_value = "5",
       .min = 2,
       .max = 10,
       .synonyms = {{"group.share.delivery.count.limit"}},
       .documentation = "How often a record is delivered at most to a share group."},
      {.name = "share.heartbeat.interval.ms",
       .type = int32,
       .default_value = "5000",
       .min = 5'000,
       .max = 15'000,
       .synonyms = {{"group.share.heartbeat.interval.ms"}},
       .documentation = "How often the members of a share group are heard."},
      {.name = "share.isolation.level",
       .type = string,
       .default_value = "read_uncommitted",
       .allowed = {"read_committed", "read_uncommitted"},
       .documentation = "Whether a share group sees records of transactions that have not ended."},
      {.name = "share.partition.max.record.locks",
       .type = int32,
       .default_value = "2000",
       .min = 100,
       .max = 4'000,
       .synonyms = {{"group.share.partition.max.record.locks"}},
       .documentation = "How many records of a partition a share group holds at most."},
      {.name = "share.record.lock.duration.ms",
       .type = int32,
       .default_value = "30000",
       .min = 15'000,
       .max = 60'000,
       .synonyms = {{"group.share.record.lock.duration.ms"}},
       .documentation = "How long a member of a share group holds a record."},
      {.name = "share.renew.acknowledge.enable",
       .type = boolean,
       .default_value = "true",
       .documentation = "Whether a member of a share group may hold a record for longer."},
      {.name = "share.session.timeout.ms",
       .type = int32,
       .default_value = "45000",
       .min = 45'000,
       .max = 60'000,
       .synonyms = {{"group.share.session.timeout.ms"}},
       .documentation = "After what silence a member leaves its share group."},
      {.name = "streams.assignment.interval.ms",
       .type = int32,
       .default_value = "1000",
       .min = 0,
       .max = 15'000,
       .synonyms = {{"group.streams.assignment.interval.ms"}},
       .documentation = "How long a streams group waits between two assignments."},
      {.name = "streams.heartbeat.interval.ms",
       .type = int32,
       .default_value = "5000",
       .min = 5'000,
       .max = 15'000,
       .synonyms = {{"group.streams.heartbeat.interval.ms"}},
       .documentation = "How often the members of a streams group are heard."},
      {.name = "streams.initial.rebalance.delay.ms",
       .type = int32,
       .default_value = "3000",
       .min = 0,
       .synonyms = {{"group.streams.initial.rebalance.delay.ms"}},
       .documentation = "How long a new streams group waits for more members."},
      {.name = "streams.num.standby.replicas",
       .type = int32,
       .default_value = "0",
       .min = 0,
       .max = 2,
       .synonyms = {{"group.streams.num.standby.replicas"}},
       .documentation = "How many standby copies of its state a streams group keeps."},
      {.name = "streams.session.timeout.ms",
       .type = int32,
       .default_value = "45000",
       .min = 45'000,
       .max = 60'000,
       .synonyms = {{"group.streams.session.timeout.ms"}},
       .documentation = "After what silence a member leaves its streams group."},
  };
}

std::vector<ConfigDefinition> make_client_metrics_table() {
  return {
      {.name = "interval.ms",
       .type = int32,
       .default_value = "300000",
       .min = 100,
       .max = 3'600'000,
       .documentation = "How often clients push their metrics."},
      {.name = "match",
       .type = list,
       .default_value = "",
       .fault = match_fault,
       .documentation = "Which clients are asked: WHAT=PATTERN, all of which must match."},
      {.name = "metrics",
       .type = list,
       .default_value = "",
       .documentation = "Prefixes of the names of metrics; * for all."},
  };
}

}  // namespace

std::span<const ConfigDefinition> group_configs() {
  static const std::vector<ConfigDefinition> kTable = make_group_table();
  return kTable;
}

std::span<const ConfigDefinition> client_metrics_configs() {
  static const std::vector<ConfigDefinition> kTable = make_client_metrics_table();
  return kTable;
}

}  // namespace eventd
