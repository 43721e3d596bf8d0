// SPDX-License-Identifier: Apache-2.0
#include "lib/wire/messages/metadata.h"

#include "lib/wire/describe.h"

namespace eventd {

EVENTD_MESSAGE(MetadataResponse)
EVENTD_MESSAGE(MetadataRequest)
EVENTD_MESSAGE(DescribeTopicPartitionsResponse)
EVENTD_MESSAGE(DescribeTopicPartitionsRequest)
EVENTD_MESSAGE(DescribeClusterResponse)
EVENTD_MESSAGE(DescribeClusterRequest)

}  // namespace eventd
