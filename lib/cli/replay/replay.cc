// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/replay/replay.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "lib/base/text.h"
#include "lib/cli/replay/run.h"

namespace eventd {

ReplayCommand::ReplayCommand()
    : line("event-replay", "Replays history: topics or segments, to stdout or into files",
           kReadingProperties) {
  line.app()
      .add_option("SOURCE", sources, "Topics; with a /: folders, segments, event JSON")
      ->required();
  line.app()
      .add_option("-t,--topic", topics, "Only this topic of a log folder")
      ->type_name("T")
      ->allow_extra_args(false);
  line.app()
      .add_option("--to", to, "Into a file, or files by a template; .jsonl: JSON")
      ->type_name("PATH");
  line.app()
      .add_option("--roll", roll, "Close files at count=N, bytes=SIZE, age=D")
      ->type_name("LIMIT");
  line.app().add_flag("--sum", sum, "SHA256 COUNT PARTITION TOPIC of each partition");
  line.app().add_option("--pace", pace, "As it came, 1x, 10x as fast, ..")->type_name("Nx");
  line.app()
      .add_option("--max-gap", gap_max, "With --pace: no longer pause than D")
      ->type_name("D");
  line.app()
      .add_option("--import", import, "Into a new log folder for eventd, offsets kept")
      ->type_name("DIR");
  line.app().add_flag("--verify", verify, "A line for each bad checksum or index entry");
  reading.emplace(line);
  line.add_format();
  line.add_template();
  line.app().footer(
      "Examples:\n"
      "  event-replay clicks --to ./clicks.jsonl.gz    a topic as a file\n"
      "  event-replay clicks --to './%F/{partition}-{first_offset}.jsonl.zst'  by day\n"
      "  event-replay /var/lib/kafka/clicks-0/ -j      without a broker\n"
      "  event-replay ./old.jsonl.gz -j | event-produce b -j   and back into one\n"
      "  event-replay clicks --sum                     is a copy the same?");
}

std::vector<std::string> ReplayCommand::identity() const {
  constexpr std::string_view kOthers[] = {"--brokers", "--set",       "--quiet",   "--verbose",
                                          "--stats",   "--timeout",   "--require", "--follow",
                                          "--profile", "--properties"};
  std::vector<std::string> words;
  const CLI::App& app = line.app();
  for (const CLI::Option* option : app.get_options()) {
    std::string name = option->get_lnames().empty() ? "" : text("--", option->get_lnames()[0]);
    bool tells = option->count() > 0 && std::ranges::find(kOthers, name) == std::end(kOthers);
    if (!tells) continue;
    if (!name.empty()) words.push_back(std::move(name));
    if (option->get_items_expected_max() == 0) continue;  // a flag
    for (const std::string& value : option->results()) words.push_back(value);
  }
  return words;
}

int event_replay(int argc, char** argv) {
  ReplayCommand command;
  if (std::optional<int> status = command.line.parse(argc, argv)) return *status;
  if (int{command.sum} + int{command.verify} + int{command.to.has_value()} +
          int{command.import.has_value()} >
      1) {
    return command.line.usage("--to, --import, --sum and --verify contradict each other");
  }
  if (command.roll && !command.to)
    return command.line.usage("--roll is for files: --to names them");
  bool is_text = !command.sum && !command.verify && !command.to && !command.import;
  if (command.pace && !is_text) return command.line.usage("--pace is for what goes to stdout");
  if (command.gap_max && !command.pace) return command.line.usage("--max-gap needs --pace");
  return ReplayRun(command).run();
}

}  // namespace eventd
