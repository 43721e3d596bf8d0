// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/consume/topic_finder.h"

#include <algorithm>
#include <utility>

#include "lib/base/text.h"

namespace eventd {

bool TopicFinder::is_wanted(const TopicInfo& topic) const {
  if (options_.patterns.empty()) return true;
  // As Kafka's consumers do by default, a pattern leaves out what is not the user's.
  if (topic.internal || topic.error != Code::none) return false;
  return std::ranges::any_of(options_.patterns,
                             [&](const Pattern& pattern) { return pattern.is_whole(topic.name); });
}

void TopicFinder::miss(const std::string& topic, Code code) {
  if (std::exchange(missing_[topic], code) == code) return;
  Error error{code, text("topic ", printable(topic), ": ", name_of(code)), 0};
  if (!options_.patterns.empty()) error.message = text("no topic matches ", printable(topic));
  bool is_glob = topic.find_first_of("*?[") != std::string::npos;
  if (code == Code::invalid_topic_exception && is_glob) {
    error.message += "; --regex takes an expression, as 'log-.*'";
  }
  if (options_.follow) {
    complain(line_.tool(), text(error.message, "; waiting for it"));
  } else {
    status_ = worse_exit(status_, complain(line_.tool(), error));
  }
}

Result<void> TopicFinder::add_partitions(const TopicInfo& topic, PartitionRanges& ranges) const {
  auto count = static_cast<int32_t>(topic.partitions.size());
  auto check = [&](int32_t number) -> Result<void> {
    if (number < count && source_.has({topic.name, number})) return {};
    return fail(Code::invalid_partitions,
                text("topic ", topic.name, " has no partition ", number, ", but ", count));
  };
  for (int32_t number : options_.partitions) {
    if (Result<void> there = check(number); !there) return there;
  }
  bool by_list = options_.from && !options_.from->all;
  if (by_list) {
    for (const auto& [number, position] : options_.from->by_partition) {
      if (Result<void> there = check(number); !there) return there;
    }
  }
  for (const auto& [given, until] : options_.until) {
    for (const auto& [number, position] : until.by_partition) {
      if (Result<void> there = check(number); !there) return there;
    }
  }
  for (int32_t number = 0; number < count; number++) {
    bool wanted = options_.partitions.empty() ||
                  std::ranges::find(options_.partitions, number) != options_.partitions.end();
    if (by_list && !options_.from->by_partition.contains(number)) wanted = false;
    if (!source_.has({topic.name, number})) wanted = false;
    if (wanted) ranges.try_emplace({topic.name, number});
  }
  return {};
}

Task<Result<size_t>> TopicFinder::look(PartitionRanges& ranges) {
  std::vector<std::string> names;
  if (options_.patterns.empty()) names = options_.topics;
  Result<std::vector<TopicInfo>> topics = co_await source_.topics(std::move(names));
  if (!topics) co_return pass(topics);
  size_t found = 0;
  for (const TopicInfo& topic : *topics) {
    if (!is_wanted(topic)) continue;
    if (topic.error != Code::none) {
      miss(topic.name, topic.error);
      continue;
    }
    missing_.erase(topic.name);
    found++;
    Result<void> added = add_partitions(topic, ranges);
    if (!added) co_return pass(added);
  }
  if (found == 0 && !options_.patterns.empty()) {
    miss(options_.topics.front(), Code::unknown_topic_or_partition);
  }
  co_return found;
}

}  // namespace eventd
