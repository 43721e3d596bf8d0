// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/replay.h"

#include <unistd.h>

#include <algorithm>
#include <memory>

#include "lib/base/text.h"
#include "lib/cli/broker_source.h"
#include "lib/cli/folder_lock.h"
#include "lib/cli/plain_file_sink.h"
#include "lib/cli/reading.h"
#include "lib/cli/replay_sources.h"
#include "lib/cli/sum_sink.h"
#include "lib/cli/template_sink.h"
#include "lib/cli/text_sink.h"
#include "lib/log/disk.h"

namespace eventd {

namespace {

// One run: what the options make of sources and sinks, and how it ended.
class ReplayRun {
 public:
  explicit ReplayRun(ReplayCommand& command) : command_(command), line_(command.line) {}

  int run();

 private:
  Result<void> find_sources();
  Result<void> open_sink();
  Result<void> open_target();
  Result<std::unique_ptr<RecordSource>> open_source(UvLoop& loop);
  Task<int> read(UvLoop& loop);
  PartitionLog::Report report() {
    return [this](const std::string& line) {
      complain(line_.tool(), line);
      status_ = worse_exit(status_, kExitItem);
    };
  }

  ReplayCommand& command_;
  CommandLine& line_;
  PosixDisk disk_;
  ReplaySources sources_;
  ClientConfig client_;
  FetcherConfig fetcher_;
  std::optional<FolderLock> lock_;
  std::unique_ptr<RecordSink> sink_;
  int status_ = 0;
};

// Errors of the command line are its exit code; those of the disk theirs.
int ReplayRun::run() {
  Result<void> done = find_sources();
  if (done) {
    if (auto wrong = command_.reading->finish(command_.options, wall_now())) {
      return line_.usage(*wrong);
    }
    if (sources_.kind == ReplaySources::Kind::segments && sources_.places.empty()) {
      return status_;  // what was wrong with each has been said
    }
    done = open_sink();
  }
  if (!done) return complain(line_.tool(), done.error());
  int read_status = run_tool([&](UvLoop& loop) { return read(loop); });
  return worse_exit(status_, read_status);
}

Result<void> ReplayRun::find_sources() {
  Result<ReplaySources> sorted = sort_sources(command_.sources);
  if (!sorted) return pass(sorted);
  sources_ = std::move(*sorted);
  Result<FetcherConfig> fetcher = line_.fetcher_config();
  if (!fetcher) return pass(fetcher);
  fetcher_ = *fetcher;
  if (sources_.kind == ReplaySources::Kind::topics) {
    if (!command_.topics.empty()) {
      return fail(Code::bad_usage, "-t chooses from a log folder; topics are named as they are");
    }
    command_.options.topics = sources_.topics;
    Result<ClientConfig> client = line_.client_config();
    if (!client) return pass(client);
    client_ = std::move(*client);
    return {};
  }
  find_places(disk_, sources_.files, command_.topics, {}, false, report(), sources_.places);
  std::vector<std::string>& topics = command_.options.topics;
  for (const PartitionPlace& place : sources_.places) topics.push_back(place.name.topic);
  std::ranges::sort(topics);
  topics.erase(std::ranges::unique(topics).begin(), topics.end());
  return {};
}

Result<void> ReplayRun::open_sink() {
  if (command_.options.follow && sources_.kind != ReplaySources::Kind::topics) {
    return fail(Code::bad_usage, "-f follows topics; files are read as they are now");
  }
  if (command_.sum) {
    if (command_.options.follow) return fail(Code::bad_usage, "--sum needs an end, -f has none");
    sink_ = std::make_unique<SumSink>(STDOUT_FILENO);
    return {};
  }
  if (command_.to) return open_target();
  sink_ = std::make_unique<TextSink>(STDOUT_FILENO, line_.format);
  return {};
}

Result<void> ReplayRun::open_target() {
  Result<FileTemplate> names = FileTemplate::parse(*command_.to);
  if (!names) return pass(names);
  if (without_codec(names->path()).ends_with(".jsonl")) line_.format.json = true;
  if (names->is_plain()) {
    if (command_.roll) {
      return fail(Code::bad_usage, "--roll makes several files: --to needs a template for it");
    }
    if (command_.options.follow) {
      return fail(Code::bad_usage,
                  "-f never ends, and a plain file appears at the end; a template "
                  "with --roll takes what follows");
    }
    auto sink = PlainFileSink::open(disk_, names->path(), line_.format);
    if (!sink && sink.error().code == Code::already_exists) {
      return fail(Code::bad_usage, sink.error().message);
    }
    if (!sink) return pass(sink);
    sink_ = std::move(*sink);
    return {};
  }
  TemplateSink::Options options{.names = std::move(*names), .format = line_.format};
  if (command_.roll) {
    Result<RollOptions> roll = parse_roll(*command_.roll);
    if (!roll) return pass(roll);
    options.roll = *roll;
  }
  options.command = command_.identity();
  options.now = monotonic_now;
  Result<void> made = make_directory_durably(disk_, parent_of(options.names.folder() + "x"));
  if (!made) return made;
  Result<FolderLock> lock = FolderLock::take(options.names.folder());
  if (!lock) return pass(lock);
  lock_ = std::move(*lock);
  auto sink = TemplateSink::open(disk_, std::move(options));
  if (!sink) return pass(sink);
  sink_ = std::move(*sink);
  return {};
}

Result<std::unique_ptr<RecordSource>> ReplayRun::open_source(UvLoop& loop) {
  if (sources_.kind == ReplaySources::Kind::topics) {
    return std::make_unique<BrokerSource>(loop, client_, fetcher_);
  }
  return std::make_unique<SegmentSource>(loop, disk_, sources_.places, fetcher_.committed_only,
                                         report());
}

Task<int> ReplayRun::read(UvLoop& loop) {
  Result<std::unique_ptr<RecordSource>> source = open_source(loop);
  if (!source) co_return complain(line_.tool(), source.error());
  Reading reading(loop, line_, command_.options, **source, *sink_);
  int status = co_await reading.run();
  // Those who woke us still stand on the stack, and refer to what goes now.
  co_await next_turn(loop);
  co_return status;
}

}  // namespace

ReplayCommand::ReplayCommand()
    : line("event-replay", "Replays history: topics or segments, to stdout or into files",
           kReadingProperties) {
  line.app()
      .add_option("SOURCE", sources, "Topics; or with a /, folders and segments of Kafka")
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
  reading.emplace(line);
  line.add_format(Direction::out);
  line.app().footer(
      "Examples:\n"
      "  event-replay clicks --to ./clicks.jsonl.gz    a topic as a file\n"
      "  event-replay clicks --to './%F/{partition}-{first_offset}.jsonl.zst'  by day\n"
      "  event-replay /var/lib/kafka/clicks-0/ -j      without a broker\n"
      "  event-replay clicks --sum                     is a copy the same?");
}

std::vector<std::string> ReplayCommand::identity() const {
  constexpr std::string_view kOthers[] = {"--brokers", "--set",       "--quiet",   "--verbose",
                                          "--stats",   "--timeout",   "--require", "--follow",
                                          "--profile", "--properties"};
  std::vector<std::string> words;
  const CLI::App& app = const_cast<CommandLine&>(line).app();
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
  if (command.sum && command.to) return command.line.usage("--sum and --to contradict each other");
  if (command.roll && !command.to)
    return command.line.usage("--roll is for files: --to names them");
  return ReplayRun(command).run();
}

}  // namespace eventd
