// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/produce.h"

#include <utility>

#include "lib/base/text.h"
#include "lib/cli/interrupt.h"
#include "lib/cli/produce_run.h"

namespace eventd {

namespace {
constexpr Property kProperties[] = {
    {"acks", "all, as an idempotent producer has it"},
    {"batch.size", "bytes at which a batch is full (262144)"},
    {"compression.type", "none, gzip, snappy, lz4 or zstd (none)"},
    {"delivery.timeout.ms", "how long it is tried to deliver a record (120000)"},
    {"linger.ms", "how long a batch that is not full waits for more (5)"},
};
}  // namespace

ProduceCommand::ProduceCommand()
    : line("event-produce", "Writes lines of stdin or of files into a topic", kProperties) {
  CLI::App& app = line.app();
  CLI::Validator not_negative = CLI::NonNegativeNumber;
  not_negative.description("");
  app.add_option("TOPIC", topic, "The topic; with -j the events may name theirs");
  app.add_option("FILE", files, "What to read; without, or for -: stdin");
  app.add_option("-p,--partition", partition, "Write into this partition")
      ->type_name("N")
      ->check(not_negative);
  app.add_option("-k,--key", key, "The key of every record")->type_name("KEY");
  app.add_flag("--keep-partition", keep_partition,
               "With -j: into the partition that the event names");
  line.add_format(Direction::in);
  app.footer(
      "Examples:\n"
      "  ls -lR /usr | event-produce files          each line an event\n"
      "  event-produce -K : users < users.txt       KEY:VALUE lines\n"
      "  event-consume -j a | event-produce -j b    a copy, keys and times too");
}

std::optional<std::string> ProduceCommand::check() const {
  if (topic.empty() && !line.format.json) return "TOPIC is missing";
  if (key && line.format.key_delimiter) return "-k and -K contradict each other";
  if (keep_partition && !line.format.json) return "--keep-partition is for -j";
  if (keep_partition && partition) return "--keep-partition and -p contradict each other";
  return std::nullopt;
}

int event_produce(int argc, char** argv) {
  ProduceCommand command;
  const CommandLine& line = command.line;
  if (std::optional<int> status = command.line.parse(argc, argv)) return *status;
  if (auto wrong = command.check()) return line.usage(*wrong);
  Result<ClientConfig> client = line.client_config();
  if (!client) return line.usage(client.error().message);
  Result<ProducerConfig> producer = line.producer_config();
  if (!producer) return line.usage(producer.error().message);
  int signal = 0;
  int status = run_tool([&](UvLoop& loop) -> Task<int> {
    ProduceRun run(loop, command, *client, *producer);
    int result = co_await run.run();
    // Those who woke us still stand on the stack, and refer to what goes now.
    co_await next_turn(loop);
    signal = run.signal();
    co_return result;
  });
  if (signal != 0) die_by(signal);
  return status;
}

}  // namespace eventd
