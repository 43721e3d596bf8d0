// SPDX-License-Identifier: Apache-2.0
#include "lib/wire/messages/api_versions.h"

#include "lib/wire/describe.h"

namespace eventd {

EVENTD_MESSAGE(ApiVersionsResponse)
EVENTD_MESSAGE(ApiVersionsRequest)

}  // namespace eventd
