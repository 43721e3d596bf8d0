// SPDX-License-Identifier: Apache-2.0
#include "lib/wire/messages/sasl.h"

#include "lib/wire/describe.h"

namespace eventd {

EVENTD_MESSAGE(SaslHandshakeResponse)
EVENTD_MESSAGE(SaslHandshakeRequest)
EVENTD_MESSAGE(SaslAuthenticateResponse)
EVENTD_MESSAGE(SaslAuthenticateRequest)

}  // namespace eventd
