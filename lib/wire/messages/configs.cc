// SPDX-License-Identifier: Apache-2.0
#include "lib/wire/messages/configs.h"

#include "lib/wire/describe.h"

namespace eventd {

EVENTD_MESSAGE(DescribeConfigsResponse)
EVENTD_MESSAGE(DescribeConfigsRequest)
EVENTD_MESSAGE(AlterConfigsResponse)
EVENTD_MESSAGE(AlterConfigsRequest)
EVENTD_MESSAGE(IncrementalAlterConfigsResponse)
EVENTD_MESSAGE(IncrementalAlterConfigsRequest)
EVENTD_MESSAGE(ListConfigResourcesResponse)
EVENTD_MESSAGE(ListConfigResourcesRequest)

}  // namespace eventd
