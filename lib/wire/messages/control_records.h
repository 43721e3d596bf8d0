// SPDX-License-Identifier: Apache-2.0
// What control records of the metadata log and its snapshots hold. Their keys, and the end of a
// transaction, stand in lib/record/control.h.
#pragma once

#include "lib/wire/message.h"

namespace eventd {

struct LeaderChangeMessage {
  static constexpr Format format{.versions = {0, 1}, .flexible = 0};

  struct Voter {
    int32_t voter_id = 0;
    Uuid voter_directory_id;
    bool operator==(const Voter&) const = default;
    static void describe(auto& m, auto& f) {
      f("VoterId", m.voter_id);
      f("VoterDirectoryId", m.voter_directory_id, since(1));
    }
  };

  int16_t version = 0;
  int32_t leader_id = 0;
  std::vector<Voter> voters;
  std::vector<Voter> granting_voters;

  static void describe(auto& m, auto& f) {
    f("Version", m.version);
    f("LeaderId", m.leader_id);
    f("Voters", m.voters);
    f("GrantingVoters", m.granting_voters);
  }
};

struct SnapshotHeaderRecord {
  static constexpr Format format{.versions = {0, 0}, .flexible = 0};

  int16_t version = 0;
  int64_t last_contained_log_timestamp = 0;

  static void describe(auto& m, auto& f) {
    f("Version", m.version);
    f("LastContainedLogTimestamp", m.last_contained_log_timestamp);
  }
};

struct SnapshotFooterRecord {
  static constexpr Format format{.versions = {0, 0}, .flexible = 0};

  int16_t version = 0;

  static void describe(auto& m, auto& f) { f("Version", m.version); }
};

struct KRaftVersionRecord {
  static constexpr Format format{.versions = {0, 0}, .flexible = 0};

  int16_t version = 0;
  int16_t k_raft_version = 0;

  static void describe(auto& m, auto& f) {
    f("Version", m.version);
    f("KRaftVersion", m.k_raft_version);
  }
};

struct VotersRecord {
  static constexpr Format format{.versions = {0, 0}, .flexible = 0};

  struct Endpoint {
    std::string_view name;
    std::string_view host;
    uint16_t port = 0;
    bool operator==(const Endpoint&) const = default;
    static void describe(auto& m, auto& f) {
      f("Name", m.name);
      f("Host", m.host);
      f("Port", m.port);
    }
  };
  struct KRaftVersionFeature {
    int16_t min_supported_version = 0;
    int16_t max_supported_version = 0;
    bool operator==(const KRaftVersionFeature&) const = default;
    static void describe(auto& m, auto& f) {
      f("MinSupportedVersion", m.min_supported_version);
      f("MaxSupportedVersion", m.max_supported_version);
    }
  };
  struct Voter {
    int32_t voter_id = 0;
    Uuid voter_directory_id;
    std::vector<Endpoint> endpoints;
    KRaftVersionFeature k_raft_version_feature;
    static void describe(auto& m, auto& f) {
      f("VoterId", m.voter_id);
      f("VoterDirectoryId", m.voter_directory_id);
      f("Endpoints", m.endpoints);
      f("KRaftVersionFeature", m.k_raft_version_feature);
    }
  };

  int16_t version = 0;
  std::vector<Voter> voters;

  static void describe(auto& m, auto& f) {
    f("Version", m.version);
    f("Voters", m.voters);
  }
};

}  // namespace eventd
