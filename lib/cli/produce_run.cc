// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/produce_run.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "lib/base/text.h"
#include "lib/cli/event_json.h"
#include "lib/wire/messages/configs.h"

namespace eventd {

namespace {

constexpr const char* kTool = "event-produce";
// A record where no config of the topic says less, and any line of JSON.
constexpr size_t kRecordMax = 64 << 20;
// As JSON a byte may take six, beside the names.
constexpr size_t kJsonLineMax = 6 * kRecordMax + (1 << 20);
// How long a topic that was made a moment ago may be unknown to the broker that we ask.
constexpr auto kTopicPatience = std::chrono::seconds(1);
constexpr int8_t kTopicResource = 2;
constexpr std::string_view kMaxMessageBytes = "max.message.bytes";

}  // namespace

ProduceRun::ProduceRun(UvLoop& loop, const ProduceCommand& command, ClientConfig client,
                       ProducerConfig producer)
    : loop_(loop),
      command_(command),
      format_(command.line.format),
      client_(loop, std::move(client)),
      compresses_(producer.codec != Codec::none),
      producer_(client_, producer, [this](const Delivery& delivery) { delivered(delivery); }),
      interrupt_(loop,
                 [this] {
                   // Nothing is under way yet that would be lost.
                   if (!begun_) die_by(interrupt_.signal());
                   stop_reading();
                 }),
      progress_(loop, !command.line.common.quiet && isatty(STDIN_FILENO) == 0) {}

void ProduceRun::stop_reading() {
  stopped_ = true;
  producer_.hurry();
  if (reader_) reader_->stop();
}

Task<Result<const ProduceRun::Topic*>> ProduceRun::find_topic(std::string name) {
  if (auto known = topics_.find(name); known != topics_.end()) co_return &known->second;
  if (auto gone = missing_.find(name); gone != missing_.end()) {
    co_return std::unexpected(gone->second);
  }
  Instant give_up = loop_.now() + kTopicPatience;
  while (true) {
    std::vector<std::string> names{name};
    Result<std::vector<TopicInfo>> found = co_await client_.topics(std::move(names));
    if (!found) co_return pass(found);
    TopicInfo topic;
    topic.error = Code::unknown_topic_or_partition;
    if (!found->empty()) topic = std::move(found->front());
    if (topic.error == Code::none && !topic.partitions.empty()) {
      size_t batch_max = co_await batch_max_of(name);
      co_return &(topics_[name] = Topic{std::move(topic), batch_max});
    }
    bool passes = topic.error == Code::unknown_topic_or_partition ||
                  topic.error == Code::leader_not_available;
    if (!passes || loop_.now() >= give_up) {
      Error error{topic.error, text("topic ", printable(name), ": ", name_of(topic.error)), 0};
      missing_[name] = error;
      co_return std::unexpected(std::move(error));
    }
    Instant next = loop_.now() + client_.config().retry_backoff;
    co_await sleep_until(loop_, next);
  }
}

// A broker that does not tell will refuse what is too large.
Task<size_t> ProduceRun::batch_max_of(std::string topic) {
  if (compresses_) co_return kRecordMax;
  Result<std::shared_ptr<ClientConnection>> connection = co_await client_.any();
  if (!connection) co_return kRecordMax;
  DescribeConfigsRequest request;
  auto& resource = request.resources.emplace_back();
  resource.resource_type = kTopicResource;
  resource.resource_name = topic;
  resource.configuration_keys.emplace().push_back(kMaxMessageBytes);
  Instant deadline = client_.request_deadline();
  auto answer = co_await (*connection)->ask(request, deadline);
  if (!answer || answer->message.results.empty()) co_return kRecordMax;
  for (const auto& config : answer->message.results[0].configs) {
    auto bytes = parse_number<size_t>(config.value.value_or(""));
    if (config.name == kMaxMessageBytes && bytes) co_return std::min(*bytes, kRecordMax);
  }
  co_return kRecordMax;
}

// Everything is found before a line is read.
Task<Result<void>> ProduceRun::prepare() {
  Result<void> begun = co_await producer_.begin();
  if (!begun) co_return pass(begun);
  if (command_.topic.empty()) co_return Result<void>{};
  Result<const Topic*> topic = co_await find_topic(command_.topic);
  if (!topic) co_return pass(topic);
  auto count = static_cast<int32_t>((*topic)->info.partitions.size());
  if (command_.partition && *command_.partition >= count) {
    co_return fail(Code::invalid_partitions, text("topic ", command_.topic, " has no partition ",
                                                  *command_.partition, ", but ", count));
  }
  co_return Result<void>{};
}

Task<int> ProduceRun::run() {
  Result<void> prepared = co_await prepare();
  if (!prepared) co_return complain(kTool, prepared.error());
  begun_ = true;
  std::vector<std::string> files = command_.files;
  if (files.empty()) files.emplace_back("-");
  for (const std::string& file : files) {
    if (!stopped_) co_await read_file(file);
  }
  co_await producer_.flush();
  progress_.end();
  if (lost_ > 0) {
    complain(kTool, text(lost_, " records were not acknowledged, the first is ",
                         place_of(first_lost_), ": ", why_lost_));
    status_ = worse_exit(status_, kExitLost);
  }
  co_return status_;
}

Task<void> ProduceRun::read_file(std::string path) {
  int descriptor = STDIN_FILENO;
  sources_.push_back({line_, path == "-" ? "stdin" : path});
  if (path != "-") {
    descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
      complain(kTool, fail_with_errno(errno, text("open ", path)).error().message);
      status_ = worse_exit(status_, kExitItem);
      co_return;
    }
  }
  reader_ = std::make_unique<InputReader>(loop_, descriptor);
  RecordSplitter splitter(format_.delimiter, format_.json ? kJsonLineMax : kRecordMax);
  while (true) {
    Result<std::string> chunk = co_await reader_->next();
    if (!chunk) {
      complain(kTool, text(sources_.back().name, ": ", chunk.error().message));
      status_ = worse_exit(status_, kExitItem);
      break;
    }
    std::string_view bytes = *chunk;
    if (bytes.empty()) break;
    co_await take(bytes, &splitter);
  }
  // What was cut off by a signal is no record.
  if (!stopped_) {
    splitter.finish();
    std::string_view nothing;
    co_await take(nothing, &splitter);
  }
  reader_.reset();
}

