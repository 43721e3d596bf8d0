// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/produce.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "lib/base/text.h"
#include "lib/cli/command_line.h"
#include "lib/cli/event_json.h"
#include "lib/cli/input.h"
#include "lib/cli/interrupt.h"
#include "lib/cli/output.h"
#include "lib/client/producer.h"

namespace eventd {

namespace {

constexpr const char* kTool = "event-produce";
constexpr size_t kRecordMax = 256 << 20;

struct Options {
  std::string topic;
  std::vector<std::string> files;
  std::optional<int32_t> partition;
  std::optional<std::string> key;
  bool keep_partition = false;
};

class Produce {
 public:
  Produce(UvLoop& loop, const CommandLine& line, Options options, ClientConfig client,
          ProducerConfig producer)
      : loop_(loop),
        line_(line),
        options_(std::move(options)),
        client_(loop, std::move(client)),
        producer_(client_, producer, [this](const Delivery& delivery) { delivered(delivery); }),
        interrupt_(loop, [this] {
          if (reader_) reader_->stop();
        }) {}

  Task<int> run();
  int signal() const { return interrupt_.signal(); }

 private:
  Task<Result<const TopicInfo*>> find_topic(std::string name);
  Task<void> read_file(std::string path);
  Task<void> take(std::string_view chunk, bool last, RecordSplitter* splitter);
  void take_record(std::optional<std::string_view> record);
  void take_text(std::string_view record);
  void take_event(std::string_view record);
  void send(const TopicInfo& topic, int32_t partition, int64_t timestamp, std::optional<Bytes> key,
            std::optional<Bytes> value, std::span<const RecordHeader> headers);
  void delivered(const Delivery& delivery);
  void skip(std::string_view why);
  bool is_null(std::string_view token) const {
    return line_.format.null_token && token == *line_.format.null_token;
  }

  UvLoop& loop_;
  const CommandLine& line_;
  const Options options_;
  Client client_;
  Producer producer_;
  std::unique_ptr<InputReader> reader_;
  Interrupt interrupt_;

