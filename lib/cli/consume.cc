// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/consume.h"

#include <fcntl.h>
#include <unistd.h>

#include <memory>

#include "lib/base/text.h"
#include "lib/cli/reading.h"
#include "lib/log/disk.h"

namespace eventd {

namespace {

// Runs one reading; the signal that ended it, if one did, is passed back.
int read_topics(const CommandLine& line, const ReadingOptions& options, const ClientConfig& client,
                int descriptor, int& signal) {
  return run_tool([&](UvLoop& loop) -> Task<int> {
    Output output(descriptor);
    Reading reading(loop, line, options, client, output);
    int status = co_await reading.run();
    // Those who woke us still stand on the stack, and refer to what goes now.
    co_await next_turn(loop);
    signal = reading.signal();
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

int replay_to_file(CommandLine& line, const ReadingOptions& options, const ClientConfig& client,
                   const std::string& path) {
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
  int signal = 0;
  int status = read_topics(line, options, client, descriptor, signal);
  if (signal == 0 && (status == kExitDone || status == kExitItem)) {
    Result<void> done = publish(disk, part, path, descriptor);
    if (!done) {
      complain(line.tool(), done.error().message);
      status = kExitLost;
    }
  }
  close(descriptor);
  if (signal != 0) die_by(signal);
  return status;
}

}  // namespace

int event_consume(int argc, char** argv) {
  CommandLine line("event-consume", "Prints the events of topics, as cat and tail -f print files");
  ReadingOptions options;
  line.app().add_option("TOPIC", options.topics, "Topics to read")->required();
  ReadingCommand command(line);
  line.add_format();
  line.app().footer(
      "Examples:\n"
      "  event-consume clicks                      all there is\n"
      "  event-consume clicks -f --from end        what comes from now on\n"
      "  event-consume clicks -j --from @today     since midnight, as JSON\n"
      "  event-consume clicks --from end-10        the last ten of each partition");
  if (std::optional<int> status = line.parse(argc, argv)) return *status;
  if (auto wrong = command.finish(options, wall_now())) return line.usage(*wrong);
  Result<ClientConfig> client = line.client_config();
  if (!client) return line.usage(client.error().message);
  int signal = 0;
  int status = read_topics(line, options, *client, STDOUT_FILENO, signal);
  if (signal != 0) die_by(signal);
  return status;
}

int event_replay(int argc, char** argv) {
  CommandLine line("event-replay", "Replays the history of topics to stdout or into a file");
  ReadingOptions options;
  std::string to;
  line.app().add_option("SOURCE", options.topics, "Topics to read")->required();
  line.app()
      .add_option("--to", to, "Into this file, whole or not at all; .jsonl: event JSON")
      ->type_name("PATH");
  ReadingCommand command(line);
  line.add_format();
  line.app().footer(
      "Examples:\n"
      "  event-replay clicks --to ./clicks.jsonl            a topic as a file\n"
      "  event-replay clicks --from @today-1d --until @today   yesterday's\n"
      "  event-replay clicks -p 0 --from 100 --until 200    a hundred of one partition");
  if (std::optional<int> status = line.parse(argc, argv)) return *status;
  for (const std::string& source : options.topics) {
    if (source.find('/') != std::string::npos) {
      return line.usage(text(printable(source), ": only topics can be replayed so far"));
    }
  }
  if (auto wrong = command.finish(options, wall_now())) return line.usage(*wrong);
  Result<ClientConfig> client = line.client_config();
  if (!client) return line.usage(client.error().message);
  if (!to.empty()) {
    if (to.find('/') == std::string::npos) return line.usage("--to PATH has a / in it");
    if (options.follow) return line.usage("--to and -f contradict each other");
    return replay_to_file(line, options, *client, to);
  }
  int signal = 0;
  int status = read_topics(line, options, *client, STDOUT_FILENO, signal);
  if (signal != 0) die_by(signal);
  return status;
}

}  // namespace eventd