// Takes a chunk in small steps, so that batches leave while it is cut into records.
Task<void> ProduceRun::take(std::string_view chunk, RecordSplitter* splitter) {
  constexpr size_t kStep = 64 << 10;
  do {
    std::string_view step = chunk.substr(0, kStep);
    chunk.remove_prefix(step.size());
    splitter->feed(step);
    std::optional<std::string_view> record;
    while (splitter->next(record)) {
      line_++;
      if (!record) {
        skip(line_, "the line is too long");
        continue;
      }
      if (!format_.json) take_text(*record);
      if (format_.json) co_await take_event(*record);
      if (producer_.is_full()) co_await producer_.room();
    }
    progress_.show(line_);
    co_await next_turn(loop_);
  } while (!chunk.empty() && !stopped_);
}

std::string ProduceRun::place_of(uint64_t line) const {
  const Source* source = &sources_.front();
  for (const Source& one : sources_) {
    if (one.first_line < line) source = &one;
  }
  return text(source->name, " line ", line - source->first_line);
}

void ProduceRun::skip(uint64_t line, std::string_view why) {
  complain(kTool, text(place_of(line), ": ", why, "; skipped"));
  status_ = worse_exit(status_, kExitItem);
}

void ProduceRun::take_text(std::string_view record) {
  std::optional<Bytes> key;
  if (command_.key) key = bytes_of(*command_.key);
  if (format_.key_delimiter) {
    size_t at = record.find(*format_.key_delimiter);
    if (at == std::string_view::npos) return skip(line_, "there is no key delimiter in it");
    std::string_view text_key = record.substr(0, at);
    record.remove_prefix(at + format_.key_delimiter->size());
    if (!is_null(text_key)) key = bytes_of(text_key);
  }
  std::optional<Bytes> value;
  if (!is_null(record)) value = bytes_of(record);
  const Topic& topic = topics_.find(command_.topic)->second;
  send(topic, command_.partition.value_or(-1), loop_.wall_now().ms, key, value, {});
}

Task<void> ProduceRun::take_event(std::string_view record) {
  Result<Event> event = parse_event(record);
  if (!event) {
    skip(line_, event.error().message);
    co_return;
  }
  std::string name = command_.topic.empty() ? event->topic.value_or("") : command_.topic;
  if (name.empty()) {
    skip(line_, "it names no topic, and no TOPIC was given");
    co_return;
  }
  Result<const Topic*> topic = co_await find_topic(std::move(name));
  if (!topic) {
    skip(line_, topic.error().message);
    status_ = worse_exit(status_, exit_for(topic.error()));
    co_return;
  }
  std::vector<RecordHeader> headers;
  for (const auto& [header, value] : event->headers) {
    headers.push_back({header, value ? std::optional(bytes_of(*value)) : std::nullopt});
  }
  std::optional<Bytes> key;
  std::optional<Bytes> value;
  if (event->key) key = bytes_of(*event->key);
  if (command_.key) key = bytes_of(*command_.key);
  if (event->value) value = bytes_of(*event->value);
  int32_t partition = command_.partition.value_or(-1);
  if (command_.keep_partition && event->partition) {
    partition = *event->partition;
    if (partition < 0) partition = INT32_MAX;  // there is no such partition either
  }
  send(**topic, partition, event->timestamp.value_or(loop_.wall_now().ms), key, value, headers);
}

void ProduceRun::send(const Topic& topic, int32_t partition, int64_t timestamp,
                      std::optional<Bytes> key, std::optional<Bytes> value,
                      std::span<const RecordHeader> headers) {
  auto count = static_cast<int32_t>(topic.info.partitions.size());
  if (partition >= count) {
    return skip(line_, text("topic ", topic.info.name, " has no such partition, but ", count));
  }
  Result<void> sent = producer_.append(topic.info.name, count, partition, timestamp, key, value,
                                       headers, line_, topic.batch_max);
  if (!sent) skip(line_, sent.error().message);
}

void ProduceRun::delivered(const Delivery& delivery) {
  if (!delivery.error) return;
  Code code = delivery.error->code;
  if (code == Code::message_too_large || code == Code::invalid_record ||
      code == Code::record_list_too_large || code == Code::invalid_timestamp) {
    for (uint64_t line : delivery.tokens) skip(line, delivery.error->message);
    return;
  }
  if (lost_ == 0 && !delivery.tokens.empty()) {
    first_lost_ = delivery.tokens.front();
    why_lost_ = delivery.error->message;
  }
  lost_ += delivery.tokens.size();
  if (!stopped_) stop_reading();
}

}  // namespace eventd
