// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/consume/consume.h"

#include <unistd.h>

#include <CLI/CLI.hpp>

#include "lib/base/text.h"
#include "lib/cli/consume/broker_source.h"
#include "lib/cli/consume/reading.h"
#include "lib/cli/text/text_sink.h"

namespace eventd {

namespace {

int read_topics(const CommandLine& line, const ReadingOptions& options, int descriptor) {
  Result<ClientConfig> client = line.client_config();
  if (!client) return line.usage(client.error().message);
  Result<FetcherConfig> fetcher = line.fetcher_config();
  if (!fetcher) return line.usage(fetcher.error().message);
  return run_tool([&](UvLoop& loop) -> Task<int> {
    BrokerSource source(loop, *client, *fetcher);
    TextSink sink(descriptor, line.format);
    Reading reading(loop, line, options, source, sink);
    int status = co_await reading.run();
    // Those who woke us still stand on the stack, and refer to what goes now.
    co_await next_turn(loop);
    co_return status;
  });
}

}  // namespace

ConsumeCommand::ConsumeCommand()
    : line("event-consume", "Prints the events of topics, as cat and tail -f print files",
           kReadingProperties) {
  line.app().add_option("TOPIC", options.topics, "Topics to read")->required();
  reading.emplace(line);
  reading->add_last();
  line.add_format();
  line.add_template();
  line.app().footer(
      "Examples:\n"
      "  event-consume clicks                      all there is\n"
      "  event-consume clicks -n 10 -f             the last ten, then what comes\n"
      "  event-consume clicks -j --from @today     since midnight, as JSON\n"
      "  event-consume clicks -k u7 --format '%d %v\\n'   all of one key, with times\n"
      "  event-consume --regex 'log-.*' --merge --where 'json.level >= 4' -J");
}

int event_consume(int argc, char** argv) {
  ConsumeCommand command;
  if (std::optional<int> status = command.line.parse(argc, argv)) return *status;
  if (auto wrong = command.reading->finish(command.options, wall_now())) {
    return command.line.usage(*wrong);
  }
  return read_topics(command.line, command.options, STDOUT_FILENO);
}

}  // namespace eventd