  std::string source_;  // of the record in hand
  uint64_t number_ = 0;
  std::vector<RecordHeader> headers_;
  std::vector<std::string> needed_topics_;  // named by events, not asked for yet
  std::vector<std::string> held_back_;      // events that wait for their topic
  std::map<std::string, TopicInfo, std::less<>> topics_;
  int status_ = 0;
  uint64_t lost_ = 0;
  uint64_t first_lost_ = 0;
  std::string why_lost_;
};

Task<Result<const TopicInfo*>> Produce::find_topic(std::string name) {
  if (auto known = topics_.find(name); known != topics_.end()) co_return &known->second;
  Instant give_up = loop_.now() + std::chrono::seconds(5);
  while (true) {
    std::vector<std::string> names{name};
    Result<std::vector<TopicInfo>> found = co_await client_.topics(std::move(names), true);
    if (!found) co_return pass(found);
    const TopicInfo& topic = found->front();
    if (topic.error == Code::none && !topic.partitions.empty()) {
      co_return &(topics_[name] = topic);
    }
    // Kafka makes a topic after it has answered that there is none.
    bool coming = topic.error == Code::unknown_topic_or_partition ||
                  topic.error == Code::leader_not_available;
    if (!coming || loop_.now() >= give_up) {
      co_return fail(topic.error, text("topic ", printable(name), ": ", name_of(topic.error),
                                       "; event-admin topic create makes one"));
    }
    Instant next = loop_.now() + client_.config().retry_backoff;
    co_await sleep_until(loop_, next);
  }
}

Task<int> Produce::run() {
  // Everything is found before a line is read.
  Result<void> begun = co_await producer_.begin();
  if (!begun) {
    complain(kTool, begun.error().message);
    co_return exit_for(begun.error());
  }
  if (!options_.topic.empty()) {
    Result<const TopicInfo*> topic = co_await find_topic(options_.topic);
    if (!topic) {
      complain(kTool, topic.error().message);
      co_return exit_for(topic.error());
    }
    auto count = static_cast<int32_t>((*topic)->partitions.size());
    if (options_.partition && *options_.partition >= count) {
      complain(kTool, text("topic ", options_.topic, " has no partition ", *options_.partition));
      co_return kExitItem;
    }
  }
  std::vector<std::string> files = options_.files;
  if (files.empty()) files.emplace_back("-");
  for (const std::string& file : files) {
    if (interrupt_.signal() != 0) break;
    co_await read_file(file);
  }
  co_await producer_.flush();
  if (lost_ > 0) {
    complain(kTool, text(lost_, " records were not acknowledged, the first is line ", first_lost_,
                         ": ", why_lost_));
    status_ = worse_exit(status_, kExitLost);
  }
  co_return status_;
}

Task<void> Produce::read_file(std::string path) {
  int descriptor = STDIN_FILENO;
  source_ = path == "-" ? "stdin" : path;
  number_ = 0;
  if (path != "-") {
    descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
      complain(kTool, fail_with_errno(errno, text("open ", path)).error().message);
      status_ = worse_exit(status_, kExitItem);
      co_return;
    }
  }
  reader_ = std::make_unique<InputReader>(loop_, descriptor);
  RecordSplitter splitter(line_.format.json ? "\n" : line_.format.delimiter, kRecordMax);
  while (true) {
    Result<std::string> chunk = co_await reader_->next();
    if (!chunk) {
      complain(kTool, text(source_, ": ", chunk.error().message));
      status_ = worse_exit(status_, kExitItem);
      break;
    }
    bool last = chunk->empty();
    std::string_view bytes = *chunk;
    co_await take(bytes, last, &splitter);
    if (last) break;
  }
  reader_.reset();
}

// Takes a chunk in small steps, so that batches leave while it is cut into records.
Task<void> Produce::take(std::string_view chunk, bool last, RecordSplitter* splitter) {
  constexpr size_t kStep = 64 << 10;
  auto on_record = [this](std::optional<std::string_view> record) { take_record(record); };
  do {
    std::string_view step = chunk.substr(0, kStep);
    chunk.remove_prefix(step.size());
    if (last) {
      splitter->finish(on_record);
    } else {
      splitter->add(step, on_record);
    }
    std::vector<std::string> wanted = std::exchange(needed_topics_, {});
    for (const std::string& name : wanted) {
      Result<const TopicInfo*> topic = co_await find_topic(name);
      if (topic) continue;
      complain(kTool, topic.error().message);
      status_ = worse_exit(status_, exit_for(topic.error()));
    }
    std::vector<std::string> held = std::exchange(held_back_, {});
    for (const std::string& event : held) {
      number_--;
      take_record(event);
    }
    if (producer_.is_full()) co_await producer_.room();
    co_await next_turn(loop_);
  } while (!chunk.empty());
}

void Produce::take_record(std::optional<std::string_view> record) {
  number_++;
  if (!record) return skip(text("longer than ", kRecordMax, " bytes"));
  if (line_.format.json) return take_event(*record);
  take_text(*record);
}

void Produce::skip(std::string_view why) {
  complain(kTool, text(source_, " line ", number_, ": ", why, "; skipped"));
  status_ = worse_exit(status_, kExitItem);
}

void Produce::take_text(std::string_view record) {
  std::optional<Bytes> key;
  if (options_.key) key = bytes_of(*options_.key);
  if (line_.format.key_delimiter) {
    size_t at = record.find(*line_.format.key_delimiter);
    if (at == std::string_view::npos) return skip("there is no key delimiter in it");
    std::string_view text_key = record.substr(0, at);
    record.remove_prefix(at + line_.format.key_delimiter->size());
    if (!is_null(text_key)) key = bytes_of(text_key);
  }
  std::optional<Bytes> value;
  if (!is_null(record)) value = bytes_of(record);
  const TopicInfo& topic = topics_.find(options_.topic)->second;
  send(topic, options_.partition.value_or(-1), loop_.wall_now().ms, key, value, headers_);
}

void Produce::take_event(std::string_view record) {
  Result<Event> event = parse_event(record);
  if (!event) return skip(event.error().message);
  std::string name = options_.topic.empty() ? event->topic.value_or("") : options_.topic;
  if (name.empty()) return skip("it names no topic, and no TOPIC was given");
  auto topic = topics_.find(name);
  if (topic == topics_.end()) {
    bool asked = std::ranges::find(needed_topics_, name) != needed_topics_.end();
    if (!asked && !held_back_.empty()) return skip(text("there is no topic ", printable(name)));
    if (!asked) needed_topics_.push_back(name);
    held_back_.emplace_back(record);
    return;
  }
  if (!held_back_.empty()) {
    // Order is kept: what comes after an event that waits waits too.
    held_back_.emplace_back(record);
    return;
  }
  std::vector<RecordHeader> headers = headers_;
  for (const auto& [header, value] : event->headers) {
    headers.push_back({header, value ? std::optional(bytes_of(*value)) : std::nullopt});
  }
  std::optional<Bytes> key;
  std::optional<Bytes> value;
  if (event->key) key = bytes_of(*event->key);
  if (options_.key) key = bytes_of(*options_.key);
  if (event->value) value = bytes_of(*event->value);
  int32_t partition = options_.partition.value_or(-1);
  if (options_.keep_partition && event->partition) partition = *event->partition;
  if (partition >= static_cast<int32_t>(topic->second.partitions.size())) {
    return skip(text("topic ", name, " has no partition ", partition));
  }
  send(topic->second, partition, event->timestamp.value_or(loop_.wall_now().ms), key, value,
       headers);
}

void Produce::send(const TopicInfo& topic, int32_t partition, int64_t timestamp,
                   std::optional<Bytes> key, std::optional<Bytes> value,
                   std::span<const RecordHeader> headers) {
  auto count = static_cast<int32_t>(topic.partitions.size());
  Result<void> sent =
      producer_.append(topic.name, count, partition, timestamp, key, value, headers, number_);
  if (!sent) skip(sent.error().message);
}

void Produce::delivered(const Delivery& delivery) {
  if (!delivery.error) return;
  Code code = delivery.error->code;
  if (code == Code::message_too_large || code == Code::invalid_record ||
      code == Code::record_list_too_large) {
    for (uint64_t line : delivery.tokens) {
      complain(kTool, text(source_, " line ", line, ": ", delivery.error->message, "; skipped"));
    }
    status_ = worse_exit(status_, kExitItem);
    return;
  }
  if (lost_ == 0 && !delivery.tokens.empty()) {
    first_lost_ = delivery.tokens.front();
    why_lost_ = delivery.error->message;
  }
  lost_ += delivery.tokens.size();
}

}  // namespace

