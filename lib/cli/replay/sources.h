// SPDX-License-Identifier: Apache-2.0
// What the SOURCEs of event-replay are: topics, folders and segments, or files of event JSON.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/cli/replay/segment_source.h"
#include "lib/log/disk.h"

namespace eventd {

struct ReplaySources {
  enum class Kind { topics, segments, events } kind = Kind::topics;
  std::vector<std::string> topics;
  std::vector<PartitionPlace> places;  // of segments
  std::vector<std::string> files;      // of events, "-" for stdin
};

// bad_usage where kinds are mixed. A name with a slash is a path; a file that is none of Kafka's is
// one of events.
Result<ReplaySources> sort_sources(const std::vector<std::string>& given);

// Finds the partitions of paths that are no event files. What cannot be read gets a line in
// `report`. `topics` and `partitions` choose of log folders, all if empty; where `whole`, what is
// no topic of a user's is there too: internal topics and the metadata log.
void find_places(Disk& disk, const std::vector<std::string>& paths,
                 const std::vector<std::string>& topics, const std::vector<int32_t>& partitions,
                 bool whole, const PartitionLog::Report& report,
                 std::vector<PartitionPlace>& places);

}  // namespace eventd
