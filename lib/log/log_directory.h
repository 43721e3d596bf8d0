// SPDX-License-Identifier: Apache-2.0
// A directory of logs: the lock, the identity, what the last process left behind.
//
//   .lock                  held while we live; a JVM Kafka respects it
//   meta.properties        cluster, node and directory id
//   .kafka_cleanshutdown   there after a clean stop: {"version":0,"brokerEpoch":N}; gone at start
//   TOPIC-PARTITION/       a log each
//   *-delete, *-stray      logs that are going, or that no topic claims
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/result.h"
#include "lib/log/checkpoints.h"
#include "lib/log/disk.h"

namespace eventd {

class LogDirectory {
 public:
  // Made if it is not there. in_use if another process has it; bad_config if it belongs to another
  // node. A new directory gets new ids. The disk outlives it.
  static Result<std::unique_ptr<LogDirectory>> open(Disk& disk, const std::string& path,
                                                    std::optional<int32_t> node_id);

  const std::string& path() const { return path_; }
  // False once somebody has removed it or moved it away: what is open still works, but no other
  // start will find it.
  bool is_there() const;
  const MetaProperties& identity() const { return identity_; }
  // Whether the last process stopped cleanly. Asking takes the marker away.
  Result<bool> take_clean_marker();
  Result<void> put_clean_marker(int64_t broker_epoch);

  std::string log_path(const std::string& topic, int32_t partition) const;
  // The logs that are there, by name; and what a deletion did not finish.
  Result<std::vector<std::pair<std::string, int32_t>>> logs() const;
  Result<std::vector<std::string>> half_deleted() const;

  // Renames a log so that it goes, or is set aside. The new path.
  Result<std::string> mark_deleted(const std::string& topic, int32_t partition);
  Result<std::string> set_aside(const std::string& topic, int32_t partition);

  struct Checkpoints {
    OffsetCheckpoint recovery_points;
    OffsetCheckpoint log_starts;
    OffsetCheckpoint watermarks;
  };
  // As they stood on the disk when the directory was opened.
  const Checkpoints& found() const { return found_; }
  // Replaces those files in which `next` differs from `stored`, and notes each there.
  Result<void> store(Checkpoints next, Checkpoints& stored);

 private:
  LogDirectory(Disk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}
  Result<void> identify(std::optional<int32_t> node_id);
  Result<std::string> rename_log(const std::string& topic, int32_t partition, const char* suffix);

  Disk& disk_;
  const std::string path_;
  std::unique_ptr<File> lock_;
  MetaProperties identity_;
  Checkpoints found_;
};

}  // namespace eventd
