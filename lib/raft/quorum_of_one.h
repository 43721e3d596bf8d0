// SPDX-License-Identifier: Apache-2.0
// A metadata quorum with a single voter: what KRaft writes when such a node becomes the leader.
//
// The first batch of the log is a control batch with LeaderChange, KRaftVersion 1 and KRaftVoters;
// each later term of leadership begins with a LeaderChange in a higher epoch. The file quorum-state
// holds the epoch that was last seen: {"leaderId":1,"leaderEpoch":4,"votedId":-1,..}.
//
// Voters are in the log from KRaftVersion 1 on; with version 0 they stand in every node's
// configuration, and quorum-state (data version 0) names them. Whatever a log says of its quorum is
// kept, and a log with other voters than this node is not ours to lead.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/ids.h"
#include "lib/base/result.h"
#include "lib/base/uuid.h"
#include "lib/record/builder.h"
#include "lib/record/control.h"

namespace eventd {

struct Voter {
  int32_t id = 1;
  Uuid directory_id;
  std::string host = "127.0.0.1";  // of a CONTROLLER endpoint, which nobody needs to reach
  uint16_t port = 9093;
};

// What the control records of a metadata log say of its quorum.
struct Quorum {
  struct VoterKey {
    int32_t id = 0;
    Uuid directory_id;
    bool operator==(const VoterKey&) const = default;
  };
  int16_t kraft_version = 0;
  std::vector<VoterKey> voters;  // none with version 0
  Buffer voters_record;          // the record of them as it came, for snapshots
  bool operator==(const Quorum&) const = default;

  // Takes in one control record's value; types that say nothing of the quorum change nothing.
  Result<void> apply(ControlType type, Bytes value);
};

// A new quorum: version 1 and this voter.
Quorum quorum_of(const Voter& self);
// The records of it: the version and the voters, if it has any to tell.
void add_quorum_records(BatchBuilder& batch, const Quorum& quorum, int64_t now_ms);
// in_use if other nodes, or this one with another directory, decide over the log.
Result<void> check_only_voter(const Quorum& quorum, const Voter& self);

// The batch with which leadership begins. The first of a whole log tells its quorum too.
Buffer leader_change_batch(const Voter& self, Offset base, LeaderEpoch epoch, int64_t now_ms,
                           const Quorum* first = nullptr);

struct QuorumState {
  int32_t leader_id = -1;
  int32_t leader_epoch = 0;
  std::vector<int32_t> voters;  // of data version 0; not written
};
std::string encode_quorum_state(const QuorumState& state);
// Of data version 0 or 1, as Kafka writes it. Refuses an epoch that has no successor.
Result<QuorumState> parse_quorum_state(std::string_view json);

}  // namespace eventd
