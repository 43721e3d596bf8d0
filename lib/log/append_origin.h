// SPDX-License-Identifier: Apache-2.0
// Who appends to a log.
#pragma once

namespace eventd {

// Coordinators and replicas append what a client may not; a replica's batches carry their offsets
// and epochs already and must follow the log's end.
enum class AppendOrigin { client, coordinator, replica };

}  // namespace eventd