int event_produce(int argc, char** argv) {
  CommandLine line(kTool, "Writes lines of stdin or of files into a topic");
  Options options;
  CLI::App& app = line.app();
  app.add_option("TOPIC", options.topic, "The topic; with -j the events may name theirs");
  app.add_option("FILE", options.files, "What to read; without, or for -: stdin");
  app.add_option("-p,--partition", options.partition, "Write into this partition")
      ->check(CLI::NonNegativeNumber);
  app.add_option("-k,--key", options.key, "The key of every record");
  app.add_flag("--keep-partition", options.keep_partition,
               "With -j: into the partition that the event names");
  line.add_format();
  app.footer(
      "Examples:\n"
      "  ls -lR /usr | event-produce files          each line an event\n"
      "  event-produce -K : users < users.txt       KEY:VALUE lines\n"
      "  event-consume -j a | event-produce -j b    a copy, keys and times too");
  if (std::optional<int> status = line.parse(argc, argv)) return *status;
  if (options.topic.empty() && !line.format.json) return line.usage("TOPIC is missing");
  Result<ClientConfig> client = line.client_config();
  if (!client) return line.usage(client.error().message);
  Result<ProducerConfig> producer = line.producer_config();
  if (!producer) return line.usage(producer.error().message);
  int signal = 0;
  int status = run_tool([&](UvLoop& loop) -> Task<int> {
    Produce produce(loop, line, options, *client, *producer);
    int result = co_await produce.run();
    // Those who woke us still stand on the stack, and refer to what goes now.
    co_await next_turn(loop);
    signal = produce.signal();
    co_return result;
  });
  if (signal != 0) die_by(signal);
  return status;
}

}  // namespace eventd
