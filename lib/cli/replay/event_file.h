// SPDX-License-Identifier: Apache-2.0
// A file of event JSON, read from front to back; compressed ones as their names say.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "lib/cli/produce/record_splitter.h"
#include "lib/cli/replay/file_codec.h"
#include "lib/cli/text/event_parser.h"
#include "lib/client/fetcher.h"
#include "lib/log/disk.h"

namespace eventd {

// An event of a file with all that a record has: what the line does not say is made up, the same at
// each reading (the topic "events", partition 0, the offset behind the one before).
struct FileEvent {
  std::string_view topic;
  int32_t partition = 0;
  std::optional<int64_t> offset;
  int64_t timestamp = -1;
  std::optional<Bytes> key;
  std::optional<Bytes> value;
  Record record;  // for its headers
  uint64_t line = 0;
};

class EventFile {
 public:
  using Report = std::function<void(std::string line)>;

  // `name` is for people, and tells the compression; `path` is what is opened. Lines that are no
  // events go to `report`, and are passed over. The disk outlives it.
  static Result<std::unique_ptr<EventFile>> open(Disk& disk, const std::string& path,
                                                 std::string name, Report report);

  // Nothing at the end. Its views hold until the next call.
  const FileEvent* next();
  // Bytes of the file so far.
  uint64_t position() const { return position_; }

 private:
  EventFile(std::string name, Report report) : name_(std::move(name)), report_(std::move(report)) {}
  bool read_more();
  bool take(std::string_view line);

  const std::string name_;
  const Report report_;
  std::unique_ptr<File> file_;
  std::unique_ptr<Decompressor> decompressor_;
  std::unique_ptr<RecordSplitter> lines_;
  EventParser parser_;
  Buffer in_;
  Bytes left_;  // of in_, what is not decompressed yet
  Buffer plain_;
  Buffer headers_;
  FileEvent event_;
  uint64_t position_ = 0;
  uint64_t line_ = 0;
  bool ended_ = false;
};

// Copies what a descriptor yields into a file without a name, so that it can be read twice. The
// path by which it can be opened, which holds while the returned descriptor is open.
struct Spool {
  int descriptor = -1;
  std::string path;
};
Result<Spool> spool(int from);

}  // namespace eventd
