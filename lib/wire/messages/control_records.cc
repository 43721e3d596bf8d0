// SPDX-License-Identifier: Apache-2.0
#include "lib/wire/messages/control_records.h"

#include "lib/wire/describe.h"

namespace eventd {

EVENTD_MESSAGE(LeaderChangeMessage)
EVENTD_MESSAGE(SnapshotHeaderRecord)
EVENTD_MESSAGE(SnapshotFooterRecord)
EVENTD_MESSAGE(KRaftVersionRecord)
EVENTD_MESSAGE(VotersRecord)

}  // namespace eventd
