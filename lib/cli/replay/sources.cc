// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/replay/sources.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "lib/base/text.h"
#include "lib/log/segment.h"

namespace eventd {

namespace {

constexpr const char* kMetadataTopic = "__cluster_metadata";
constexpr std::string_view kInternal[] = {"__consumer_offsets", "__transaction_state",
                                          "__share_group_state", kMetadataTopic};
constexpr std::string_view kSnapshot = ".checkpoint";

// What a partition's folder holds is recognised by its ending.
bool is_event_file(const std::string& path) {
  for (const char* ending : {".log", ".swap", ".index", ".timeindex", ".txnindex", ".snapshot",
                             ".checkpoint", ".deleted", ".cleaned", ".corrupt"}) {
    if (path.ends_with(ending)) return false;
  }
  std::error_code error;
  auto type = std::filesystem::status(path, error).type();
  return type == std::filesystem::file_type::regular || type == std::filesystem::file_type::fifo ||
         type == std::filesystem::file_type::character;
}

class PlaceFinder {
 public:
  PlaceFinder(Disk& disk, const std::vector<std::string>& topics,
              const std::vector<int32_t>& partitions, bool whole,
              const PartitionLog::Report& report, std::vector<PartitionPlace>& places)
      : disk_(disk),
        topics_(topics),
        partitions_(partitions),
        whole_(whole),
        report_(report),
        places_(places) {}

  void look_at(std::string path) {
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    Result<std::vector<DirectoryEntry>> entries = disk_.list(path);
    if (entries) return look_into(path, *entries);
    if (entries.error().system_error != ENOTDIR) return report_(entries.error().message);
    look_at_file(path);
  }

 private:
  void look_at_file(const std::string& path) {
    std::string name = name_of_path(path);
    if (name.ends_with(kSnapshot)) {
      return report_(text(path, " is a snapshot of the cluster's metadata: no events are in it"));
    }
    if (!offset_in_name(name, ".log")) {
      return report_(
          text(path, " is no segment, which is named as ", segment_name(Offset{0}), ".log"));
    }
    std::string folder = parent_of(path);
    add(folder, path);
  }

  void look_into(const std::string& path, const std::vector<DirectoryEntry>& entries) {
    bool has_segments = false;
    bool has_partitions = false;
    for (const DirectoryEntry& entry : entries) {
      has_segments = has_segments || offset_in_name(entry.name, ".log") ||
                     offset_in_name(entry.name, ".log.swap");
      has_partitions = has_partitions || (entry.is_directory && partition_in_name(entry.name));
    }
    if (has_segments && !topics_.empty()) {
      return report_(text(path, " is a partition: -t chooses from a log folder"));
    }
    if (has_segments) return add(path, std::nullopt);
    if (!has_partitions) {
      return report_(text(path, partition_in_name(name_of_path(path))
                                    ? ": no segments are in it"
                                    : " is no log folder: neither partitions (TOPIC-0) nor "
                                      "segments are in it"));
    }
    look_at_partitions(path, entries);
  }

  void look_at_partitions(const std::string& path, const std::vector<DirectoryEntry>& entries) {
    std::vector<std::string> found;
    for (const DirectoryEntry& entry : entries) {
      auto name = partition_in_name(entry.name);
      // Of a log folder those that are going, or are not part of it, are not meant.
      if (!entry.is_directory || !name || entry.name != text(*name)) continue;
      bool is_internal = std::ranges::find(kInternal, name->topic) != std::end(kInternal);
      if (topics_.empty() ? is_internal && !whole_
                          : std::ranges::find(topics_, name->topic) == topics_.end()) {
        continue;
      }
      bool is_wanted = partitions_.empty() ||
                       std::ranges::find(partitions_, name->partition) != partitions_.end();
      if (is_wanted) add(text(path, "/", entry.name), std::nullopt);
      found.push_back(name->topic);
    }
    for (const std::string& topic : topics_) {
      if (std::ranges::find(found, topic) != found.end()) continue;
      report_(text(path, ": no partition of the topic ", printable(topic), " is there"));
    }
  }

  void add(const std::string& folder, std::optional<std::string> only) {
    std::string folder_name = name_of_path(folder);
    auto name = partition_in_name(folder_name);
    if (!name) name = TopicPartition{folder_name == "." ? "segments" : folder_name, 0};
    if (name->topic == kMetadataTopic && !whole_) {
      return report_(text(folder, " is the cluster's metadata, no topic"));
    }
    auto same = std::ranges::find(places_, *name, &PartitionPlace::name);
    if (same != places_.end()) {
      return report_(text(only ? *only : folder, ": ", *name, " is read from ",
                          same->only ? *same->only : same->folder, " already"));
    }
    places_.push_back({std::move(*name), folder, std::move(only)});
  }

  Disk& disk_;
  const std::vector<std::string>& topics_;
  const std::vector<int32_t>& partitions_;
  const bool whole_;
  const PartitionLog::Report& report_;
  std::vector<PartitionPlace>& places_;
};

}  // namespace

Result<ReplaySources> sort_sources(const std::vector<std::string>& given) {
  ReplaySources sources;
  bool first = true;
  for (const std::string& source : given) {
    using Kind = ReplaySources::Kind;
    Kind kind = Kind::topics;
    if (source == "-") kind = Kind::events;
    if (source.find('/') != std::string::npos) {
      kind = is_event_file(source) ? Kind::events : Kind::segments;
    }
    if (!first && kind != sources.kind) {
      return fail(Code::bad_usage, "topics, folders and event files are not replayed in one run");
    }
    sources.kind = kind;
    first = false;
    (kind == Kind::topics ? sources.topics : sources.files).push_back(source);
  }
  return sources;
}

void find_places(Disk& disk, const std::vector<std::string>& paths,
                 const std::vector<std::string>& topics, const std::vector<int32_t>& partitions,
                 bool whole, const PartitionLog::Report& report,
                 std::vector<PartitionPlace>& places) {
  PlaceFinder finder(disk, topics, partitions, whole, report, places);
  for (const std::string& path : paths) finder.look_at(path);
}

}  // namespace eventd
