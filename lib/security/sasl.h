// SPDX-License-Identifier: Apache-2.0
// The client's side of SASL: PLAIN (RFC 4616), SCRAM (RFC 5802), OAUTHBEARER (RFC 7628), as Kafka
// takes them. Pure: messages in, messages out.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/result.h"

namespace eventd {

enum class SaslMechanism { plain, scram_sha_256, scram_sha_512, oauthbearer };
std::string_view name_of(SaslMechanism mechanism);
std::optional<SaslMechanism> sasl_mechanism_named(std::string_view name);
// Whether whoever listens on the way, or poses as the broker, learns the secret itself.
bool reveals_secret(SaslMechanism mechanism);

struct SaslCredentials {
  SaslMechanism mechanism = SaslMechanism::plain;
  std::string user;
  std::string password;
  // Of OAUTHBEARER, asked anew for each connection: tokens expire.
  std::function<Result<std::string>()> token;
  std::vector<std::pair<std::string, std::string>> extensions;
};

// One exchange.
class SaslExchange {
 public:
  virtual ~SaslExchange() = default;
  // The next message to send, in answer to what the broker sent (empty at first); nothing if the
  // broker's message was the last. sasl_authentication_failed if it is not as it must be.
  virtual Result<std::optional<std::string>> next(std::string_view from_broker) = 0;
};
// bad_config if what the mechanism needs is missing.
Result<std::unique_ptr<SaslExchange>> begin_sasl(const SaslCredentials& credentials);

}  // namespace eventd
