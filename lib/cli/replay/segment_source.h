// SPDX-License-Identifier: Apache-2.0
// Partitions read straight from their segments, without a broker.
//
// Each partition is looked at when it is first asked for. The run goes round the partitions, a
// megabyte of each, so that signals and timers have their turn. What is wrong with the files goes
// to `report`, a line each, and what can be read is read.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/cli/record_source.h"
#include "lib/cli/replay/partition_log.h"

namespace eventd {

// Where a partition lies: its folder, and perhaps the only segment of it that is wanted.
struct PartitionPlace {
  TopicPartition name;
  std::string folder;
  std::optional<std::string> only;
};

class SegmentSource : public RecordSource {
 public:
  // One place for each partition. Loop and disk outlive the source.
  SegmentSource(Loop& loop, Disk& disk, std::vector<PartitionPlace> places, bool committed_only,
                PartitionLog::Report report);

  void set_callbacks(Fetcher::Callbacks callbacks) override { callbacks_ = std::move(callbacks); }
  bool has(const TopicPartition& partition) const override { return places_.contains(partition); }
  Task<Result<std::vector<TopicInfo>>> topics(std::vector<std::string> names) override;
  Task<Result<Offsets>> offsets(Times wanted) override;
  void add(const TopicPartition& partition, int64_t offset) override;
  Task<Result<void>> run() override;
  void stop() override { stopped_ = true; }
  void close() override { stopped_ = true; }

 private:
  struct Reader {
    Offset offset;
    bool done = false;
    Offset segment;  // the base of the one that is open
    std::string path;
    std::unique_ptr<File> file;
    std::unique_ptr<SegmentWalk> walk;  // of `file`; null: to be looked for
    uint64_t batch_position = 0;        // of the batch that was read last
    Offset batch_base;
  };

  PartitionLog* log_of(const TopicPartition& partition);
  void read_some(const TopicPartition& name, Reader& reader);
  Result<bool> open_at(const TopicPartition& name, PartitionLog& log, Reader& reader);
  uint64_t position_by_index(const SegmentFile& segment, File& file, Offset offset) const;
  bool next_segment(PartitionLog& log, Reader& reader) const;
  bool hand_out(const TopicPartition& name, Reader& reader, const SegmentWalk::Batch& batch);
  void end_at(const TopicPartition& name, Reader& reader, Offset offset);

  Loop& loop_;
  Disk& disk_;
  std::map<TopicPartition, PartitionPlace> places_;
  const bool committed_only_;
  const PartitionLog::Report report_;
  Fetcher::Callbacks callbacks_;
  std::map<TopicPartition, std::unique_ptr<PartitionLog>> logs_;  // null: cannot be read
  std::map<TopicPartition, Reader> readers_;
  Buffer plain_;
  bool stopped_ = false;
};

}  // namespace eventd
