// SPDX-License-Identifier: Apache-2.0
// Topics and their configs as a document that people keep in git:
//
//   {"topics":{"orders":{"config":{"retention.ms":"604800000"},"partitions":6,
//                        "replication_factor":3}}}
//
// Sorted by name, without what is default anyway: the same topics give the same bytes. What a
// document leaves out of a topic (all but its name may be) is not looked at.
//
// Pure: two documents make a plan, and nothing is asked or done.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/client/admin.h"

namespace eventd {

struct TopicDocument {
  std::optional<int32_t> partitions;
  std::optional<int16_t> replication_factor;
  std::optional<std::map<std::string, std::string>> config;
  bool operator==(const TopicDocument&) const = default;
};
using TopicsDocument = std::map<std::string, TopicDocument>;

std::string print_document(const TopicsDocument& document);
// bad_data with what is wrong and where: unknown names, numbers out of range, values that are
// neither text, number nor bool. Values of configs become Kafka's units.
Result<TopicsDocument> parse_document(std::string_view text);

// What must happen to a topic. What cannot happen stands in `error`, beside the rest.
struct TopicStep {
  enum class Kind { create, alter, remove };
  Kind kind = Kind::alter;
  std::string topic;
  int32_t partitions = -1;  // of a new one, -1 the broker's default; or the new total, -1 as it is
  int16_t replication_factor = -1;  // of a new one
  std::vector<ConfigAssignment> configs;
  std::string differs;  // {"key":[is,wanted]}
  Error error{Code::none, "", 0};
};

// What makes `is` as `wanted` has it, in order of the names. With `prune` what is not wanted goes.
std::vector<TopicStep> plan_topics(const TopicsDocument& is, const TopicsDocument& wanted,
                                   bool prune);

}  // namespace eventd
