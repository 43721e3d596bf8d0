// SPDX-License-Identifier: Apache-2.0
// What a broker remembers of a client's fetches (KIP-227): once it has granted a session, a
// question names only what has changed since the one before, and its answer only partitions that
// have news.
//
// A session is asked for with the second question for more than one partition: whoever asks once,
// or for one partition, gains nothing by it, and a broker has room for few. Where none is granted,
// every question names everything, as without sessions. When a question was lost, or the broker has
// forgotten the session, the next one begins anew.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "lib/base/uuid.h"
#include "lib/client/client.h"
#include "lib/wire/messages/fetch.h"

namespace eventd {

class FetchSession {
 public:
  struct Partition {
    const TopicPartition* name;  // at its one address, for as long as the session is used
    Uuid topic_id;
    int64_t offset;
  };

  // Puts into a request what must be asked so that the answer is about `wanted`. Each question is
  // followed by one of the three below.
  void ask(const std::vector<Partition>& wanted, int32_t partition_bytes_max,
           FetchRequest& request);
  void answered(const FetchResponse& response);
  // Whether only the session was refused: then the question may be asked anew at once. Not twice in
  // a row.
  bool refused(Code code);
  // No answer came, or another error.
  void lost();

  // A question that ends the session, if there is one.
  std::optional<FetchRequest> end();

 private:
  struct Known {
    Uuid topic_id;
    int64_t offset = 0;
    size_t asked_in = 0;  // the number of the last question that was about it
  };
  bool is_incremental(const std::vector<Partition>& wanted) const;

  int32_t id_ = 0;      // none
  int32_t epoch_ = 0;   // of the next question; 0 begins a session, and ends the one with that id
  bool asked_ = false;  // the last question was within a session, or for one
  bool was_refused_ = false;
  size_t questions_ = 0;
  std::unordered_map<const TopicPartition*, Known> known_;  // by the broker
};

}  // namespace eventd
