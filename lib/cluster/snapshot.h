// SPDX-License-Identifier: Apache-2.0
// A snapshot of the metadata: the records that make an image, in Kafka's file
// <end offset, 20 digits>-<epoch, 10 digits>.checkpoint.
//
//   a control batch    SnapshotHeader, and what the log tells of the quorum: KRaftVersion and
//                      KRaftVoters, or neither
//   record batches     features (metadata.version first), brokers, topics, configs, the rest
//   a control batch    SnapshotFooter
//
// Offsets count from 0; the end offset in the name is one past the last record of the log in it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/bytes.h"
#include "lib/base/result.h"
#include "lib/cluster/image.h"

namespace eventd {

struct SnapshotId {
  Offset end;
  LeaderEpoch epoch;
  auto operator<=>(const SnapshotId&) const = default;
};

std::string file_name_of(const SnapshotId& id);
std::optional<SnapshotId> parse_snapshot_name(std::string_view file_name);

Buffer encode_snapshot(const Image& image, const SnapshotId& id, int64_t now_ms);
// bad_data for what is cut short, fails its checksums or has no header or footer in its place;
// other codes for whole records that cannot be read.
Result<std::shared_ptr<const Image>> decode_snapshot(Bytes file, const SnapshotId& id);

// The records of an image alone, in that order.
std::vector<Buffer> records_of(const Image& image);

}  // namespace eventd
