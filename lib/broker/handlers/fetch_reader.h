// SPDX-License-Identifier: Apache-2.0
// What a Fetch finds in its partitions, and its waiting for more. Only handlers/fetch.cc includes
// this.
//
// All partitions are read once; after a wake-up only those whose watermark has moved, so that a
// session over thousands costs a look at each, not a read. What is not in the page cache is read on
// the disk pool, where its checksums are looked at too.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "lib/broker/fetch_sessions.h"
#include "lib/broker/partition.h"
#include "lib/broker/request.h"

namespace eventd {

// What was found for one partition that is wanted.
struct FetchFound {
  std::shared_ptr<Partition> partition;  // shared with the view; null if there is none
  Code error = Code::none;
  LogSlice slice;
  Offset high_watermark = kNoOffset;
  Offset last_stable = kNoOffset;
  Offset log_start = kNoOffset;
  std::optional<EpochEnd> diverging;
  bool cold = false;     // not in the page cache: `slice` is not known yet
  bool watched = false;  // the ticket waits for its watermark
};

struct FetchRules {
  Isolation isolation = Isolation::high_watermark;
  int32_t bytes_max = 0;
  int32_t bytes_min = 0;
  Instant deadline{};
};

class FetchReader {
 public:
  // The request and the wants outlive the reader.
  FetchReader(Request& request, const std::vector<FetchWant>& wants, const FetchRules& rules)
      : request_(request), wants_(wants), rules_(rules) {}
  ~FetchReader();
  FetchReader(const FetchReader&) = delete;
  FetchReader& operator=(const FetchReader&) = delete;

  // Until there are enough bytes, an error, the deadline, or the request gives up.
  Task<void> read_or_wait();
  // An element for each want, in their order.
  std::vector<FetchFound>& found() { return found_; }

 private:
  FetchFound read(const FetchWant& want, int64_t budget, bool first, Patience patience) const;
  Task<void> read_all();
  void read_moved();
  Task<void> read_cold();
  void read_from_disk(size_t index);
  bool has_moved(const FetchFound& found) const;
  int64_t total_bytes() const;
  bool is_enough() const;
  Task<void> wait_for_more();

  Request& request_;
  const std::vector<FetchWant>& wants_;
  const FetchRules rules_;
  std::vector<FetchFound> found_;
  TicketPointer ticket_;  // shared with the partitions that are watched
};

}  // namespace eventd
