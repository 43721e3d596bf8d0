// SPDX-License-Identifier: Apache-2.0
// SaslHandshake and SaslAuthenticate: which mechanism, then its messages.
#pragma once

#include "lib/wire/message.h"

namespace eventd {

struct SaslHandshakeResponse {
  static constexpr Api api{.key = ApiKey::sasl_handshake, .versions = {0, 1}};

  int16_t error_code = 0;
  std::vector<std::string_view> mechanisms;

  static void describe(auto& m, auto& f) {
    f("ErrorCode", m.error_code);
    f("Mechanisms", m.mechanisms);
  }
};

// After 0 the mechanism's messages are sent without headers; after 1 in SaslAuthenticate.
struct SaslHandshakeRequest {
  static constexpr Api api{.key = ApiKey::sasl_handshake, .versions = {0, 1}};
  using Response = SaslHandshakeResponse;

  std::string_view mechanism;

  static void describe(auto& m, auto& f) { f("Mechanism", m.mechanism); }
};

struct SaslAuthenticateResponse {
  static constexpr Api api{.key = ApiKey::sasl_authenticate, .versions = {0, 2}, .flexible = 2};

  int16_t error_code = 0;
  std::optional<std::string_view> error_message;
  Bytes auth_bytes;
  int64_t session_lifetime_ms = 0;  // After it the broker takes only another authentication.

  static void describe(auto& m, auto& f) {
    f("ErrorCode", m.error_code);
    f("ErrorMessage", m.error_message);
    f("AuthBytes", m.auth_bytes);
    f("SessionLifetimeMs", m.session_lifetime_ms, since(1), ignorable);
  }
};

struct SaslAuthenticateRequest {
  static constexpr Api api{.key = ApiKey::sasl_authenticate, .versions = {0, 2}, .flexible = 2};
  using Response = SaslAuthenticateResponse;

  Bytes auth_bytes;

  static void describe(auto& m, auto& f) { f("AuthBytes", m.auth_bytes); }
};

}  // namespace eventd
