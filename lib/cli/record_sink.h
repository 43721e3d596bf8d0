// SPDX-License-Identifier: Apache-2.0
// What becomes of the records that pass: text on stdout (TextSink), files, sums.
//
// An error of a sink ends the run, with the exit code of that error (4 for the disk).
#pragma once

#include <cstdint>

#include "lib/base/result.h"
#include "lib/client/fetcher.h"

namespace eventd {

class RecordSink {
 public:
  virtual ~RecordSink() = default;

  // Whether its records show on a terminal, among which nothing else is to stand.
  virtual bool is_on_terminal() const { return false; }
  // Before a partition's first record: what the run will read of it, [from, until); INT64_MAX where
  // it follows. Where to begin: `from` or later; an
  // offset before it if records from there on, which are gone, were still wanted.
  virtual Result<int64_t> begin(const TopicPartition& partition, int64_t from, int64_t until) {
    (void)partition;
    (void)until;
    return from;
  }
  // Whether a topic that was made anew may follow the one before it, from its first record on.
  virtual bool takes_remade() const { return false; }
  // A record that passed the filters. Its views hold for the call.
  virtual Result<void> take(const FetchedRecord& record) = 0;
  // A fetched batch is drained, or nothing comes for a while.
  virtual Result<void> drained() = 0;
  // All before `position` was handed over. Follows a batch, not each record.
  virtual Result<void> reached(const TopicPartition& partition, int64_t position) {
    (void)partition;
    (void)position;
    return {};
  }
  // Nothing follows. `complete`: the run ended by an end of its own, not by an error, the timeout
  // or a signal.
  virtual Result<void> finish(bool complete) = 0;
};

}  // namespace eventd
