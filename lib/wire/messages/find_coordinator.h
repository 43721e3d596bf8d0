// SPDX-License-Identifier: Apache-2.0
// FindCoordinator: the broker that keeps a group or a transactional id.
#pragma once

#include "lib/wire/message.h"

namespace eventd {

struct FindCoordinatorResponse {
  static constexpr Api api{.key = ApiKey::find_coordinator, .versions = {0, 6}, .flexible = 3};

  struct Coordinator {
    std::string_view key;
    int32_t node_id = 0;
    std::string_view host;
    int32_t port = 0;
    int16_t error_code = 0;
    std::optional<std::string_view> error_message;
    bool operator==(const Coordinator&) const = default;
    static void describe(auto& m, auto& f) {
      f("Key", m.key, since(4));
      f("NodeId", m.node_id, since(4));
      f("Host", m.host, since(4));
      f("Port", m.port, since(4));
      f("ErrorCode", m.error_code, since(4));
      f("ErrorMessage", m.error_message, since(4), ignorable);
    }
  };

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  std::optional<std::string_view> error_message;
  int32_t node_id = 0;
  std::string_view host;
  int32_t port = 0;
  std::vector<Coordinator> coordinators;

  static void describe(auto& m, auto& f) {
    f("ThrottleTimeMs", m.throttle_time_ms, since(1), ignorable);
    f("ErrorCode", m.error_code, until(3));
    f("ErrorMessage", m.error_message, since(1), until(3), ignorable);
    f("NodeId", m.node_id, until(3));
    f("Host", m.host, until(3));
    f("Port", m.port, until(3));
    f("Coordinators", m.coordinators, since(4));
  }
};

// Up to 3 one key, from 4 on several.
struct FindCoordinatorRequest {
  static constexpr Api api{.key = ApiKey::find_coordinator, .versions = {0, 6}, .flexible = 3};
  using Response = FindCoordinatorResponse;

  std::string_view key;
  int8_t key_type = 0;
  std::vector<std::string_view> coordinator_keys;

  static void describe(auto& m, auto& f) {
    f("Key", m.key, until(3));
    f("KeyType", m.key_type, since(1));
    f("CoordinatorKeys", m.coordinator_keys, since(4));
  }
};

}  // namespace eventd
