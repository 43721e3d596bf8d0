// SPDX-License-Identifier: Apache-2.0
#include "lib/log/log_directory.h"

#include <algorithm>

#include "lib/base/logger.h"
#include "lib/base/text.h"

namespace eventd {

namespace {

constexpr const char* kCleanMarker = ".kafka_cleanshutdown";
constexpr int32_t kDefaultNode = 1;
constexpr size_t kNameMax = 255;

// A checkpoint only spares work or moves a start: a damaged one is no reason not to serve.
Result<OffsetCheckpoint> load_or_forget(Disk& disk, const std::string& path) {
  Result<OffsetCheckpoint> offsets = load_offsets(disk, path);
  if (offsets || offsets.error().code != Code::bad_data) return offsets;
  log_warning(offsets.error().message, "; going on without it");
  return OffsetCheckpoint{};
}

std::string hex(const Uuid& id) {
  std::string out;
  for (uint8_t byte : id.bytes) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

}  // namespace

Result<std::unique_ptr<LogDirectory>> LogDirectory::open(Disk& disk, const std::string& path,
                                                         std::optional<int32_t> node_id) {
  Result<void> made = make_directory_durably(disk, path);
  if (!made) return pass(made);
  std::unique_ptr<LogDirectory> directory(new LogDirectory(disk, path));
  Result<std::unique_ptr<File>> lock = disk.open(text(path, "/.lock"), Open::create);
  if (!lock) return pass(lock, text("the data directory ", path));
  Result<void> locked = (*lock)->lock();
  if (!locked && locked.error().code == Code::in_use) {
    return fail(Code::in_use, text("another broker, ours or Kafka, uses ", path,
                                   "; stop it, or name another folder with --data-dir"));
  }
  if (!locked) return pass(locked);
  directory->lock_ = std::move(*lock);
  Result<void> identified = directory->identify(node_id);
  if (!identified) return pass(identified);
  auto recovery = load_or_forget(disk, text(path, "/", kRecoveryPointFile));
  if (!recovery) return pass(recovery);
  auto starts = load_or_forget(disk, text(path, "/", kLogStartFile));
  if (!starts) return pass(starts);
  auto watermarks = load_or_forget(disk, text(path, "/", kHighWatermarkFile));
  if (!watermarks) return pass(watermarks);
  directory->found_ = {std::move(*recovery), std::move(*starts), std::move(*watermarks)};
  return directory;
}

bool LogDirectory::is_there() const {
  Result<bool> there = disk_.exists(text(path_, "/.lock"));
  return !there || *there;
}

Result<void> LogDirectory::identify(std::optional<int32_t> node_id) {
  std::string file = text(path_, "/meta.properties");
  Result<std::optional<MetaProperties>> known = load_meta_properties(disk_, file);
  if (!known) return pass(known);
  if (*known) {
    identity_ = std::move(**known);
    if (node_id && *node_id != identity_.node_id) {
      return fail(Code::bad_config, text(path_, " belongs to node ", identity_.node_id,
                                         ", but node.id is ", *node_id));
    }
    if (!identity_.directory_id.is_zero()) return {};
    identity_.directory_id = Uuid::random();
    return store_meta_properties(disk_, file, identity_);
  }
  identity_.cluster_id = to_string(Uuid::random());
  identity_.node_id = node_id.value_or(kDefaultNode);
  identity_.directory_id = Uuid::random();
  return store_meta_properties(disk_, file, identity_);
}

Result<bool> LogDirectory::take_clean_marker() {
  std::string marker = text(path_, "/", kCleanMarker);
  Result<void> removed = disk_.remove_file(marker);
  if (!removed && removed.error().code == Code::not_found) return false;
  if (!removed) return pass(removed);
  // It must not come back: the next start would skip its checks.
  Result<void> synced = disk_.sync_directory(path_);
  if (!synced) return pass(synced);
  return true;
}

Result<void> LogDirectory::put_clean_marker(int64_t broker_epoch) {
  std::string contents = text("{\"version\":0,\"brokerEpoch\":", broker_epoch, "}");
  return replace_file(disk_, text(path_, "/", kCleanMarker), bytes_of(contents));
}

std::string LogDirectory::log_path(const std::string& topic, int32_t partition) const {
  return text(path_, "/", topic, "-", partition);
}

Result<std::vector<std::pair<std::string, int32_t>>> LogDirectory::logs() const {
  Result<std::vector<DirectoryEntry>> entries = disk_.list(path_);
  if (!entries) return pass(entries);
  std::vector<std::pair<std::string, int32_t>> found;
  for (const DirectoryEntry& entry : *entries) {
    size_t dash = entry.name.rfind('-');
    if (!entry.is_directory || dash == std::string::npos || dash == 0) continue;
    std::string_view number = std::string_view(entry.name).substr(dash + 1);
    auto partition = parse_number<int32_t>(number);
    // "t-07" is not ours: the log of partition 7 is "t-7".
    if (!partition || *partition < 0 || number != std::to_string(*partition)) continue;
    found.emplace_back(entry.name.substr(0, dash), *partition);
  }
  std::ranges::sort(found);
  return found;
}

Result<std::vector<std::string>> LogDirectory::half_deleted() const {
  Result<std::vector<DirectoryEntry>> entries = disk_.list(path_);
  if (!entries) return pass(entries);
  std::vector<std::string> found;
  for (const DirectoryEntry& entry : *entries) {
    if (entry.is_directory && entry.name.ends_with("-delete")) {
      found.push_back(text(path_, "/", entry.name));
    }
  }
  return found;
}

Result<std::string> LogDirectory::rename_log(const std::string& topic, int32_t partition,
                                             const char* suffix) {
  std::string tail = text(".", hex(Uuid::random()), suffix);
  std::string name = text(topic, "-", partition);
  if (name.size() + tail.size() > kNameMax) name.resize(kNameMax - tail.size());
  std::string to = text(path_, "/", name, tail);
  Result<void> renamed = disk_.rename(log_path(topic, partition), to);
  if (!renamed) return pass(renamed);
  return to;
}

Result<std::string> LogDirectory::mark_deleted(const std::string& topic, int32_t partition) {
  return rename_log(topic, partition, "-delete");
}

Result<std::string> LogDirectory::set_aside(const std::string& topic, int32_t partition) {
  return rename_log(topic, partition, "-stray");
}

Result<void> LogDirectory::store(Checkpoints next, Checkpoints& stored) {
  auto replace = [&](const char* file, OffsetCheckpoint& from, OffsetCheckpoint& to) {
    if (from == to) return Result<void>();
    Result<void> done = store_offsets(disk_, text(path_, "/", file), from);
    if (done) to = std::move(from);
    return done;
  };
  // A start first: with a higher recovery point alone, less would be checked and more shown.
  Result<void> done = replace(kLogStartFile, next.log_starts, stored.log_starts);
  if (done) done = replace(kHighWatermarkFile, next.watermarks, stored.watermarks);
  if (done) done = replace(kRecoveryPointFile, next.recovery_points, stored.recovery_points);
  return done;
}

}  // namespace eventd
