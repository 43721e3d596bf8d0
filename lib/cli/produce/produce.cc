// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/produce/produce.h"

#include <malloc.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "lib/base/text.h"
#include "lib/cli/interrupt.h"
#include "lib/cli/produce/run.h"

namespace eventd {

namespace {

constexpr Property kProperties[] = {
    {"acks", "all, as an idempotent producer has it"},
    {"batch.size", "bytes at which a batch is full (262144)"},
    {"compression.type", "none, gzip, snappy, lz4 or zstd (none)"},
    {"delivery.timeout.ms", "how long it is tried to deliver a record (120000)"},
    {"linger.ms", "how long a batch that is not full waits for more (3)"},
};
constexpr std::string_view kPartitioners[] = {"murmur2", "sticky", "round-robin",
                                              "random",  "crc32",  "fnv1a"};

std::string all_partitioners() {
  std::string all;
  for (std::string_view name : kPartitioners) all += text(all.empty() ? "" : ", ", name);
  return all;
}

// Batches come and go between two threads; their memory is kept, in one place, rather than asked
// for and cleared each time.
void keep_freed_memory() {
  constexpr int kKept = 64 << 20;
  (void)mallopt(M_MMAP_THRESHOLD, kKept);  // slower without, no more
  (void)mallopt(M_TRIM_THRESHOLD, kKept);
  (void)mallopt(M_ARENA_MAX, 1);
}

}  // namespace

ProduceCommand::ProduceCommand()
    : line("event-produce", "Writes lines of stdin or of files into a topic", kProperties) {
  CLI::App& app = line.app();
  app.add_option("TOPIC", topic, "The topic; with -j the events may name theirs");
  app.add_option("FILE", files, "What to read; without, or for -: stdin");
  app.add_option("-p,--partition", partition, "Write into this partition")
      ->type_name("N")
      ->check(number_from(0));
  app.add_option("-k,--key", key, "The key of every record")->type_name("KEY");
  app.add_option("-H,--header", headers, "Add a header; without =VALUE its value is null")
      ->type_name("NAME[=VALUE]")
      ->allow_extra_args(false);
  line.add_format();
  app.add_flag("--whole", whole, "Each file is one record");
  app.add_flag("--keep-partition", keep_partition,
               "With -j: into the partition that the event names");
  app.add_option("--partitioner", partitioner, all_partitioners())->type_name("NAME");
  app.add_option("--partitioner-command", partitioner_command,
                 "A command that reads keys and names partitions")
      ->type_name("CMD");
  app.add_flag("--sync", sync, "The next record waits until one is acknowledged");
  app.add_option("--rate", rate, "So many records a second at most")
      ->type_name("N")
      ->check(number_from(1));
  app.add_option("--dead-letter", dead_letter, "Append what is bad or unacknowledged to FILE")
      ->type_name("FILE");
  app.add_flag("--report", report, "Print where each acknowledged record went, as JSON");
  app.add_flag("--tee", tee, "Copy the input to stdout");
  app.add_flag("--stats", stats, "At the end say on stderr what was done, as JSON");
  app.footer(
      "Examples:\n"
      "  ls -lR /usr | event-produce files          each line an event\n"
      "  event-produce -K : users < users.txt       KEY:VALUE lines\n"
      "  event-produce docs --whole *.json          each file an event\n"
      "  make 2>&1 | event-produce builds --tee     and see it, too\n"
      "  event-consume -j a | event-produce -j b    a copy, keys and times too");
}

std::pair<std::string, std::optional<std::string>> parse_header(const std::string& given) {
  size_t equals = given.find('=');
  if (equals == std::string::npos) return {given, std::nullopt};
  return {given.substr(0, equals), given.substr(equals + 1)};
}

std::optional<std::string> ProduceCommand::check() const {
  const RecordFormat& format = line.format;
  bool asks = partitioner || partitioner_command;
  if (topic.empty() && !format.json) return "TOPIC is missing";
  if (key && format.key_delimiter) return "-k and -K contradict each other";
  if (keep_partition && !format.json) return "--keep-partition is for -j";
  if (keep_partition && partition) return "--keep-partition and -p contradict each other";
  if (partition && asks) return "-p and --partitioner contradict each other";
  if (partitioner && partitioner_command) {
    return "--partitioner and --partitioner-command contradict each other";
  }
  if (partitioner && !partitioner_named(*partitioner)) {
    return text("--partitioner ", printable(*partitioner), ": there are ", all_partitioners(),
                "; perhaps ", nearest_of(kPartitioners, *partitioner));
  }
  if (tee && report) return "--tee and --report contradict each other: both are on stdout";
  if (whole && (format.frame || format.delimiter != "\n")) {
    return "--whole takes files as they are: no --frame, -0 or --delim";
  }
  for (const std::string& header : headers) {
    if (header.empty() || header[0] == '=') return text("-H ", printable(header), ": no NAME");
  }
  return std::nullopt;
}

Result<ProducerConfig> ProduceCommand::producer_config() const {
  Result<ProducerConfig> config = line.producer_config();
  if (!config) return config;
  if (partitioner) config->partitioner = *partitioner_named(*partitioner);
  config->keep_timestamps = report;
  return config;
}

int event_produce(int argc, char** argv) {
  ProduceCommand command;
  const CommandLine& line = command.line;
  if (std::optional<int> status = command.line.parse(argc, argv)) return *status;
  if (auto wrong = command.check()) return line.usage(*wrong);
  Result<ClientConfig> client = line.client_config();
  if (!client) return line.usage(client.error().message);
  Result<ProducerConfig> producer = command.producer_config();
  if (!producer) return line.usage(producer.error().message);
  // No question outlasts what is asked for.
  client->request_timeout = std::min(client->request_timeout, producer->delivery_timeout);
  keep_freed_memory();
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
