// SPDX-License-Identifier: Apache-2.0
#include "lib/wire/messages/producer_id.h"

#include "lib/wire/describe.h"

namespace eventd {

EVENTD_MESSAGE(InitProducerIdResponse)
EVENTD_MESSAGE(InitProducerIdRequest)
EVENTD_MESSAGE(DescribeProducersResponse)
EVENTD_MESSAGE(DescribeProducersRequest)

}  // namespace eventd
