// SPDX-License-Identifier: Apache-2.0
// A metadata quorum with a single voter: what KRaft writes when such a node becomes the leader.
//
// The first batch of the log is a control batch with LeaderChange, KRaftVersion 1 and KRaftVoters;
// each later term of leadership begins with a LeaderChange in a higher epoch. The file quorum-state
// holds the epoch that was last seen: {"leaderId":1,"leaderEpoch":4,"votedId":-1,..}.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/ids.h"
#include "lib/base/result.h"
#include "lib/base/uuid.h"

namespace eventd {

struct Voter {
  int32_t id = 1;
  Uuid directory_id;
  std::string host = "127.0.0.1";  // of a CONTROLLER endpoint, which nobody needs to reach
  uint16_t port = 9093;
};

// The batch with which leadership begins. `first` of the whole log: with version and voters.
Buffer leader_change_batch(const Voter& self, Offset base, LeaderEpoch epoch, int64_t now_ms,
                           bool first);

struct QuorumState {
  int32_t leader_id = -1;
  int32_t leader_epoch = 0;
};
std::string encode_quorum_state(const QuorumState& state);
// Of data version 0 or 1, as Kafka writes it.
Result<QuorumState> parse_quorum_state(std::string_view json);

}  // namespace eventd
