// SPDX-License-Identifier: Apache-2.0
// Where a run reads from: the topics of a cluster (BrokerSource), or files.
//
// Reading asks what there is and where it begins and ends, adds partitions, and runs the source,
// which hands records to the callbacks in the order of each partition. A TopicPartition that a
// callback is given stays at its address for the whole run, one address for each partition: whoever
// keeps something by partition need not search for it with every record.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/result.h"
#include "lib/client/client.h"
#include "lib/client/fetcher.h"
#include "lib/net/task.h"

namespace eventd {

class RecordSource {
 public:
  using Offsets = std::map<TopicPartition, int64_t>;
  using Times = std::vector<std::pair<TopicPartition, int64_t>>;

  virtual ~RecordSource() = default;

  // Before anything runs. What they refer to outlives the source.
  virtual void set_callbacks(Fetcher::Callbacks callbacks) = 0;
  // Topics by name; all there are if `names` is empty. What is not there has its error set.
  virtual Task<Result<std::vector<TopicInfo>>> topics(std::vector<std::string> names) = 0;
  // Whether a partition of a topic that was found is there: files may be of some only.
  virtual bool has(const TopicPartition& partition) const {
    (void)partition;
    return true;
  }
  // Offsets by timestamp in ms: -1 the end, -2 the start, else the first at or after it; -1 is
  // answered where there is none.
  virtual Task<Result<Offsets>> offsets(Times wanted) = 0;
  // Reads the partition from `offset` on, also while it runs, and again after it was done: with
  // the next round.
  virtual void add(const TopicPartition& partition, int64_t offset) = 0;
  // Until every partition is done, or a callback says stop. Can be called again, after more was
  // added.
  virtual Task<Result<void>> run() = 0;
  // run() ends soon.
  virtual void stop() = 0;
  // What waits fails, and what comes later.
  virtual void close() = 0;
};

}  // namespace eventd
