// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/produce/run.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "lib/base/text.h"

namespace eventd {

namespace {

// As JSON a byte may take six, beside the names.
constexpr size_t json_size_max(size_t record_max) { return 6 * record_max + (1 << 20); }
// So much is cut into records before batches that wait may leave.
constexpr size_t kTurnBytes = 256 << 10;
// With --rate: how late records may be and yet leave at once, to be in time again.
constexpr auto kCatchUp = std::chrono::milliseconds(50);

std::string_view without_null(const std::optional<std::string>& token) {
  return token ? std::string_view(*token) : std::string_view();
}

std::vector<std::string> files_of(const ProduceCommand& command) {
  return command.files.empty() ? std::vector<std::string>{"-"} : command.files;
}

// Not among what a person types, and not among what goes to a terminal.
bool wants_progress(const ProduceCommand& command) {
  std::vector<std::string> files = files_of(command);
  bool types = std::ranges::find(files, "-") != files.end() && isatty(STDIN_FILENO) == 1;
  bool prints = (command.tee || command.report) && isatty(STDOUT_FILENO) == 1;
  return !command.line.common.quiet && !command.line.common.verbose && !types && !prints;
}

// 0 if one of them has no size.
uint64_t bytes_in(const std::vector<std::string>& files) {
  uint64_t bytes = 0;
  for (const std::string& file : files) {
    struct stat info {};
    int failed = file == "-" ? fstat(STDIN_FILENO, &info) : stat(file.c_str(), &info);
    if (failed == 0 && !S_ISREG(info.st_mode)) return 0;
    if (failed == 0) bytes += static_cast<uint64_t>(info.st_size);
  }
  return bytes;
}

}  // namespace

ProduceRun::ProduceRun(UvLoop& loop, const ProduceCommand& command, ClientConfig client,
                       ProducerConfig producer)
    : loop_(loop),
      command_(command),
      format_(command.line.format),
      client_(loop, std::move(client)),
      outcome_(loop, command, [this] { report_failed(); }),
      producer_(client_, producer,
                [this](const Delivery& delivery) {
                  outcome_.delivered(delivery);
                  if (outcome_.is_over()) stop_reading();
                }),
      topics_(client_, producer_, producer.codec != Codec::none),
      interrupt_(loop,
                 [this] {
                   // Nothing is under way yet that would be lost.
                   if (!begun_) die_by(interrupt_.signal());
                   stop_reading();
                   if (StdoutWriter* report = outcome_.report_writer()) report->hurry();
                 }),
      progress_(loop, wants_progress(command), [this] { return advance(); }) {
  for (const std::string& header : command.headers) {
    given_names_and_values_.push_back(parse_header(header));
  }
  for (const auto& [name, value] : given_names_and_values_) {
    given_headers_.push_back({name, value ? std::optional(bytes_of(*value)) : std::nullopt});
  }
}

void ProduceRun::stop_reading() {
  if (std::exchange(stopped_, true)) return;
  if (reader_) reader_->stop();
  woken_.notify();
  producer_.hurry();
  if (StdoutWriter* report = outcome_.report_writer()) report->wake();
}

void ProduceRun::report_failed() {
  is_stdout_closed_ = outcome_.report_failed();
  stop_reading();
}

// Everything is found before a line is read. The topic is asked for while the producer gets its id.
Task<Result<void>> ProduceRun::prepare() {
  Result<std::shared_ptr<ClientConnection>> connected = co_await client_.any();
  if (!connected) co_return pass(connected);
  struct {
    std::optional<Result<void>> result;
    Signal is_there;
  } id;
  auto begin = [](Producer& producer, auto& into) -> Task<void> {
    into.result = co_await producer.begin();
    into.is_there.notify();
  };
  spawn(begin(producer_, id));
  Result<void> found = co_await find_topic();
  while (!id.result) co_await id.is_there.wait();
  if (!*id.result) co_return std::move(*id.result);
  if (!found) co_return std::move(found);
  found = outcome_.open_dead_letters();
  if (found && command_.partitioner_command) found = start_placing();
  co_return std::move(found);
}

Task<Result<void>> ProduceRun::find_topic() {
  if (command_.topic.empty()) co_return Result<void>{};
  Result<ProduceTopic*> topic = co_await topics_.find(command_.topic);
  if (!topic) co_return pass(topic);
  topic_ = *topic;
  if (command_.partition && *command_.partition >= topic_->count) {
    co_return fail(Code::invalid_partitions, text("topic ", command_.topic, " has no partition ",
                                                  *command_.partition, ", but ", topic_->count));
  }
  co_return Result<void>{};
}

Result<void> ProduceRun::start_placing() {
  placed_ = std::make_unique<PlacedRecords>(
      loop_, PlacedRecords::Callbacks{
                 [this](const OutgoingRecord& record) { append(record); },
                 [this](uint64_t line, std::string_view why) { outcome_.skip_sent(line, why); },
                 [this](std::span<const uint64_t> lines, const Error& why) {
                   for (uint64_t line : lines) outcome_.lose(line, why);
                   bool is_nonsense = lines.empty() && why.code == Code::bad_data;
                   if (is_nonsense) outcome_.complain(why.message, kExitLost);
                   has_no_partitions_ = true;
                   if (outcome_.is_over()) stop_reading();
                 }});
  return placed_->start(*command_.partitioner_command);
}

Advance ProduceRun::advance() const {
  return {.records = outcome_.line(), .done = bytes_taken_, .total = bytes_to_take_};
}

Task<int> ProduceRun::run() {
  Result<void> prepared = co_await prepare();
  if (!prepared) co_return complain(command_.line.tool(), prepared.error());
  begun_ = true;
  std::vector<std::string> files = files_of(command_);
  bytes_to_take_ = bytes_in(files);
  for (const std::string& file : files) {
    if (!stopped_) co_await read_file(file);
  }
  if (placed_) co_await placed_->finish();
  co_await producer_.flush();
  progress_.end();
  outcome_.finish(interrupt_.signal() != 0 ? "signal" : "eof");
  if (StdoutWriter* report = outcome_.report_writer()) co_await report->settle();
  if (outcome_.report_writer() && outcome_.report_writer()->error()) report_failed();
  if (!has_no_partitions_) co_return outcome_.status();
  int unrunnable = co_await placed_->unrunnable();
  co_return unrunnable != 0 ? unrunnable : outcome_.status();
}

std::unique_ptr<RecordSplitter> ProduceRun::new_splitter() const {
  size_t max = topic_ != nullptr ? topic_->batch_max : kProducedRecordMax;
  if (format_.json) max = json_size_max(max);
  if (format_.key_delimiter) max += format_.key_delimiter->size();
  if (command_.whole) return split_nowhere(max);
  if (format_.frame) return split_frames(max);
  return split_at(format_.delimiter, max);
}

Task<void> ProduceRun::read_file(std::string path) {
  outcome_.begin_source(path);
  reader_ = std::make_unique<InputReader>(loop_, path, command_.tee);
  std::unique_ptr<RecordSplitter> splitter = new_splitter();
  RecordSplitter* cutter = splitter.get();
  is_broken_ = false;
  bool ended = false;
  while (!ended && !is_broken_) {
    Result<Buffer> chunk = co_await reader_->next();
    if (!chunk) {
      input_failed(chunk.error());
      break;
    }
    ended = chunk->empty();
    // What was cut off by a signal is no record.
    if (ended && stopped_ && !outcome_.is_over()) break;
    splitter->feed(text_of(*chunk));
    if (ended) splitter->finish();
    co_await take(cutter);
    reader_->reuse(std::move(*chunk));
  }
  reader_.reset();
}

void ProduceRun::input_failed(const Error& error) {
  if (!reader_->has_failed_to_tee()) return outcome_.complain(error.message, kExitItem);
  stop_reading();
  is_stdout_closed_ = error.code == Code::connection_closed;
  if (!is_stdout_closed_) outcome_.complain(error.message, kExitLost);
}

Task<void> ProduceRun::take(RecordSplitter* splitter) {
  const bool is_careful = command_.sync || command_.rate || placed_ || command_.dead_letter;
  now_ms_ = loop_.wall_now().ms;
  InputRecord record;
  while (splitter->next(record)) {
    turn_bytes_ += record.bytes.size() + 1;
    bytes_taken_ += record.bytes.size() + 1;
    if (record.kind == InputRecord::Kind::part) {
      outcome_.part(record);
      continue;
    }
    outcome_.next_line();
    bool taken = take_record(record);
    if (!taken) co_await take_event_of_new_topic(record);
    if (is_careful) co_await go_easy();
    if (producer_.is_full()) co_await producer_.room();
  }
  outcome_.flush();
  StdoutWriter* report = outcome_.report_writer();
  while (report && report->is_full() && !stopped_) co_await report->progress();
  bool drained = reader_->is_drained();
  if (drained) producer_.drained();
  if (drained && placed_) placed_->drained();
  if (!drained && turn_bytes_ < kTurnBytes) co_return;
  turn_bytes_ = 0;
  co_await next_turn(loop_);
}

// After a record: before the next one there may be something to wait for.
Task<void> ProduceRun::go_easy() {
  if (placed_ && placed_->is_full()) co_await placed_->room();
  while (outcome_.is_full()) {
    if (placed_) co_await placed_->settle();
    co_await producer_.progress();
  }
  if (command_.sync) {
    if (placed_) co_await placed_->settle();
    co_await producer_.flush();
    now_ms_ = loop_.wall_now().ms;  // that of the next record
  }
  if (!command_.rate || stopped_) co_return;
  Instant now = loop_.now();
  auto apart = std::chrono::nanoseconds(std::chrono::seconds(1)) / *command_.rate;
  next_due_ = std::max(next_due_, now - kCatchUp) + apart;
  if (next_due_ <= now) co_return;
  producer_.drained();
  Instant due = next_due_;
  co_await woken_.wait_until(loop_, due);
  now_ms_ = loop_.wall_now().ms;
}

// False if the topic that it names must be found first.
bool ProduceRun::take_record(const InputRecord& record) {
  using Kind = InputRecord::Kind;
  if (outcome_.is_over()) {
    outcome_.not_sent(record);
  } else if (record.kind == Kind::broken) {
    outcome_.skip(record, "no frame, or it is cut short; nothing after it can be read");
    is_broken_ = true;
  } else if (record.kind == Kind::too_long) {
    size_t max = topic_ != nullptr ? topic_->batch_max : kProducedRecordMax;
    outcome_.skip(record, text("too long: max.message.bytes is ", max));
  } else if (format_.json) {
    return take_event(record);
  } else {
    take_text(record);
  }
  return true;
}

void ProduceRun::take_text(const InputRecord& record) {
  std::string_view value = record.bytes;
  OutgoingRecord outgoing{topic_, command_.partition.value_or(-1), now_ms_};
  outgoing.line = outcome_.line();
  if (command_.key) outgoing.key = bytes_of(*command_.key);
  auto is_null = [&](std::string_view bytes) {
    return format_.null_token && bytes == without_null(format_.null_token);
  };
  if (format_.key_delimiter) {
    size_t at = value.find(*format_.key_delimiter);
    if (at == std::string_view::npos) return outcome_.skip(record, "there is no key delimiter");
    std::string_view key = value.substr(0, at);
    value.remove_prefix(at + format_.key_delimiter->size());
    if (!is_null(key)) outgoing.key = bytes_of(key);
  }
  if (record.kind != InputRecord::Kind::null && !is_null(value)) outgoing.value = bytes_of(value);
  outgoing.headers = given_headers_;
  send(outgoing, record);
}

bool ProduceRun::take_event(const InputRecord& record) {
  Result<const ParsedEvent*> parsed = parser_.parse(record.bytes);
  if (!parsed) {
    outcome_.skip(record, parsed.error().message);
    return true;
  }
  const ParsedEvent& event = **parsed;
  ProduceTopic* topic = topic_;
  if (topic == nullptr) {
    std::string_view name = event.topic.value_or("");
    if (name.empty()) {
      outcome_.skip(record, "it names no topic, and no TOPIC was given");
      return true;
    }
    topic = topics_.known(name);
    if (topic == nullptr) {
      new_topic_ = name;
      return false;
    }
  }
  int32_t partition = command_.partition.value_or(-1);
  if (command_.keep_partition && event.partition) {
    partition = *event.partition;
    if (partition < 0) partition = INT32_MAX;  // there is no such partition either
  }
  if (partition >= topic->count) {
    outcome_.skip(record, text("topic ", printable(topic->name), " has no such partition, but ",
                               topic->count));
    return true;
  }
  OutgoingRecord outgoing{topic, partition, event.timestamp.value_or(now_ms_), event.key,
                          event.value};
  outgoing.line = outcome_.line();
  if (command_.key) outgoing.key = bytes_of(*command_.key);
  outgoing.headers = event.headers.empty() ? given_headers_ : event.headers;
  if (!event.headers.empty() && !given_headers_.empty()) {
    headers_ = event.headers;
    headers_.insert(headers_.end(), given_headers_.begin(), given_headers_.end());
    outgoing.headers = headers_;
  }
  send(outgoing, record);
  return true;
}

Task<void> ProduceRun::take_event_of_new_topic(InputRecord record) {
  Result<ProduceTopic*> topic = co_await topics_.find(new_topic_);
  if (topic) {
    take_record(record);
    co_return;
  }
  outcome_.skip(record, topic.error().message);
  outcome_.worsen(exit_for(topic.error()));
}

void ProduceRun::send(OutgoingRecord& outgoing, const InputRecord& record) {
  outcome_.sent(record);
  if (placed_) return placed_->add(outgoing);
  append(outgoing);
}

void ProduceRun::append(const OutgoingRecord& record) {
  Result<void> sent = producer_.append(*record.topic->lanes, record.partition, record.timestamp,
                                       record.key, record.value, record.headers, record.line);
  if (!sent) outcome_.skip_sent(record.line, sent.error().message);
}

}  // namespace eventd
