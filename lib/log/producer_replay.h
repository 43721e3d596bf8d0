// SPDX-License-Identifier: Apache-2.0
// The producers of a log, from its snapshots and batches.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lib/base/ids.h"
#include "lib/base/result.h"
#include "lib/log/disk.h"
#include "lib/log/producer_state.h"
#include "lib/log/segment.h"

namespace eventd {

// The producers as of `end`: from the last snapshot but one, because a snapshot keeps only the last
// batch of a producer and retries may be of the last five, and from the batches after it.
Result<ProducerState> replay_producers(Disk& disk, const std::string& directory,
                                       const std::vector<std::shared_ptr<Segment>>& segments,
                                       Offset end);

// Removes producer snapshots of offsets beyond `end`. How many there were.
Result<size_t> drop_snapshots_beyond(Disk& disk, const std::string& directory, Offset end);

}  // namespace eventd
