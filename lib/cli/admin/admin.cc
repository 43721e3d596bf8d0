// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/admin/admin.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <map>
#include <string_view>

#include "lib/base/text.h"
#include "lib/base/units.h"
#include "lib/cli/admin/run.h"
#include "lib/cli/interrupt.h"

namespace eventd {

namespace {

Result<ConfigAssignment> parse_assignment(const std::string& given) {
  size_t equals = given.find('=');
  if (equals == std::string::npos || equals == 0) {
    return fail(Code::bad_usage, text(printable(given), ": not KEY=VALUE"));
  }
  std::string key = given.substr(0, equals);
  Result<std::string> value = in_kafka_units(key, std::string_view(given).substr(equals + 1));
  if (!value) return pass(value);
  return ConfigAssignment{std::move(key), std::move(*value)};
}

// A key must not stand there twice: brokers refuse that, each with words of its own.
Result<void> assign(std::vector<ConfigAssignment>& all, ConfigAssignment one) {
  if (std::ranges::find(all, one.key, &ConfigAssignment::key) != all.end()) {
    return fail(Code::bad_usage, text(printable(one.key), " stands there twice"));
  }
  all.push_back(std::move(one));
  return {};
}

}  // namespace

Result<void> AdminOptions::prepare(const AdminVerb& verb) {
  std::vector<std::string> given = configs;
  if (verb.assigns) given = keys;
  for (const std::string& config : given) {
    Result<ConfigAssignment> one = parse_assignment(config);
    if (!one) return pass(one);
    Result<void> assigned = assign(assignments, std::move(*one));
    if (!assigned) return assigned;
  }
  std::ranges::sort(names);
  auto repeated = std::ranges::unique(names);
  names.erase(repeated.begin(), repeated.end());
  if (regex) {
    if (names.size() != 1) return fail(Code::bad_usage, "--regex is of one expression");
    Result<Pattern> compiled = Pattern::compile(names.front());
    if (!compiled) return pass(compiled, "--regex");
    pattern = std::move(*compiled);
    names.clear();
  }
  Result<Position> position_given = parse_position(position, wall_now());
  if (!position_given) return pass(position_given);
  at = *position_given;
  if (!partition_list.empty()) {
    Result<std::vector<int32_t>> list = parse_partitions(partition_list);
    if (!list) return pass(list);
    only_partitions = std::move(*list);
  }
  Result<int64_t> duration = parse_duration_ms(timeout);
  if (!duration) return pass(duration, "--timeout");
  timeout_ms = *duration;
  return {};
}

AdminCommand::AdminCommand()
    : line("event-admin", "Topics, configs, brokers, and waiting for them") {
  CLI::App& app = line.app();
  app.require_subcommand(1);
  std::map<std::string_view, CLI::App*> nouns;
  for (const AdminVerb& one : admin_verbs()) {
    CLI::App* parent = &app;
    if (one.name != nullptr) {
      CLI::App*& noun = nouns[one.noun];
      if (noun == nullptr) {
        auto about = std::ranges::find(admin_nouns(), std::string_view(one.noun),
                                       [](const AdminNoun& known) { return known.name; });
        noun = app.add_subcommand(one.noun, about->about);
        noun->require_subcommand(1);
        noun->fallthrough();
      }
      parent = noun;
    }
    CLI::App* command =
        parent->add_subcommand(one.name == nullptr ? one.noun : one.name, one.about);
    command->fallthrough();
    one.add_options(*command, options);
    command->callback([this, &one] { verb = &one; });
  }
  app.footer(
      "Examples:\n"
      "  event-admin topic create clicks --partitions 4 --config retention.ms=7d\n"
      "  event-admin topic describe clicks -j | jq .end\n"
      "  event-admin config get topic clicks retention.ms\n"
      "  event-admin dump > cluster.json; event-admin apply cluster.json --diff\n"
      "  event-admin wait topic clicks --timeout 1m");
}

int event_admin(int argc, char** argv) {
  AdminCommand command;
  CommandLine& line = command.line;
  if (std::optional<int> status = line.parse(argc, argv)) return *status;
  Result<void> prepared = command.options.prepare(*command.verb);
  if (!prepared) return line.usage(prepared.error().message);
  Result<ClientConfig> client = line.client_config();
  if (!client) return line.usage(client.error().message);
  // A broker that takes connections and is silent does not make a wait longer than it may be.
  std::chrono::milliseconds patience(command.options.timeout_ms);
  bool waits = std::string_view(command.verb->noun) == "wait" && patience.count() > 0;
  if (waits) {
    client->connect_timeout = std::min(client->connect_timeout, patience);
    // Who waits wants to know soon.
    client->reconnect_backoff.longest =
        std::min(client->reconnect_backoff.longest, client->retry_backoff.first);
  }
  return run_tool([&](UvLoop& loop) -> Task<int> {
    AdminRun run(loop, command.options, *client);
    int status = co_await command.verb->run(run);
    // Those who woke us still stand on the stack, and refer to what goes now.
    co_await next_turn(loop);
    co_return status;
  });
}

}  // namespace eventd
