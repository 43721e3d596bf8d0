// SPDX-License-Identifier: Apache-2.0
#include "lib/wire/messages/log_dirs.h"

#include "lib/wire/describe.h"

namespace eventd {

EVENTD_MESSAGE(DescribeLogDirsResponse)
EVENTD_MESSAGE(DescribeLogDirsRequest)

}  // namespace eventd
