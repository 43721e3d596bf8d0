// SPDX-License-Identifier: Apache-2.0
// Files of event JSON as a source of records.
//
// Each file is looked at once to know what is in it, and read again by the run. A single file comes
// in its own order; of several the records of a partition come in the order of their offsets, the
// files of it merged, as the files of a template need when records were late. An event that goes
// back before one of its partition is named and passed over: nothing comes twice.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "lib/cli/record_source.h"
#include "lib/cli/replay/event_file.h"

namespace eventd {

class EventSource : public RecordSource {
 public:
  // Of each file its name, and the path by which it is opened. The disk outlives the source.
  EventSource(Disk& disk, std::vector<std::pair<std::string, std::string>> files,
              EventFile::Report report)
      : disk_(disk), files_(std::move(files)), report_(std::move(report)) {}

  // Looks through all files, and finds the topics: to be called before anything else.
  void look();
  std::vector<std::string> topic_names() const;
  // Before run(). The loop outlives it.
  void set_loop(Loop& loop) { loop_ = &loop; }

  void set_callbacks(Fetcher::Callbacks callbacks) override { callbacks_ = std::move(callbacks); }
  bool has(const TopicPartition& partition) const override { return found_.contains(partition); }
  Task<Result<std::vector<TopicInfo>>> topics(std::vector<std::string> names) override;
  Task<Result<Offsets>> offsets(Times wanted) override;
  void add(const TopicPartition& partition, int64_t offset) override;
  Task<Result<void>> run() override;
  void stop() override { stopped_ = true; }
  void close() override { stopped_ = true; }

 private:
  struct Part {  // of a partition in one file
    size_t file = 0;
    int64_t first = 0;
  };
  struct Found {
    std::vector<Part> parts;  // by their first offsets, once all is looked through
    int64_t start = INT64_MAX;
    int64_t end = 0;
    // While it is read: what comes next, and whether anybody wants it.
    int64_t next = 0;
    bool active = false;
  };
  // A file being read, and its event that comes next, if that is of the partition wanted.
  struct Cursor {
    std::unique_ptr<EventFile> file;
    const FileEvent* event = nullptr;
    std::map<TopicPartition, int64_t> numbers;  // for events without an offset
    int64_t offset = 0;
  };

  std::unique_ptr<EventFile> open(size_t file, bool reports);
  // Moves to the next event; with a name, of that partition. Sets its offset.
  void advance(Cursor& cursor, const TopicPartition* only);
  const TopicPartition* name_of(const FileEvent& event);
  bool hand_out(const TopicPartition& name, Found& found, const Cursor& cursor);
  Task<void> read_file();
  Task<void> read_partition(const TopicPartition* name);

  Loop* loop_ = nullptr;
  Disk& disk_;
  const std::vector<std::pair<std::string, std::string>> files_;
  const EventFile::Report report_;
  Fetcher::Callbacks callbacks_;
  std::map<TopicPartition, Found> found_;
  const TopicPartition* last_name_ = nullptr;  // of found_
  bool stopped_ = false;
};

}  // namespace eventd
