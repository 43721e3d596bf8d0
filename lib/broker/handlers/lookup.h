// SPDX-License-Identifier: Apache-2.0
// From the names in a request to partitions that this broker leads. Only the handlers include this.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "lib/base/result.h"
#include "lib/broker/partition.h"
#include "lib/broker/request.h"

namespace eventd {

// A topic as a request names it: by name, or, with a name that is empty, by id.
struct TopicName {
  std::string_view name;
  std::optional<Uuid> id;  // nothing: this API or version has no ids
};

// Of a Produce or a Fetch: both name topics by id from version 13 on.
TopicName topic_name(const Request& request, std::string_view name, const Uuid& id);

// The partition, if its topic exists and this broker leads it; else the code that a client gets.
Result<std::shared_ptr<Partition>> find_partition(const Request& request, const TopicName& topic,
                                                  int32_t partition);

// Whether brokers keep their own state in the topic: clients may read but not write it.
bool is_internal(std::string_view topic);

// The leader epoch that a client believes in; -1 believes nothing.
Result<void> check_leader_epoch(const Partition& partition, int32_t current_leader_epoch);

}  // namespace eventd
