// SPDX-License-Identifier: Apache-2.0
// A log folder that is made from records which are somewhere else, with their offsets: eventd and
// Kafka start on it as on one of their own.
//
// It is built as DIR.part, which a run begins anew, and gets its name when all of it is on the
// disk. The metadata has the topics with their ids and retention.ms=-1: what was imported is often
// older than any retention. Batches come as they were stored, but for what belongs to the cluster
// that they are from: leader epochs begin anew, producers and transactions are forgotten.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/broker/metadata_log.h"
#include "lib/client/client.h"
#include "lib/log/log_directory.h"
#include "lib/log/segment.h"

namespace eventd {

// The log of one partition of it.
class ImportLog {
 public:
  // In a folder that is there. `start` is the first offset that is not deleted.
  ImportLog(std::shared_ptr<OpenFiles> files, std::string folder, Offset start)
      : files_(std::move(files)), folder_(std::move(folder)), start_(start), end_(start) {}

  // One whole batch, behind those before; it may begin before the start. Its offsets stay.
  Result<void> append(const BatchHeader& header, Bytes batch);
  // Nothing but offsets up to there: an empty batch, as compaction leaves.
  Result<void> fill_up_to(Offset end);
  // Afterwards all of it is on the disk.
  Result<void> finish(const Uuid& topic);

  Offset start() const { return start_; }
  Offset end() const { return end_; }

 private:
  Result<void> begin_segment(Offset base);
  Disk& disk() { return files_->disk(); }

  const std::shared_ptr<OpenFiles> files_;
  const std::string folder_;
  const Offset start_;
  Offset end_;
  std::vector<std::unique_ptr<Segment>> segments_;
};

class ImportFolder {
 public:
  // already_exists if something is there, an empty folder excepted. The disk outlives it.
  static Result<std::unique_ptr<ImportFolder>> create(Disk& disk, std::string path);

  // The log of a partition, made with the first call.
  Result<ImportLog*> log(const TopicPartition& partition, Offset start);
  // The id that a topic has; one of its own if none is told.
  void set_topic_id(const std::string& topic, const Uuid& id) { ids_[topic] = id; }
  // Gives it its name.
  Result<void> finish();

 private:
  ImportFolder(Disk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}
  std::string part() const { return path_ + ".part"; }
  Result<void> create_topics();

  Disk& disk_;
  const std::string path_;
  std::shared_ptr<OpenFiles> files_;  // shared by the logs
  std::unique_ptr<LogDirectory> directory_;
  std::unique_ptr<MetadataLog> metadata_;
  std::map<TopicPartition, std::unique_ptr<ImportLog>> logs_;
  std::map<std::string, Uuid> ids_;
};

}  // namespace eventd
