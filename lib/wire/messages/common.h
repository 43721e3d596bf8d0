// SPDX-License-Identifier: Apache-2.0
// Structures that the messages of several APIs share. Where one is, the message itself says by the
// versions of its field.
#pragma once

#include "lib/wire/message.h"

namespace eventd {

struct LeaderIdAndEpoch {
  int32_t leader_id = -1;
  int32_t leader_epoch = -1;
  bool operator==(const LeaderIdAndEpoch&) const = default;
  static void describe(auto& m, auto& f) {
    f("LeaderId", m.leader_id);
    f("LeaderEpoch", m.leader_epoch);
  }
};

struct NodeEndpoint {
  int32_t node_id = 0;
  std::string_view host;
  int32_t port = 0;
  std::optional<std::string_view> rack;
  bool operator==(const NodeEndpoint&) const = default;
  static void describe(auto& m, auto& f) {
    f("NodeId", m.node_id);
    f("Host", m.host);
    f("Port", m.port);
    f("Rack", m.rack);
  }
};

}  // namespace eventd
