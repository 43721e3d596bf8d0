// SPDX-License-Identifier: Apache-2.0
#include "lib/wire/messages/list_offsets.h"

#include "lib/wire/describe.h"

namespace eventd {

EVENTD_MESSAGE(ListOffsetsResponse)
EVENTD_MESSAGE(ListOffsetsRequest)
EVENTD_MESSAGE(OffsetForLeaderEpochResponse)
EVENTD_MESSAGE(OffsetForLeaderEpochRequest)

}  // namespace eventd
