// SPDX-License-Identifier: Apache-2.0
// How a client and its brokers come to trust each other: TLS, SASL, both or neither.
#pragma once

#include <memory>
#include <optional>

#include "lib/client/connection.h"
#include "lib/net/tls.h"
#include "lib/security/sasl.h"

namespace eventd {

struct ClientSecurity {
  std::shared_ptr<const TlsContext> tls;  // shared with the connections; nothing: no TLS
  std::optional<SaslCredentials> sasl;
};

// Authenticates on a fresh connection, or again on one whose time is nearly over. The time after
// which the broker demands it again; zero: never. A mechanism that reveals the secret is refused
// without TLS unless the address is of this machine.
Task<Result<std::chrono::milliseconds>> authenticate(ClientConnection& connection,
                                                     const ClientSecurity* security,
                                                     Instant deadline);

}  // namespace eventd
