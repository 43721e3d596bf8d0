// SPDX-License-Identifier: Apache-2.0
// All records into one file, which appears under its name only when it is whole and on the disk.
#pragma once

#include <memory>
#include <string>

#include "lib/cli/command_line.h"
#include "lib/cli/record_sink.h"
#include "lib/cli/replay/output_file.h"

namespace eventd {

class PlainFileSink : public RecordSink {
 public:
  // already_exists if there is such a file. Until the end it is PATH.part, which a run begins anew.
  // The disk outlives it.
  static Result<std::unique_ptr<PlainFileSink>> open(Disk& disk, std::string path,
                                                     RecordFormat format);

  Result<void> take(const FetchedRecord& record) override;
  Result<void> drained() override { return {}; }
  Result<void> finish(bool complete) override;

 private:
  PlainFileSink(Disk& disk, std::string path, RecordFormat format)
      : disk_(disk), path_(std::move(path)), format_(std::move(format)) {}

  Disk& disk_;
  const std::string path_;
  const RecordFormat format_;
  std::unique_ptr<OutputFile> file_;
  bool failed_ = false;
};

}  // namespace eventd
