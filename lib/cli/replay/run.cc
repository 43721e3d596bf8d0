// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/replay/run.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "lib/base/openssl.h"
#include "lib/base/text.h"
#include "lib/cli/consume/broker_source.h"
#include "lib/cli/consume/reading.h"
#include "lib/cli/interrupt.h"
#include "lib/cli/output.h"
#include "lib/cli/replay/plain_file_sink.h"
#include "lib/cli/replay/sum_sink.h"
#include "lib/cli/replay/template_sink.h"
#include "lib/cli/replay/verify.h"
#include "lib/cli/text/text_sink.h"
#include "lib/log/checkpoints.h"

namespace eventd {

// Errors of the command line are its exit code; those of the disk theirs.
int ReplayRun::run() {
  if (command_.verify) return verify();
  Result<void> done = find_sources();
  if (done) {
    if (auto wrong = command_.reading->finish(command_.options, wall_now())) {
      return line_.usage(*wrong);
    }
    // What was wrong with each has been said; a file without events is an empty topic.
    if (sources_.kind != ReplaySources::Kind::topics && command_.options.topics.empty()) {
      return status_;
    }
    done = open_sink();
  }
  if (done && !sink_) return status_;  // all is done
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
  fetcher_.ahead = command_.to || command_.sum || command_.import;
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
  if (sources_.kind == ReplaySources::Kind::events) return find_events();
  find_places(disk_, sources_.files, command_.topics, {}, false, report(), sources_.places);
  std::vector<std::string>& topics = command_.options.topics;
  for (const PartitionPlace& place : sources_.places) topics.push_back(place.name.topic);
  std::ranges::sort(topics);
  topics.erase(std::ranges::unique(topics).begin(), topics.end());
  return {};
}

Result<void> ReplayRun::find_events() {
  std::vector<std::pair<std::string, std::string>> files;
  for (const std::string& file : sources_.files) {
    std::error_code error;
    if (file != "-" && std::filesystem::is_regular_file(file, error)) {
      files.emplace_back(file, file);
      continue;
    }
    // What can be read only once is kept for the second time.
    int descriptor = file == "-" ? STDIN_FILENO : open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return fail_with_errno(errno, text("open ", file));
    Result<Spool> kept = spool(descriptor);
    if (!kept) return pass(kept);
    files.emplace_back(file == "-" ? "stdin" : file, kept->path);
  }
  events_ = std::make_unique<EventSource>(disk_, std::move(files), report());
  events_->look();
  std::vector<std::string> names = events_->topic_names();
  for (const std::string& topic : command_.topics) {
    if (std::ranges::find(names, topic) == names.end()) {
      report()(text("no event is of the topic ", printable(topic)));
    }
  }
  if (!command_.topics.empty()) {
    std::erase_if(names, [&](const std::string& name) {
      return std::ranges::find(command_.topics, name) == command_.topics.end();
    });
  }
  command_.options.topics = std::move(names);
  return {};
}

int ReplayRun::verify() {
  Result<ReplaySources> sorted = sort_sources(command_.sources);
  if (!sorted) return complain(line_.tool(), sorted.error());
  if (sorted->kind != ReplaySources::Kind::segments) {
    return line_.usage("--verify looks at the files of brokers: folders and segments");
  }
  if (auto wrong = command_.reading->finish(command_.options, wall_now())) {
    return line_.usage(*wrong);
  }
  find_places(disk_, sorted->files, command_.topics, command_.options.partitions, true, report(),
              sorted->places);
  Output output(STDOUT_FILENO);
  uint64_t bad = 0;
  std::string first;
  Verification verification(disk_, [&](const std::string& place) {
    output.buffer() += text(place, "\n");
    if (bad++ == 0) first = place;
  });
  for (const PartitionPlace& place : sorted->places) verification.check(place);
  for (std::string path : sorted->files) {
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    verification.check_log_folder(path);
  }
  Result<void> written = output.flush();
  if (!written) return complain(line_.tool(), written.error());
  if (bad == 0) return status_;
  complain(line_.tool(), text(bad, bad == 1 ? " bad place: " : " bad places, the first: ", first));
  return worse_exit(status_, kExitItem);
}

// Whether the run goes on until somebody ends it.
bool ReplayRun::is_endless() const {
  const ReadingOptions& options = command_.options;
  return options.follow && options.until.empty() && options.matches.empty() && !options.count &&
         !options.idle_ms;
}

Result<void> ReplayRun::open_sink() {
  if (command_.options.follow && sources_.kind != ReplaySources::Kind::topics) {
    return fail(Code::bad_usage, "-f follows topics; files are read as they are now");
  }
  if (command_.sum) {
    if (is_endless()) return fail(Code::bad_usage, "--sum needs an end: -f with --until has one");
    Result<void> loaded = load_openssl();
    if (!loaded) return pass(loaded);
    sink_ = std::make_unique<SumSink>(STDOUT_FILENO);
    return {};
  }
  if (command_.to) return open_target();
  if (command_.import) return open_import();
  return open_stdout();
}

Result<void> ReplayRun::open_stdout() {
  sink_ = std::make_unique<TextSink>(STDOUT_FILENO, line_.format);
  if (!command_.pace) return {};
  Result<double> times = parse_pace(*command_.pace);
  if (!times) return pass(times);
  PaceOptions pace{.times = *times};
  if (command_.gap_max) {
    Result<int64_t> gap_max = parse_duration_ms(*command_.gap_max);
    if (!gap_max) return pass(gap_max);
    pace.gap_max = std::chrono::milliseconds(*gap_max);
  }
  if (command_.options.timeout_ms) {
    pace.until = monotonic_now() + std::chrono::milliseconds(*command_.options.timeout_ms);
  }
  auto paced = std::make_unique<PacedSink>(std::move(sink_), pace);
  paced_ = paced.get();
  sink_ = std::move(paced);
  // A file of events has its order, all else that of its times.
  command_.options.merge = command_.options.merge || !events_;
  return {};
}

// Of segments whole batches are taken, unless something chooses among records.
bool ReplayRun::takes_whole_batches() const {
  if (sources_.kind != ReplaySources::Kind::segments) return false;
  std::vector<std::string> words = command_.identity();
  auto chooses = [&](const std::string& word) {
    constexpr std::string_view kHarmless[] = {"--import", "--topic", "--partition"};
    return word.starts_with("--") && std::ranges::find(kHarmless, word) == std::end(kHarmless);
  };
  return std::ranges::none_of(words, chooses) &&
         std::ranges::none_of(sources_.places,
                              [](const auto& place) { return place.only.has_value(); });
}

Result<void> ReplayRun::open_import() {
  if (is_endless()) return fail(Code::bad_usage, "--import needs an end: -f with --until has one");
  auto folder = ImportFolder::create(disk_, *command_.import);
  if (!folder && folder.error().code == Code::already_exists) {
    return fail(Code::bad_usage, folder.error().message);
  }
  if (!folder) return pass(folder);
  for (const PartitionPlace& place : sources_.places) {
    Result<std::optional<Uuid>> id = load_partition_metadata(disk_, place.folder);
    if (id && *id) (*folder)->set_topic_id(place.name.topic, **id);
  }
  if (takes_whole_batches()) return import_batches(std::move(*folder));
  sink_ = std::make_unique<ImportSink>(std::move(*folder));
  return {};
}

Result<void> ReplayRun::import_batches(std::unique_ptr<ImportFolder> folder) {
  const std::vector<int32_t>& wanted = command_.options.partitions;
  for (const PartitionPlace& place : sources_.places) {
    bool is_wanted =
        wanted.empty() || std::ranges::find(wanted, place.name.partition) != wanted.end();
    if (!is_wanted) continue;
    Result<PartitionLog> log =
        PartitionLog::open(disk_, place.folder, place.name, std::nullopt, report());
    if (!log) {
      report()(log.error().message);
      continue;
    }
    Result<uint64_t> left_out =
        import_partition(disk_, *log, fetcher_.committed_only, report(), *folder);
    if (!left_out) return pass(left_out);
    if (*left_out == 0) continue;
    complain(line_.tool(), text(place.folder, ": ", *left_out,
                                " records of transactions that never "
                                "ended are left out; -X isolation.level=read_uncommitted takes "
                                "them in"));
  }
  return folder->finish();
}

Result<void> ReplayRun::open_target() {
  Result<FileTemplate> names = FileTemplate::parse(*command_.to);
  if (!names) return pass(names);
  if (without_codec(names->path()).ends_with(".jsonl")) line_.format.json = true;
  if (names->is_plain()) {
    if (command_.roll) {
      return fail(Code::bad_usage, "--roll makes several files: --to needs a template for it");
    }
    if (is_endless()) {
      return fail(Code::bad_usage,
                  "-f never ends, and a plain file appears at the end; --until ends it, and a "
                  "template with --roll takes what follows");
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
  if (events_) {
    events_->set_loop(loop);
    return std::move(events_);
  }
  return std::make_unique<SegmentSource>(loop, disk_, sources_.places, fetcher_.committed_only,
                                         report());
}

Task<int> ReplayRun::read(UvLoop& loop) {
  Result<std::unique_ptr<RecordSource>> source = open_source(loop);
  if (!source) co_return complain(line_.tool(), source.error());
  Reading reading(loop, line_, command_.options, **source, *sink_);
  int status = co_await reading.run();
  if (paced_ != nullptr && paced_->ran_out() && worse_exit(status, kExitUnmet) != status) {
    complain(line_.tool(), "not ended within the timeout");
    status = kExitUnmet;
  }
  // Those who woke us still stand on the stack, and refer to what goes now.
  co_await next_turn(loop);
  co_return status;
}

}  // namespace eventd
