// SPDX-License-Identifier: Apache-2.0
#include "lib/raft/quorum_of_one.h"

#include <doctest/doctest.h>

#include "lib/record/record.h"

using namespace eventd;

namespace {

const Voter kSelf{.id = 3, .directory_id = Uuid{{7, 1}}};

std::vector<ControlType> types_in(Bytes batch) {
  BatchHeader header = *check_batch(batch);
  CHECK(header.is_control());
  std::vector<ControlType> types;
  RecordReader records(records_of(batch), header.record_count);
  Record record;
  while (records.next(record)) types.push_back(*control_type(record));
  CHECK(records.finished().has_value());
  return types;
}

Quorum read_back(Bytes batch) {
  Quorum quorum;
  RecordReader records(records_of(batch), check_batch(batch)->record_count);
  Record record;
  while (records.next(record)) {
    REQUIRE(quorum.apply(*control_type(record), *record.value).has_value());
  }
  return quorum;
}

bool is_refused(std::string_view state) {
  auto parsed = parse_quorum_state(state);
  if (!parsed) CHECK(parsed.error().code == Code::bad_data);
  return !parsed.has_value();
}

}  // namespace

TEST_CASE("the first batch of a log names its leader, its KRaft version and its voter") {
  Quorum quorum = quorum_of(kSelf);
  Buffer batch = leader_change_batch(kSelf, Offset{0}, LeaderEpoch{1}, 1000, &quorum);
  CHECK(types_in(batch) == std::vector{ControlType::leader_change, ControlType::kraft_version,
                                       ControlType::kraft_voters});
  BatchHeader header = *check_batch(batch);
  CHECK(header.base_offset == Offset{0});
  CHECK(header.leader_epoch == LeaderEpoch{1});
  Quorum read = read_back(batch);
  CHECK(read == quorum);
  CHECK(read.kraft_version == 1);
  CHECK(read.voters == std::vector<Quorum::VoterKey>{{3, kSelf.directory_id}});
}

TEST_CASE("a later term tells of its leader alone") {
  Buffer batch = leader_change_batch(kSelf, Offset{40}, LeaderEpoch{2}, 1000);
  CHECK(types_in(batch) == std::vector{ControlType::leader_change});
  CHECK(check_batch(batch)->base_offset == Offset{40});
}

TEST_CASE("a quorum of version 0 has no records") {
  Quorum none;
  Buffer batch = leader_change_batch(kSelf, Offset{0}, LeaderEpoch{1}, 1000, &none);
  CHECK(types_in(batch) == std::vector{ControlType::leader_change});
}

TEST_CASE("a log is led by its only voter, or by whom it names none") {
  CHECK(check_only_voter(Quorum{}, kSelf).has_value());
  Quorum quorum = quorum_of(kSelf);
  CHECK(check_only_voter(quorum, kSelf).has_value());
  Voter other_directory = kSelf;
  other_directory.directory_id = Uuid{{8}};
  CHECK(check_only_voter(quorum, other_directory).error().code == Code::in_use);
  Voter other_node = kSelf;
  other_node.id = 4;
  CHECK(check_only_voter(quorum, other_node).error().code == Code::in_use);
  quorum.voters.push_back({4, Uuid{{8}}});
  CHECK(check_only_voter(quorum, kSelf).error().code == Code::in_use);
}

TEST_CASE("control records that are cut short are refused, others are not looked at") {
  Quorum quorum = quorum_of(kSelf);
  Quorum read;
  for (size_t size = 0; size < quorum.voters_record.size(); size++) {
    Bytes cut = Bytes(quorum.voters_record).first(size);
    CHECK(!read.apply(ControlType::kraft_voters, cut).has_value());
  }
  CHECK(!read.apply(ControlType::kraft_version, {}).has_value());
  CHECK(!read.apply(ControlType::kraft_voters, Buffer{0, 0, 1, 0}).has_value());  // nobody
  CHECK(!read.apply(ControlType::kraft_version, Buffer{0, 0, 0xff, 0xff, 0}).has_value());
  CHECK(read == Quorum{});
  CHECK(read.apply(ControlType::kraft_version, Buffer{0, 0, 0, 1, 0}).has_value());
  CHECK(read.apply(ControlType::leader_change, {}).has_value());
  CHECK(read.apply(static_cast<ControlType>(99), {}).has_value());
}

TEST_CASE("quorum-state is written as Kafka writes it and read in both of its versions") {
  CHECK(encode_quorum_state({1, 4, {}}) ==
        R"({"leaderId":1,"leaderEpoch":4,"votedId":-1,)"
        R"("votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1})");
  auto read = parse_quorum_state(encode_quorum_state({1, 4, {}}));
  REQUIRE(read.has_value());
  CHECK(read->leader_id == 1);
  CHECK(read->leader_epoch == 4);
  auto old = parse_quorum_state(
      R"({"clusterId":"","leaderId":-1,"leaderEpoch":9,"votedId":2,"appliedOffset":0,)"
      R"("currentVoters":[{"voterId":1},{"voterId":2}],"data_version":0})");
  REQUIRE(old.has_value());
  CHECK(old->leader_epoch == 9);
  CHECK(old->voters == std::vector<int32_t>{1, 2});
}

TEST_CASE("a quorum-state without a sound epoch is damage, not epoch 0") {
  for (const char* state :
       {"", "{", "[]", "4", "{}", R"({"leaderId":1})", R"({"leaderId":1,"leaderEpoch":-1})",
        R"({"leaderId":1,"leaderEpoch":2147483647})", R"({"leaderId":1,"leaderEpoch":"4"})",
        R"({"leaderId":1,"leaderEpoch":4.5})", R"({"leaderId":1,"leaderEpoch":1e300})",
        R"({"leaderId":1,"leaderEpoch":18446744073709551615})",
        R"({"leaderId":-7,"leaderEpoch":1})",
        R"({"leaderId":1,"leaderEpoch":1,"currentVoters":[{}]})",
        R"({"leaderId":1,"leaderEpoch":1,"currentVoters":[7]})"}) {
    CAPTURE(state);
    CHECK(is_refused(state));
  }
}
