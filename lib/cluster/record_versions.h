// SPDX-License-Identifier: Apache-2.0
// In which version Kafka writes a metadata record, by the finalised metadata.version: a version
// that is older than the level would lose fields, a newer one would not be read by the oldest Kafka
// that the level promises.
#pragma once

#include <cstdint>

#include "lib/cluster/image.h"

namespace eventd {

inline constexpr int16_t kMetadataVersion = 30;  // IBP_4_3_IV0, with cordoned log directories

namespace metadata_level {
inline constexpr int16_t kControlledShutdown = 7;  // IBP_3_3_IV3, the oldest that Kafka 4 reads
inline constexpr int16_t kMigration = 8;           // IBP_3_4_IV0
inline constexpr int16_t kDirectories = 17;        // IBP_3_7_IV2
inline constexpr int16_t kElr = 23;                // IBP_4_0_IV1
inline constexpr int16_t kCordoned = 30;           // IBP_4_3_IV0
}  // namespace metadata_level

// The first versions with these fields, of partition and broker records.
inline constexpr int16_t kFirstWithDirectories = 1;
inline constexpr int16_t kFirstWithElr = 2;
inline constexpr int16_t kFirstBrokerWithShutdown = 1;
inline constexpr int16_t kFirstBrokerWithDirectories = 3;
inline constexpr int16_t kFirstBrokerWithCordoned = 4;

struct RecordVersions {
  int16_t register_broker = 0;
  int16_t registration_change = 0;
  int16_t partition = 0;  // PartitionRecord and PartitionChangeRecord
};

constexpr RecordVersions record_versions(int16_t metadata_version) {
  auto reached = [&](int16_t level) { return metadata_version >= level; };
  RecordVersions versions;
  if (reached(metadata_level::kControlledShutdown)) {
    versions.register_broker = versions.registration_change = 1;
  }
  if (reached(metadata_level::kMigration)) versions.register_broker = 2;
  if (reached(metadata_level::kDirectories)) {
    versions.register_broker = 3;
    versions.registration_change = 2;
    versions.partition = 1;
  }
  if (reached(metadata_level::kElr)) versions.partition = 2;
  if (reached(metadata_level::kCordoned)) {
    versions.register_broker = 4;
    versions.registration_change = 3;
  }
  return versions;
}

inline RecordVersions record_versions(const Image& image) {
  return record_versions(image.feature("metadata.version"));
}

}  // namespace eventd
