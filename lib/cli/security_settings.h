// SPDX-License-Identifier: Apache-2.0
// What the security.*, sasl.* and ssl.* properties of Kafka's and librdkafka's mean for us.
#pragma once

#include <memory>

#include "lib/base/result.h"
#include "lib/cli/configuration.h"
#include "lib/client/security.h"

namespace eventd {

// Heeds each of them, or refuses it by its name and place (bad_config). Reads the files they name,
// and runs the commands of secrets; a token's runs when it is needed. Nothing where neither TLS nor
// SASL is asked for.
Result<std::shared_ptr<const ClientSecurity>> client_security(const Configuration& from);

}  // namespace eventd
