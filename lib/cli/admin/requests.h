// SPDX-License-Identifier: Apache-2.0
// The changes of topics that event-admin asks for: as many at once as a broker takes, answered item
// by item in the order of the items. An item that the broker says nothing about has failed.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "lib/cli/admin/run.h"

namespace eventd {

struct ItemError {
  Code code = Code::none;
  std::string message;
};

struct TopicCreation {
  std::string topic;
  int32_t partitions = -1;  // -1: the broker's default
  int16_t replication_factor = -1;
  std::vector<ConfigAssignment> configs;
};

struct PartitionTotal {
  std::string topic;
  int32_t total = 0;
};

struct Trimmed {
  ItemError error{Code::unknown_server_error, "the broker did not say what became of it"};
  int64_t start = 0;  // of the log, afterwards
};

Task<Result<std::vector<ItemError>>> request_creations(AdminRun& run,
                                                       const std::vector<TopicCreation>* items,
                                                       bool validate_only);
Task<Result<std::vector<ItemError>>> request_deletions(AdminRun& run,
                                                       const std::vector<std::string>* topics);
Task<Result<std::vector<ItemError>>> request_totals(AdminRun& run,
                                                    const std::vector<PartitionTotal>* items,
                                                    bool validate_only);
// Leaders that move are found again for some seconds.
Task<std::map<TopicPartition, Trimmed>> request_trims(AdminRun& run,
                                                      const AdminRun::Offsets* until);

}  // namespace eventd
