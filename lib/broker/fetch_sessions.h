// SPDX-License-Identifier: Apache-2.0
// Incremental fetch (KIP-227): the broker remembers which partitions a consumer or follower reads,
// so that requests name only what changed and answers hold only what is new.
//
// A session belongs to a client, not to a connection: requests of one session may come over any
// connection, one at a time. The number of sessions is bounded, and so is that of the partitions in
// all of them. Room is made as in Kafka: by the session that was idle longest, if that is two
// minutes, or by a smaller one that was made two minutes ago; otherwise the client is served
// without a session.
//
// Any thread may call any member.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "lib/base/uuid.h"

namespace eventd {

// A partition as the client names it: by id since Fetch 13, by name before.
struct FetchName {
  Uuid topic_id;
  std::string topic;
  int32_t partition = 0;
  bool operator==(const FetchName&) const = default;
};

struct FetchNameHash {
  size_t operator()(const FetchName& name) const;
};

// What a client wants of one partition.
struct FetchWant {
  FetchName name;
  int64_t fetch_offset = 0;
  int32_t bytes_max = 0;
  int32_t current_leader_epoch = -1;
  int32_t last_fetched_epoch = -1;
};

// What an answer says of one partition, as far as a session must know it.
struct FetchTold {
  int64_t high_watermark = -1;
  int64_t log_start = -1;
  bool has_records = false;
  bool must_be_told = false;  // an error, a diverging epoch
};

class FetchSession {
 public:
  explicit FetchSession(int32_t id) : id_(id) {}
  int32_t id() const { return id_; }

 private:
  friend class FetchSessions;
  struct Entry {
    FetchWant want;
    int64_t told_high_watermark = -1;
    int64_t told_log_start = -1;
  };

  int32_t id_;
  int32_t next_epoch_ = 1;
  Instant created_{};
  Instant last_used_{};
  std::list<Entry> entries_;  // those that were served longest ago first
  std::unordered_map<FetchName, std::list<Entry>::iterator, FetchNameHash> by_name_;
};

// One request: what is to be read, in order, and how the answer is to be filtered.
struct FetchContext {
  std::vector<FetchWant> wants;
  std::shared_ptr<FetchSession> session;  // shared with the cache, which may forget it meanwhile
  bool incremental = false;               // only what changed is told
  bool creates = false;                   // a session is wanted, if there is room
};

class FetchSessions {
 public:
  static constexpr size_t kPartitionsMax = 500'000;  // about 100 MiB

  explicit FetchSessions(size_t slots) : slots_(slots) {}

  // The start of a request. Refuses with fetch_session_id_not_found or invalid_fetch_session_epoch,
  // which are told for the whole request.
  Result<FetchContext> begin(int32_t session_id, int32_t session_epoch,
                             std::vector<FetchWant> wants, const std::vector<FetchName>& forgotten,
                             Instant now);

  // The end: `told` has an element for each of the context's wants. Fills `tell` with whether that
  // partition belongs into the answer, and returns the session id to answer.
  int32_t finish(FetchContext& context, const std::vector<FetchTold>& told, std::vector<bool>& tell,
                 Instant now);

  size_t size() const;
  size_t partitions() const;

 private:
  std::shared_ptr<FetchSession> create(const FetchContext& context, Instant now);
  bool make_room(size_t partitions, Instant now);
  void erase(int32_t id);
  int32_t free_id();

  const size_t slots_;
  mutable std::mutex mutex_;  // covers the sessions themselves too
  std::unordered_map<int32_t, std::shared_ptr<FetchSession>> sessions_;
  size_t partitions_ = 0;  // in all of them
};

}  // namespace eventd
