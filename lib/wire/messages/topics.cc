// SPDX-License-Identifier: Apache-2.0
#include "lib/wire/messages/topics.h"

#include "lib/wire/describe.h"

namespace eventd {

EVENTD_MESSAGE(CreateTopicsResponse)
EVENTD_MESSAGE(CreateTopicsRequest)
EVENTD_MESSAGE(DeleteTopicsResponse)
EVENTD_MESSAGE(DeleteTopicsRequest)
EVENTD_MESSAGE(CreatePartitionsResponse)
EVENTD_MESSAGE(CreatePartitionsRequest)
EVENTD_MESSAGE(DeleteRecordsResponse)
EVENTD_MESSAGE(DeleteRecordsRequest)

}  // namespace eventd
