// SPDX-License-Identifier: Apache-2.0
#include "lib/wire/messages/fetch.h"

#include "lib/wire/describe.h"

namespace eventd {

EVENTD_MESSAGE(FetchResponse)
EVENTD_MESSAGE(FetchRequest)

}  // namespace eventd
