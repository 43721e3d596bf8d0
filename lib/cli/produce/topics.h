// SPDX-License-Identifier: Apache-2.0
// The topics that a run of event-produce writes into, found once each.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "lib/client/producer.h"

namespace eventd {

// A record where no config of the topic says less.
inline constexpr size_t kProducedRecordMax = 64 << 20;

struct ProduceTopic {
  std::string name;
  int32_t count = 0;     // of partitions
  size_t batch_max = 0;  // its max.message.bytes, where that can be held against a record
  Producer::Topic* lanes = nullptr;
};

class ProduceTopics {
 public:
  // Both outlive this.
  ProduceTopics(Client& client, Producer& producer, bool compresses)
      : client_(client), producer_(producer), compresses_(compresses) {}

  // What is known already; nothing if it was not asked for yet.
  ProduceTopic* known(std::string_view name);
  // Asks the cluster. unknown_topic_or_partition if there is no such topic, which is remembered;
  // one that was made a moment ago has a second to appear. The topic stays as long as this.
  Task<Result<ProduceTopic*>> find(std::string name);

 private:
  struct BatchMax {
    std::optional<size_t> bytes;
    Signal is_there;
  };

  Task<void> ask_batch_max(std::string topic, BatchMax& into);
  Task<size_t> batch_max_of(std::string topic);

  Client& client_;
  Producer& producer_;
  const bool compresses_;
  std::map<std::string, ProduceTopic, std::less<>> topics_;
  std::map<std::string, Error, std::less<>> missing_;
  ProduceTopic* last_ = nullptr;
};

}  // namespace eventd
