// SPDX-License-Identifier: Apache-2.0
// One run of event-replay: what its options make of sources and sinks, and how it ends.
#pragma once

#include <memory>
#include <optional>

#include "lib/cli/record_source.h"
#include "lib/cli/replay/event_source.h"
#include "lib/cli/replay/folder_lock.h"
#include "lib/cli/replay/import_sink.h"
#include "lib/cli/replay/paced_sink.h"
#include "lib/cli/replay/replay.h"
#include "lib/cli/replay/sources.h"
#include "lib/log/disk.h"
#include "lib/net/task.h"
#include "lib/net/uv_loop.h"

namespace eventd {

class ReplayRun {
 public:
  // The command outlives the run.
  explicit ReplayRun(ReplayCommand& command) : command_(command), line_(command.line) {}

  // The exit code.
  int run();

 private:
  Result<void> find_sources();
  Result<void> find_events();
  bool is_endless() const;
  Result<void> open_sink();
  Result<void> open_stdout();
  Result<void> open_target();
  Result<std::unique_ptr<RecordSource>> open_source(UvLoop& loop);
  Result<void> open_import();
  bool takes_whole_batches() const;
  Result<void> import_batches(std::unique_ptr<ImportFolder> folder);
  int verify();
  Task<int> read(UvLoop& loop);
  PartitionLog::Report report() {
    return [this](const std::string& line) {
      complain(line_.tool(), line);
      status_ = worse_exit(status_, kExitItem);
    };
  }

  ReplayCommand& command_;
  CommandLine& line_;
  PosixDisk disk_;
  ReplaySources sources_;
  ClientConfig client_;
  FetcherConfig fetcher_;
  std::unique_ptr<EventSource> events_;
  std::optional<FolderLock> lock_;
  std::unique_ptr<RecordSink> sink_;
  const PacedSink* paced_ = nullptr;  // if the sink is one
  int status_ = 0;
};

}  // namespace eventd
