// SPDX-License-Identifier: Apache-2.0
#include "lib/client/security.h"

#include <algorithm>
#include <string>
#include <utility>

#include "lib/base/text.h"
#include "lib/wire/messages/sasl.h"

namespace eventd {

namespace {

// No mechanism of ours has as many messages.
constexpr int kMessagesMax = 8;
constexpr std::chrono::milliseconds kSessionMin{1000};

std::unexpected<Error> refused(const ClientConnection& connection, Code code,
                               std::string_view why) {
  return fail(code, text("authenticate with ", to_string(connection.address()), ": ", why));
}

Task<Result<void>> shake_hands(ClientConnection& connection, SaslMechanism mechanism,
                               Instant deadline) {
  SaslHandshakeRequest request;
  request.mechanism = name_of(mechanism);
  auto answer = co_await connection.authenticate_by(request, deadline);
  if (!answer) co_return pass(answer);
  Code code{answer->message.error_code};
  if (code == Code::none) co_return Result<void>{};
  if (code == Code::illegal_sasl_state) {
    co_return refused(connection, Code::sasl_authentication_failed,
                      "it asks for no SASL at this port (security.protocol)");
  }
  std::string theirs;
  for (std::string_view each : answer->message.mechanisms) {
    theirs += text(theirs.empty() ? "" : ", ", printable(each, 40));
    if (theirs.size() > 400) break;
  }
  bool is_unknown = code == Code::unsupported_sasl_mechanism && !theirs.empty();
  co_return refused(
      connection, Code::sasl_authentication_failed,
      is_unknown ? text("no ", name_of(mechanism), " there, but ", theirs) : name_of(code));
}

}  // namespace

Task<Result<std::chrono::milliseconds>> authenticate(ClientConnection& connection,
                                                     const ClientSecurity* security,
                                                     Instant deadline) {
  std::chrono::milliseconds lifetime{0};
  if (!security || !security->sasl) co_return lifetime;
  const SaslCredentials& credentials = *security->sasl;
  if (reveals_secret(credentials.mechanism) && !security->tls &&
      !is_loopback(connection.address())) {
    co_return refused(connection, Code::sasl_authentication_failed,
                      text(name_of(credentials.mechanism),
                           " would show the secret to all on the way; security.protocol=SASL_SSL "
                           "encrypts it"));
  }
  Result<std::unique_ptr<SaslExchange>> exchange = begin_sasl(credentials);
  if (!exchange) co_return pass(exchange);
  Result<void> agreed = co_await shake_hands(connection, credentials.mechanism, deadline);
  if (!agreed) co_return pass(agreed);
  std::string from_broker;
  for (int i = 0; i < kMessagesMax; i++) {
    Result<std::optional<std::string>> message = (*exchange)->next(from_broker);
    if (!message) co_return refused(connection, message.error().code, message.error().message);
    if (!*message) co_return lifetime;
    SaslAuthenticateRequest request;
    request.auth_bytes = bytes_of(**message);
    auto answer = co_await connection.authenticate_by(request, deadline);
    if (!answer) co_return pass(answer);
    const SaslAuthenticateResponse& told = answer->message;
    if (told.error_code != 0) {
      std::string_view why = told.error_message.value_or("");
      co_return refused(connection, Code::sasl_authentication_failed,
                        why.empty() ? name_of(Code{told.error_code}) : printable(why));
    }
    from_broker = text_of(told.auth_bytes);
    // Beyond a month nobody waits; a hostile number would overflow.
    int64_t limit = int64_t{31} * 24 * 3600 * 1000;
    lifetime = std::chrono::milliseconds(std::clamp<int64_t>(told.session_lifetime_ms, 0, limit));
    // One that wants us to do nothing else is asked once a second.
    if (lifetime.count() > 0) lifetime = std::max(lifetime, kSessionMin);
  }
  co_return refused(connection, Code::sasl_authentication_failed, "it takes no end");
}

}  // namespace eventd
