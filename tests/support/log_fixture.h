// SPDX-License-Identifier: Apache-2.0
// A log on a disk, for tests: it can be closed and opened again.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "lib/base/text.h"
#include "lib/log/log.h"
#include "tests/support/batches.h"

namespace eventd {

// The disk outlives it.
struct LogFixture {
  Disk& disk;
  const std::string directory;
  LogConfig config;
  std::shared_ptr<OpenFiles> files = std::make_shared<OpenFiles>(disk, 4);
  std::unique_ptr<Log> log;
  Recovery found;
  Offset recovery_point{0};
  Offset start{0};
  std::optional<std::string> partition_metadata;

  LogFixture(Disk& on, std::string in, LogConfig with)
      : disk(on), directory(std::move(in)), config(with) {}

  Result<void> try_open(bool clean);
  void open(bool clean);
  Result<Appended> try_append(Buffer batch, LeaderEpoch epoch = LeaderEpoch{0},
                              WallTime now = WallTime{5000});
  Appended append(Buffer batch, LeaderEpoch epoch = LeaderEpoch{0}, WallTime now = WallTime{5000});
  // Batches of one record each, with rising timestamps.
  void append_numbered(int count);
  Result<void> try_sync();
  void sync();
  // Retention as the broker does it, the checkpoint in between taken for stored.
  size_t retain(WallTime now, Offset limit);
  std::string file(const std::string& name) const { return directory + "/" + name; }

  // Values from an offset on, read slice by slice as a consumer would, each batch checked.
  Strings values(Offset from = Offset{0}, uint32_t size_max = 1000) const;
  // The bytes of the log from an offset on.
  std::string bytes(Offset from) const;
};

}  // namespace eventd
