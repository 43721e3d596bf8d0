// SPDX-License-Identifier: Apache-2.0
#include "lib/wire/messages/find_coordinator.h"

#include "lib/wire/describe.h"

namespace eventd {

EVENTD_MESSAGE(FindCoordinatorResponse)
EVENTD_MESSAGE(FindCoordinatorRequest)

}  // namespace eventd
