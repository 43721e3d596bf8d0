// SPDX-License-Identifier: Apache-2.0
#include "lib/wire/messages/produce.h"

#include "lib/wire/describe.h"

namespace eventd {

EVENTD_MESSAGE(ProduceResponse)
EVENTD_MESSAGE(ProduceRequest)

}  // namespace eventd
