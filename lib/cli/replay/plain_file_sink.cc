// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/replay/plain_file_sink.h"

#include "lib/base/text.h"
#include "lib/cli/output.h"

namespace eventd {

Result<std::unique_ptr<PlainFileSink>> PlainFileSink::open(Disk& disk, std::string path,
                                                           RecordFormat format) {
  Result<bool> there = disk.exists(path);
  if (!there) return pass(there);
  if (*there) return fail(Code::already_exists, text(printable(path), " exists"));
  std::unique_ptr<PlainFileSink> sink(new PlainFileSink(disk, path, std::move(format)));
  auto file = OutputFile::create(disk, text(path, ".part"), codec_of_file(path));
  if (!file) return pass(file);
  sink->file_ = std::move(*file);
  return sink;
}

Result<void> PlainFileSink::take(const FetchedRecord& record) {
  append_record(file_->buffer(), format_, record, false);
  Result<void> done = file_->record_done();
  failed_ = failed_ || !done;
  return done;
}

Result<void> PlainFileSink::finish(bool complete) {
  if (!complete || failed_) return {};
  Result<void> done = file_->finish();
  // Whoever came in between keeps what is his.
  Result<bool> there = disk_.exists(path_);
  if (done && !there) return pass(there);
  if (done && *there) {
    return fail(Code::io_error,
                text(printable(path_), " has come to be meanwhile; what was read is ",
                     printable(file_->path())));
  }
  if (done) done = disk_.rename(file_->path(), path_);
  if (done) done = disk_.sync_directory(parent_of(path_));
  return done;
}

}  // namespace eventd
