// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/replay/state.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/base/text.h"

namespace eventd {

namespace {

constexpr int kVersion = 1;
constexpr size_t kSizeMax = 256 << 20;
using Json = nlohmann::ordered_json;
using Positions = std::map<TopicPartition, int64_t>;

Json to_json(const Positions& positions) {
  Json out = Json::array();
  for (const auto& [name, next] : positions) {
    out.push_back({{"topic", name.topic}, {"partition", name.partition}, {"next", next}});
  }
  return out;
}

Positions positions_of(const Json& json) {
  Positions positions;
  for (const Json& one : json) {
    TopicPartition name{one.at("topic").get<std::string>(), one.at("partition").get<int32_t>()};
    positions[std::move(name)] = one.at("next").get<int64_t>();
  }
  return positions;
}

// That it stays in the folder: this file may have been edited.
bool is_inside(const std::string& name) {
  if (name.empty() || name.front() == '/') return false;
  return std::ranges::none_of(split(name, '/'), [](auto part) { return part == ".."; });
}

ReplayState state_of(const Json& json) {
  ReplayState state;
  if (json.at("version").get<int>() != kVersion) throw std::runtime_error("another version");
  state.command = json.at("command").get<std::vector<std::string>>();
  state.positions = positions_of(json.at("positions"));
  if (!json.contains("step")) return state;
  const Json& step = json.at("step");
  state.step.emplace();
  state.step->positions = positions_of(step.at("positions"));
  for (const Json& file : step.at("files")) {
    ReplayStep::PartFile part{file.at("part").get<std::string>(),
                              file.at("name").get<std::string>()};
    if (!is_inside(part.part) || !is_inside(part.name)) {
      throw std::runtime_error(text("the name ", printable(part.name)));
    }
    state.step->files.push_back(std::move(part));
  }
  return state;
}

}  // namespace

Result<std::optional<ReplayState>> ReplayState::load(Disk& disk, const std::string& path) {
  Result<Buffer> file = read_file(disk, path, kSizeMax);
  if (!file && file.error().code == Code::not_found) return std::optional<ReplayState>();
  if (!file) return pass(file);
  try {
    return std::optional(state_of(Json::parse(text_of(*file))));
  } catch (const std::exception& error) {
    return fail(Code::bad_data, text(path, " is damaged: ", printable(error.what())));
  }
}

std::string ReplayState::encode() const {
  Json out{{"version", kVersion}, {"command", command}, {"positions", to_json(positions)}};
  if (step) {
    Json files = Json::array();
    for (const auto& file : step->files)
      files.push_back({{"part", file.part}, {"name", file.name}});
    out["step"] = {{"positions", to_json(step->positions)}, {"files", std::move(files)}};
  }
  // Arguments are bytes; what is no UTF-8 in them only has to be told apart.
  std::string bytes = out.dump(-1, ' ', false, Json::error_handler_t::replace);
  bytes += '\n';
  return bytes;
}

Result<void> ReplayState::store(Disk& disk, const std::string& path) const {
  return replace_file(disk, path, bytes_of(encode()));
}

}  // namespace eventd
