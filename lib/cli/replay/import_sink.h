// SPDX-License-Identifier: Apache-2.0
// Imports: what becomes of the records, or of whole batches, in a new log folder.
#pragma once

#include <map>
#include <memory>

#include "lib/cli/record_sink.h"
#include "lib/cli/replay/import_folder.h"
#include "lib/cli/replay/partition_log.h"
#include "lib/record/builder.h"

namespace eventd {

// Records that a run hands over, in batches of our own.
class ImportSink : public RecordSink {
 public:
  explicit ImportSink(std::unique_ptr<ImportFolder> folder) : folder_(std::move(folder)) {}

  Result<int64_t> begin(const TopicPartition& partition, int64_t from, int64_t until) override;
  Result<void> take(const FetchedRecord& record) override;
  Result<void> drained() override { return {}; }
  Result<void> reached(const TopicPartition& partition, int64_t position) override;
  Result<void> finish(bool complete) override;

 private:
  struct Writing {
    ImportLog* log = nullptr;
    BatchBuilder batch;
    Offset first;  // of the batch
    Offset reached;
  };
  static Result<void> write(Writing& writing);

  std::unique_ptr<ImportFolder> folder_;
  std::map<TopicPartition, Writing> writing_;
  const TopicPartition* last_name_ = nullptr;
  Writing* last_writing_ = nullptr;
};

// Whole batches of a partition's folder, as they were stored: those that consumers would see, and,
// where no transaction is ever going to end, those behind an open one. Those of aborted and open
// transactions are there only if all is wanted, and never markers. How many records of open ones
// were left out.
Result<uint64_t> import_partition(Disk& disk, const PartitionLog& log, bool committed_only,
                                  const PartitionLog::Report& report, ImportFolder& into);

}  // namespace eventd
