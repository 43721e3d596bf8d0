// SPDX-License-Identifier: Apache-2.0
#include "lib/raft/quorum_of_one.h"

#include <nlohmann/json.hpp>

#include "lib/base/ensure.h"
#include "lib/base/text.h"
#include "lib/wire/messages/control_records.h"

namespace eventd {

namespace {

constexpr int16_t kKRaftVersion = 1;

template <class M>
Buffer encoded(const M& message) {
  Buffer value;
  Writer out(value);
  Result<void> done = encode(message, 0, out);
  ENSURE(done.has_value());
  return value;
}

// -2, which is never right, for what is no whole number.
int64_t integer(const nlohmann::json& value) {
  return value.is_number_integer() ? value.get<int64_t>() : -2;
}

}  // namespace

Result<void> Quorum::apply(ControlType type, Bytes value) {
  if (type == ControlType::kraft_version) {
    auto record = decode<KRaftVersionRecord>(value, 0);
    if (!record) return pass(record, "the version of the quorum");
    if (record->k_raft_version < 0) {
      return fail(Code::bad_data, text("the quorum has version ", record->k_raft_version));
    }
    kraft_version = record->k_raft_version;
  }
  if (type == ControlType::kraft_voters) {
    auto record = decode<VotersRecord>(value, 0);
    if (!record) return pass(record, "the voters of the quorum");
    if (record->voters.empty()) return fail(Code::bad_data, "the quorum has no voters");
    voters.clear();
    for (const auto& voter : record->voters) {
      voters.push_back({voter.voter_id, voter.voter_directory_id});
    }
    voters_record.assign(value.begin(), value.end());
  }
  return {};
}

Quorum quorum_of(const Voter& self) {
  VotersRecord record;
  auto& voter = record.voters.emplace_back();
  voter.voter_id = self.id;
  voter.voter_directory_id = self.directory_id;
  auto& endpoint = voter.endpoints.emplace_back();
  endpoint.name = "CONTROLLER";
  endpoint.host = self.host;
  endpoint.port = self.port;
  voter.k_raft_version_feature.min_supported_version = 0;
  voter.k_raft_version_feature.max_supported_version = kKRaftVersion;
  Quorum quorum;
  quorum.kraft_version = kKRaftVersion;
  quorum.voters.push_back({self.id, self.directory_id});
  quorum.voters_record = encoded(record);
  return quorum;
}

void add_quorum_records(BatchBuilder& batch, const Quorum& quorum, int64_t now_ms) {
  if (quorum.kraft_version > 0) {
    KRaftVersionRecord version;
    version.k_raft_version = quorum.kraft_version;
    append_control(batch, now_ms, ControlType::kraft_version, encoded(version));
  }
  if (!quorum.voters.empty()) {
    append_control(batch, now_ms, ControlType::kraft_voters, quorum.voters_record);
  }
}

Result<void> check_only_voter(const Quorum& quorum, const Voter& self) {
  if (quorum.voters.empty()) return {};
  if (quorum.voters.size() > 1) {
    return fail(Code::in_use, text("the metadata belongs to a quorum of ", quorum.voters.size(),
                                   " controllers, of which one alone must not lead"));
  }
  const Quorum::VoterKey& voter = quorum.voters.front();
  if (voter.id != self.id || voter.directory_id != self.directory_id) {
    return fail(Code::in_use, text("the metadata belongs to controller ", voter.id,
                                   " with the directory ", voter.directory_id, ", not to node ",
                                   self.id, " with ", self.directory_id));
  }
  return {};
}

Buffer leader_change_batch(const Voter& self, Offset base, LeaderEpoch epoch, int64_t now_ms,
                           const Quorum* first) {
  BatchBuilder batch;
  LeaderChangeMessage change;
  change.leader_id = self.id;
  change.voters.emplace_back().voter_id = self.id;
  change.granting_voters.emplace_back().voter_id = self.id;
  append_control(batch, now_ms, ControlType::leader_change, encoded(change));
  if (first != nullptr) add_quorum_records(batch, *first, now_ms);
  Result<Buffer> finished =
      batch.finish({.base_offset = base, .leader_epoch = epoch, .control = true});
  ENSURE(finished.has_value());
  return std::move(*finished);
}

std::string encode_quorum_state(const QuorumState& state) {
  return text("{\"leaderId\":", state.leader_id, ",\"leaderEpoch\":", state.leader_epoch,
              ",\"votedId\":-1,\"votedDirectoryId\":\"", Uuid{}, "\",\"data_version\":1}");
}

Result<QuorumState> parse_quorum_state(std::string_view json) {
  try {
    nlohmann::json parsed = nlohmann::json::parse(json);
    int64_t leader = integer(parsed.at("leaderId"));
    int64_t epoch = integer(parsed.at("leaderEpoch"));
    if (leader < -1 || leader > INT32_MAX || epoch < 0 || epoch >= INT32_MAX) {
      return fail(Code::bad_data, text("quorum-state: leader ", leader, " in epoch ", epoch));
    }
    QuorumState state{static_cast<int32_t>(leader), static_cast<int32_t>(epoch), {}};
    if (auto voters = parsed.find("currentVoters"); voters != parsed.end() && voters->is_array()) {
      for (const nlohmann::json& voter : *voters) {
        state.voters.push_back(static_cast<int32_t>(integer(voter.at("voterId"))));
      }
    }
    return state;
  } catch (const nlohmann::json::exception& error) {
    return fail(Code::bad_data, text("quorum-state: ", printable(error.what())));
  }
}

}  // namespace eventd
