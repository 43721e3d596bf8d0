// SPDX-License-Identifier: Apache-2.0
// What a loop knows of the cluster: the metadata image and the partitions that this broker leads.
//
// Both are immutable and replaced together, by a post to each loop; a request keeps the view with
// which it began.
#pragma once

#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/base/uuid.h"
#include "lib/broker/partition.h"
#include "lib/cluster/image.h"

namespace eventd {

// By topic id, then by partition number; null where another broker leads or the log did not open.
class PartitionTable {
 public:
  using Partitions = std::vector<std::shared_ptr<Partition>>;  // shared with requests under way

  std::shared_ptr<Partition> find(const Uuid& topic_id, int32_t partition) const {
    auto found = topics_.find(topic_id);
    if (found == topics_.end() || partition < 0) return nullptr;
    auto index = static_cast<size_t>(partition);
    return index < found->second->size() ? (*found->second)[index] : nullptr;
  }
  const auto& topics() const { return topics_; }
  void set(const Uuid& topic_id, Partitions partitions) {
    topics_[topic_id] = std::make_shared<const Partitions>(std::move(partitions));
  }
  void erase(const Uuid& topic_id) { topics_.erase(topic_id); }

 private:
  // Shared between one table and the next.
  std::unordered_map<Uuid, std::shared_ptr<const Partitions>> topics_;
};

struct View {
  std::shared_ptr<const Image> image;                // shared by loops and requests
  std::shared_ptr<const PartitionTable> partitions;  // likewise
};

}  // namespace eventd
