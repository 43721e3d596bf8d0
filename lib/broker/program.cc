// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/program.h"

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/edit_distance.h"
#include "lib/base/text.h"
#include "lib/broker/child.h"
#include "lib/broker/run.h"
#include "lib/broker/serve.h"

namespace eventd {

namespace {

void add_common(CLI::App& app, Options& options) {
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.add_option("--data-dir", options.data_dir, "Keep everything in this folder");
  app.add_option("-X,--set", options.settings, "Set a broker config by Kafka's name")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  app.add_flag("-v,--verbose", options.verbose, "Log more");
  app.add_flag("-q,--quiet", options.quiet, "Log only warnings and errors");
}

void add_options(CLI::App& app, Options& options) {
  add_common(app, options);
  app.add_option("CONFIG", options.config_file, "A server.properties of Kafka");
  app.add_option("--port", options.port, "Listen on this port of 127.0.0.1; 0: a free one");
  app.add_option("--port-file", options.port_file, "Write the port to this file once it is open");
  app.add_flag("--listen-anywhere", options.listen_anywhere,
               "Allow addresses that other machines reach");
  app.set_version_flag("-V,--version", "eventd " EVENTD_VERSION, "Print the version and exit");
  app.footer(
      "eventd run [--data-dir D] [-X K=V].. [--] CMD..   a broker for one command\n\n"
      "Examples:\n"
      "  eventd                                a broker on 127.0.0.1:9092\n"
      "  eventd --data-dir ./data --port 0     on a free port, printed on stdout\n"
      "  eventd server.properties              as Kafka would start\n"
      "  eventd run -- ./my-test.sh            a broker that lives as long as a command");
}

// Options of `run` end at the first word that is none, or at "--"; the rest is the command.
int run_main(int argc, char** argv) {
  Options options;
  CLI::App app("A broker on a free port and in a folder of its own, for one command", "eventd run");
  add_common(app, options);
  app.prefix_command();
  app.footer(
      "eventd run [OPTIONS] [--] CMD..\n"
      "CMD finds the broker by KAFKA_BOOTSTRAP_SERVERS and EVENT_BROKERS.\n\n"
      "Examples:\n"
      "  eventd run -- ./my-test.sh\n"
      "  eventd run -- sh -c 'event-admin topic create t && seq 9 | event-produce t'");
  try {
    app.parse(argc - 1, argv + 1);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return complain(kExitOwnFailure, text("run: ", error.what()));
  }
  std::vector<std::string> command = app.remaining();
  bool marked = !command.empty() && command.front() == "--";
  if (marked) command.erase(command.begin());
  if (!marked && !command.empty() && command.front().starts_with("-")) {
    return complain(kExitOwnFailure, text("run: no option ", printable(command.front()),
                                          "; a command that begins with '-' stands after --"));
  }
  if (command.empty()) return complain(kExitOwnFailure, "run: a command is missing");
  return run_command(options, command);
}

std::string explain(const CLI::App& app, const CLI::ParseError& error) {
  std::vector<std::string> extras = app.remaining();
  if (extras.empty()) return error.what();
  std::string_view unknown = extras.front();
  std::string near;
  size_t best = 4;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      std::string whole = text("--", name);
      std::string_view word = unknown.substr(0, unknown.find('='));
      size_t found = whole.starts_with(word) ? 0 : edit_distance(word, whole);
      if (found >= best) continue;
      best = found;
      near = std::move(whole);
    }
  }
  std::string_view kind = unknown.starts_with("-") ? "unknown option " : "unknown operand ";
  return text(kind, printable(unknown), near.empty() ? "" : "; perhaps ", near);
}

}  // namespace

int eventd_main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "run") return run_main(argc, argv);
  Options options;
  CLI::App app("The event broker: speaks Kafka's protocol, keeps Kafka's files", "eventd");
  add_options(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    return complain(kExitUsage, explain(app, error));
  }
  return serve(options);
}

}  // namespace eventd
