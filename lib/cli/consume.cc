// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/consume.h"

#include <fcntl.h>
#include <unistd.h>

#include <memory>

#include "lib/base/text.h"
#include "lib/cli/broker_source.h"
#include "lib/cli/reading.h"
#include "lib/cli/text_sink.h"
#include "lib/log/disk.h"

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

// The file appears under its name only when it is whole and on the disk.
Result<void> publish(Disk& disk, const std::string& part, const std::string& path, int descriptor) {
  if (fsync(descriptor) != 0) return fail_with_errno(errno, text("sync ", part));
  Result<void> renamed = disk.rename(part, path);
  if (!renamed) return renamed;
  return disk.sync_directory(parent_of(path));
}

// What --to cannot mean yet, or nothing.
std::optional<std::string> check_target(const ReplayCommand& command) {
  const std::string& to = *command.to;
  if (to.find('/') == std::string::npos) return "--to PATH has a / in it";
  if (command.options.follow) return "--to and -f contradict each other";
  if (to.find_first_of("%{") != std::string::npos) return "--to: no templates so far, but one file";
  for (std::string_view ending : {".gz", ".zst", ".lz4"}) {
    if (to.ends_with(ending)) return text("--to: nothing is compressed so far, as ", ending);
  }
  return std::nullopt;
}

int replay_to_file(ReplayCommand& command) {
  CommandLine& line = command.line;
  const std::string& path = *command.to;
  PosixDisk disk;
  Result<bool> there = disk.exists(path);
  if (there && *there) return line.usage(text(printable(path), " exists"));
  std::string part = text(path, ".part");
  int descriptor = open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) {
    complain(line.tool(), fail_with_errno(errno, text("open ", part)).error().message);
    return kExitLost;
  }
  if (path.ends_with(".jsonl")) line.format.json = true;
  int status = read_topics(line, command.options, descriptor);
  if (status == kExitDone || status == kExitItem) {
    Result<void> done = publish(disk, part, path, descriptor);
    if (!done) {
      complain(line.tool(), done.error().message);
      status = kExitLost;
    }
  } else if (status == kExitUsage) {
    (void)unlink(part.c_str());  // nothing was done
  }
  close(descriptor);
  return status;
}

}  // namespace

ConsumeCommand::ConsumeCommand()
    : line("event-consume", "Prints the events of topics, as cat and tail -f print files",
           kReadingProperties) {
  line.app().add_option("TOPIC", options.topics, "Topics to read")->required();
  reading.emplace(line);
  line.add_format(Direction::out);
  line.app().footer(
      "Examples:\n"
      "  event-consume clicks                      all there is\n"
      "  event-consume clicks -f --from end        what comes from now on\n"
      "  event-consume clicks -j --from @today     since midnight, as JSON\n"
      "  event-consume clicks --from end-10        the last ten of each partition");
}

ReplayCommand::ReplayCommand()
    : line("event-replay", "Replays the history of topics to stdout or into a file",
           kReadingProperties) {
  line.app().add_option("SOURCE", options.topics, "Topics to read")->required();
  line.app()
      .add_option("--to", to, "Into this file, whole or not at all; .jsonl: event JSON")
      ->type_name("PATH");
  reading.emplace(line);
  line.add_format(Direction::out);
  line.app().footer(
      "Examples:\n"
      "  event-replay clicks --to ./clicks.jsonl            a topic as a file\n"
      "  event-replay clicks --from @today-1d --until @today   yesterday's\n"
      "  event-replay clicks -p 0 --from 100 --until 200    a hundred of one partition");
}

int event_consume(int argc, char** argv) {
  ConsumeCommand command;
  if (std::optional<int> status = command.line.parse(argc, argv)) return *status;
  if (auto wrong = command.reading->finish(command.options, wall_now())) {
    return command.line.usage(*wrong);
  }
  return read_topics(command.line, command.options, STDOUT_FILENO);
}

int event_replay(int argc, char** argv) {
  ReplayCommand command;
  CommandLine& line = command.line;
  if (std::optional<int> status = line.parse(argc, argv)) return *status;
  for (const std::string& source : command.options.topics) {
    if (source.find('/') != std::string::npos || source == "-") {
      return line.usage(text(printable(source), ": only topics can be replayed so far"));
    }
  }
  if (auto wrong = command.reading->finish(command.options, wall_now())) return line.usage(*wrong);
  if (!command.to) return read_topics(line, command.options, STDOUT_FILENO);
  if (auto wrong = check_target(command)) return line.usage(*wrong);
  return replay_to_file(command);
}

}  // namespace eventd
