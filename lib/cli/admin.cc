// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/admin.h"

#include "lib/base/text.h"
#include "lib/cli/admin_run.h"
#include "lib/cli/interrupt.h"

namespace eventd {

AdminCommand::AdminCommand() : line("event-admin", "Topics, their offsets, and the brokers") {
  CLI::App& app = line.app();
  app.require_subcommand(1);
  CLI::App* topic = app.add_subcommand("topic", "What is done with topics");
  topic->require_subcommand(1);
  topic->fallthrough();
  add_reading(*topic);
  add_changing(*topic);
  add(app, "cluster", "The brokers", AdminVerb::cluster);
  app.footer(
      "Examples:\n"
      "  event-admin topic create clicks --partitions 4 --config retention.ms=3600000\n"
      "  event-admin topic list\n"
      "  event-admin topic describe clicks -j | jq .end\n"
      "  event-admin topic delete clicks --yes");
}

CLI::App* AdminCommand::add(CLI::App& noun, const char* name, const char* about, AdminVerb verb) {
  CLI::App* command = noun.add_subcommand(name, about);
  command->fallthrough();
  command->add_flag("-j,--json", options.json, "A JSON object a line");
  command->callback([this, verb] { options.verb = verb; });
  return command;
}

void AdminCommand::add_reading(CLI::App& topic) {
  constexpr const char* kAll = "Internal topics too";
  CLI::App* list = add(topic, "list", "The names of the topics", AdminVerb::topic_list);
  list->add_flag("--all", options.all, kAll);
  CLI::App* describe =
      add(topic, "describe", "Partitions, leaders, offsets", AdminVerb::topic_describe);
  describe->add_option("TOPIC", options.topics, "Topics; all without");
  describe->add_flag("--all", options.all, kAll);
  CLI::App* offsets = add(topic, "offsets", "Offsets of a position", AdminVerb::topic_offsets);
  offsets->add_option("TOPIC", options.topics, "Topics; all without");
  offsets->add_option("--at", options.at, "start, end-N, an offset, @TIME")->type_name("POSITION");
  offsets->add_flag("--all", options.all, kAll);
}

void AdminCommand::add_changing(CLI::App& topic) {
  constexpr const char* kDry = "Only say what would be done";
  CLI::Validator positive = CLI::PositiveNumber;
  positive.description("");
  CLI::App* create = add(topic, "create", "New topics", AdminVerb::topic_create);
  create->add_option("TOPIC", options.topics, "Names")->required();
  create->add_option("--partitions", options.partitions, "How many; the broker's default")
      ->type_name("N")
      ->check(positive);
  create->add_option("--replication-factor", options.replication_factor, "Replicas of each")
      ->type_name("N")
      ->check(positive);
  create->add_option("--config", options.configs, "Topic configs")
      ->type_name("K=V")
      ->allow_extra_args(false);
  create->add_flag("--if-not-exists", options.if_not_exists, "No error if it is there");
  create->add_flag("--dry-run", options.dry_run, kDry);
  CLI::App* remove =
      add(topic, "delete", "Deletes topics and all in them", AdminVerb::topic_delete);
  remove->add_option("TOPIC", options.topics, "Names")->required();
  remove->add_flag("--yes", options.yes, "Really");
  remove->add_flag("--dry-run", options.dry_run, kDry);
}

int event_admin(int argc, char** argv) {
  AdminCommand command;
  CommandLine& line = command.line;
  if (std::optional<int> status = line.parse(argc, argv)) return *status;
  for (const std::string& config : command.options.configs) {
    size_t equals = config.find('=');
    if (equals == std::string::npos || equals == 0) {
      return line.usage(text("--config ", printable(config), ": not KEY=VALUE"));
    }
  }
  Result<Position> at = parse_position(command.options.at, wall_now());
  if (!at) return line.usage(at.error().message);
  Result<ClientConfig> client = line.client_config();
  if (!client) return line.usage(client.error().message);
  return run_tool([&](UvLoop& loop) -> Task<int> {
    AdminRun run(loop, command.options, *at, *client);
    int status = co_await run.run();
    // Those who woke us still stand on the stack, and refer to what goes now.
    co_await next_turn(loop);
    co_return status;
  });
}

}  // namespace eventd
