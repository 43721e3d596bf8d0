// SPDX-License-Identifier: Apache-2.0
#include "lib/log/checkpoints.h"

#include <vector>

#include "lib/base/text.h"

namespace eventd {

namespace {

constexpr size_t kCheckpointMax = 256 << 20;
constexpr size_t kSmallFileMax = 64 << 10;

std::unexpected<Error> damaged(const std::string& path) {
  return fail(Code::bad_data, text(path, " is damaged"));
}

}  // namespace

Result<OffsetCheckpoint> load_offsets(Disk& disk, const std::string& path) {
  Result<Buffer> file = read_file(disk, path, kCheckpointMax);
  if (!file && file.error().code == Code::not_found) return OffsetCheckpoint{};
  if (!file) return pass(file);
  std::vector<std::string_view> lines = split(text_of(*file), '\n');
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  if (lines.empty()) return OffsetCheckpoint{};  // as Kafka makes it before it has any entry
  if (lines.size() < 2 || lines[0] != "0") return damaged(path);
  std::optional<size_t> count = parse_number<size_t>(lines[1]);
  if (!count || *count != lines.size() - 2) return damaged(path);
  OffsetCheckpoint offsets;
  for (size_t i = 2; i < lines.size(); i++) {
    std::vector<std::string_view> fields = split(lines[i], ' ');
    if (fields.size() != 3) return damaged(path);
    auto partition = parse_number<int32_t>(fields[1]);
    auto offset = parse_number<int64_t>(fields[2]);
    if (!partition || !offset || *partition < 0 || *offset < 0) return damaged(path);
    offsets[{std::string(fields[0]), *partition}] = Offset{*offset};
  }
  return offsets;
}

Result<void> store_offsets(Disk& disk, const std::string& path, const OffsetCheckpoint& offsets) {
  std::string out = text("0\n", offsets.size(), "\n");
  for (const auto& [name, offset] : offsets) {
    out += text(name.first, " ", name.second, " ", offset, "\n");
  }
  return replace_file(disk, path, bytes_of(out));
}

Result<std::optional<Uuid>> load_partition_metadata(Disk& disk, const std::string& directory) {
  std::string path = text(directory, "/", kPartitionMetadata);
  Result<Buffer> file = read_file(disk, path, kSmallFileMax);
  if (!file && file.error().code == Code::not_found) return std::optional<Uuid>();
  if (!file) return pass(file);
  constexpr std::string_view kKey = "topic_id: ";
  for (std::string_view line : split(text_of(*file), '\n')) {
    if (!line.starts_with(kKey)) continue;
    std::optional<Uuid> id = Uuid::parse(trim(line.substr(kKey.size())));
    if (!id) return damaged(path);
    return id;
  }
  return damaged(path);
}

std::string partition_metadata(const Uuid& topic) {
  return text("version: 0\ntopic_id: ", topic, "\n");
}

bool is_torn_metadata(Disk& disk, const std::string& directory, const Uuid& topic) {
  Result<Buffer> file = read_file(disk, text(directory, "/", kPartitionMetadata), kSmallFileMax);
  if (!file) return false;
  std::string whole = partition_metadata(topic);
  std::string_view there = text_of(*file);
  while (there.ends_with('\0')) there.remove_suffix(1);
  // The first line alone would be any topic's.
  constexpr std::string_view kBeforeId = "version: 0\ntopic_id: ";
  bool tells_topic = there.empty() || there.size() > kBeforeId.size();
  return tells_topic && there.size() < whole.size() && std::string_view(whole).starts_with(there);
}

Result<std::optional<MetaProperties>> load_meta_properties(Disk& disk, const std::string& path) {
  Result<Buffer> file = read_file(disk, path, kSmallFileMax);
  if (!file && file.error().code == Code::not_found) return std::optional<MetaProperties>();
  if (!file) return pass(file);
  std::map<std::string, std::string> values;
  for (std::string_view line : split(text_of(*file), '\n')) {
    line = trim(line);
    if (line.empty() || line.front() == '#' || line.front() == '!') continue;
    size_t equals = line.find('=');
    if (equals == std::string_view::npos) return damaged(path);
    values[std::string(trim(line.substr(0, equals)))] = trim(line.substr(equals + 1));
  }
  auto take = [&](const char* key) {
    auto found = values.extract(key);
    return found ? found.mapped() : std::string();
  };
  std::string version = take("version");
  if (version != "1") {
    return fail(Code::unsupported, text(path, ": version ", printable(version),
                                        " is not known; Kafka writes 1 since 3.3"));
  }
  MetaProperties properties;
  properties.cluster_id = take("cluster.id");
  std::optional<int32_t> node = parse_number<int32_t>(take("node.id"));
  if (properties.cluster_id.empty() || !node) return damaged(path);
  properties.node_id = *node;
  if (std::string directory = take("directory.id"); !directory.empty()) {
    std::optional<Uuid> id = Uuid::parse(directory);
    if (!id) return damaged(path);
    properties.directory_id = *id;
  }
  properties.others = std::move(values);
  return std::optional(std::move(properties));
}

Result<void> store_meta_properties(Disk& disk, const std::string& path,
                                   const MetaProperties& properties) {
  std::string out =
      text("version=1\ncluster.id=", properties.cluster_id, "\nnode.id=", properties.node_id,
           "\ndirectory.id=", properties.directory_id, "\n");
  for (const auto& [key, value] : properties.others) out += text(key, "=", value, "\n");
  return replace_file(disk, path, bytes_of(out));
}

}  // namespace eventd
