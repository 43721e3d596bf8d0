// SPDX-License-Identifier: Apache-2.0
// The names of the files that event-replay --to writes.
//
//   /backup/%Y/%m/%d/{topic}-{partition}-{first_offset}.jsonl.zst
//
// % and a letter is strftime's, of the record's time in UTC; those that depend on a locale, and
// those that are no part of a name, are refused. {first_offset} has 20 digits, as the segments of
// Kafka: names sort as offsets do. A path without % and { is plain.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/client/client.h"

namespace eventd {

class FileTemplate {
 public:
  // bad_usage with what is wrong.
  static Result<FileTemplate> parse(std::string_view path);

  bool is_plain() const { return is_plain_; }
  // What is written: the path without {..} and %..; of a plain one all of it.
  const std::string& path() const { return path_; }
  // The folder before the first % or {, which ends with a slash.
  const std::string& folder() const { return folder_; }
  bool names_topic() const { return names_topic_; }

  // What a record's time puts into its file's name: records that differ in it stand in different
  // files. Times before 1970 (no time, too) count as 1970, those after 9999 as 9999.
  std::string period(int64_t timestamp_ms) const;
  // Times with the same number have the same period.
  int64_t instant(int64_t timestamp_ms) const;
  // The topic's name is one that Kafka allows, which is the caller's to see to.
  std::string name(const TopicPartition& partition, int64_t first_offset,
                   int64_t timestamp_ms) const;

 private:
  struct Piece {
    enum Kind { literal, time, topic, partition, first_offset } kind = literal;
    std::string text;  // of a literal, or a format for strftime
  };
  FileTemplate() = default;
  Result<void> add_placeholder(std::string_view& rest);
  Result<void> add_conversion(std::string_view& rest);
  Result<void> check(std::string_view given) const;

  std::vector<Piece> pieces_;
  std::string path_;
  std::string folder_;
  int64_t finest_ms_ = INT64_MAX;  // the unit of time that names tell apart
  bool is_plain_ = true;
  bool names_topic_ = false;
};

}  // namespace eventd
