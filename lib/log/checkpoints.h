// SPDX-License-Identifier: Apache-2.0
// The small text files of a log directory, as Kafka has them. All are replaced as a whole.
//
//   *-offset-checkpoint   a line "0" (version), a line with the number of entries, then a line
//                         "TOPIC PARTITION OFFSET" for each partition
//   partition.metadata    "version: 0", "topic_id: <22 characters>"
//   meta.properties       Java properties: version=1, cluster.id, node.id, directory.id
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "lib/base/ids.h"
#include "lib/base/result.h"
#include "lib/base/uuid.h"
#include "lib/log/disk.h"

namespace eventd {

inline constexpr const char* kPartitionMetadata = "partition.metadata";
inline constexpr const char* kRecoveryPointFile = "recovery-point-offset-checkpoint";
inline constexpr const char* kLogStartFile = "log-start-offset-checkpoint";
inline constexpr const char* kHighWatermarkFile = "replication-offset-checkpoint";

// By topic and partition.
using OffsetCheckpoint = std::map<std::pair<std::string, int32_t>, Offset>;

// A missing or an empty file has no entries; bad_data if it is not such a file.
Result<OffsetCheckpoint> load_offsets(Disk& disk, const std::string& path);
Result<void> store_offsets(Disk& disk, const std::string& path, const OffsetCheckpoint& offsets);

// Nothing if there is no such file.
Result<std::optional<Uuid>> load_partition_metadata(Disk& disk, const std::string& directory);
std::string partition_metadata(const Uuid& topic);
// Whether the file is what a power cut may leave of one that was being made for this topic: its
// first bytes, or zeros in their place.
bool is_torn_metadata(Disk& disk, const std::string& directory, const Uuid& topic);

struct MetaProperties {
  std::string cluster_id;
  int32_t node_id = 0;
  Uuid directory_id;
  std::map<std::string, std::string> others;  // kept as they are
};
// Nothing if there is no such file.
Result<std::optional<MetaProperties>> load_meta_properties(Disk& disk, const std::string& path);
Result<void> store_meta_properties(Disk& disk, const std::string& path,
                                   const MetaProperties& properties);

}  // namespace eventd
