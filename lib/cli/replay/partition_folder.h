// SPDX-License-Identifier: Apache-2.0
// The folder of a partition, Kafka's or ours, of a live broker or a dead one: only read. Which
// segments it has, as recovery would see them: what carries .deleted, .cleaned or .tmp counts as
// gone, and a .swap takes the place of the segments whose offsets it covers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/ids.h"
#include "lib/base/result.h"
#include "lib/client/client.h"
#include "lib/log/disk.h"

namespace eventd {

struct SegmentFile {
  Offset base;
  std::string path;
  uint64_t size_bytes = 0;
};

// In the order of their offsets.
Result<std::vector<SegmentFile>> list_segments(Disk& disk, const std::string& folder);

// "orders" and 0 of "orders-0", and of what a broker makes of it when it deletes the topic or finds
// it a stray: "orders-0.0123..-delete". Nothing for other names.
std::optional<TopicPartition> partition_in_name(std::string_view folder_name);

// The last part of a path, without slashes behind it; "." of "/" and "".
std::string name_of_path(std::string_view path);

// Whether a running broker has the lock of a log folder.
bool is_in_use(const std::string& log_folder);

}  // namespace eventd
