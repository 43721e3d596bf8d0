// SPDX-License-Identifier: Apache-2.0
#include "lib/raft/quorum_of_one.h"

#include <nlohmann/json.hpp>

#include "lib/base/ensure.h"
#include "lib/base/text.h"
#include "lib/record/builder.h"
#include "lib/record/control.h"
#include "lib/wire/messages/control_records.h"

namespace eventd {

namespace {

template <class M>
void add_control(BatchBuilder& batch, int64_t now_ms, ControlType type, const M& message) {
  Buffer value;
  Writer out(value);
  Result<void> encoded = encode(message, 0, out);
  ENSURE(encoded.has_value());
  append_control(batch, now_ms, type, value);
}

}  // namespace

void add_quorum_records(BatchBuilder& batch, const Voter& self, int64_t now_ms);

Buffer leader_change_batch(const Voter& self, Offset base, LeaderEpoch epoch, int64_t now_ms,
                           bool first) {
  BatchBuilder batch;
  LeaderChangeMessage change;
  change.leader_id = self.id;
  change.voters.emplace_back().voter_id = self.id;
  change.granting_voters.emplace_back().voter_id = self.id;
  add_control(batch, now_ms, ControlType::leader_change, change);
  if (first) add_quorum_records(batch, self, now_ms);
  Result<Buffer> finished =
      batch.finish({.base_offset = base, .leader_epoch = epoch, .control = true});
  ENSURE(finished.has_value());
  return std::move(*finished);
}

void add_quorum_records(BatchBuilder& batch, const Voter& self, int64_t now_ms) {
  KRaftVersionRecord version;
  version.k_raft_version = 1;
  add_control(batch, now_ms, ControlType::kraft_version, version);
  VotersRecord voters;
  auto& voter = voters.voters.emplace_back();
  voter.voter_id = self.id;
  voter.voter_directory_id = self.directory_id;
  auto& endpoint = voter.endpoints.emplace_back();
  endpoint.name = "CONTROLLER";
  endpoint.host = self.host;
  endpoint.port = self.port;
  voter.k_raft_version_feature.min_supported_version = 0;
  voter.k_raft_version_feature.max_supported_version = 1;
  add_control(batch, now_ms, ControlType::kraft_voters, voters);
}

std::string encode_quorum_state(const QuorumState& state) {
  return text("{\"leaderId\":", state.leader_id, ",\"leaderEpoch\":", state.leader_epoch,
              ",\"votedId\":-1,\"votedDirectoryId\":\"", Uuid{}, "\",\"data_version\":1}");
}

Result<QuorumState> parse_quorum_state(std::string_view json) {
  try {
    nlohmann::json state = nlohmann::json::parse(json);
    return QuorumState{state.at("leaderId").get<int32_t>(), state.at("leaderEpoch").get<int32_t>()};
  } catch (const nlohmann::json::exception& error) {
    return fail(Code::bad_data, text("quorum-state: ", printable(error.what())));
  }
}

}  // namespace eventd
