// SPDX-License-Identifier: Apache-2.0
// What event-replay --to remembers between its runs, in .event-replay.json of the folder into which
// a template's files go:
//
//   {"version":1,"command":[..],                       the command that writes there
//    "positions":[{"topic":T,"partition":N,"next":O}],   before that offset all is in files
//    "step":{"positions":[..],"files":[{"part":"3","name":"2026/03/01/.."}]}}
//
// A step is written before its first file appears: whoever finds one finishes it, and has then the
// positions that stand in it. The file is replaced as a whole.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/client/client.h"
#include "lib/log/disk.h"

namespace eventd {

struct ReplayStep {
  struct PartFile {
    std::string part;  // its name among the parts
    std::string name;  // its name in the folder
    bool operator==(const PartFile&) const = default;
  };
  std::map<TopicPartition, int64_t> positions;
  std::vector<PartFile> files;
  bool operator==(const ReplayStep&) const = default;
};

struct ReplayState {
  static constexpr const char* kFileName = ".event-replay.json";

  std::vector<std::string> command;
  std::map<TopicPartition, int64_t> positions;
  std::optional<ReplayStep> step;
  bool operator==(const ReplayState&) const = default;

  // Nothing if there is none; bad_data if it is not such a file.
  static Result<std::optional<ReplayState>> load(Disk& disk, const std::string& path);
  // After it the file is on the disk.
  Result<void> store(Disk& disk, const std::string& path) const;
  std::string encode() const;
};

}  // namespace eventd
