// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/admin.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "lib/base/text.h"
#include "lib/cli/command_line.h"
#include "lib/cli/event_json.h"
#include "lib/cli/interrupt.h"
#include "lib/cli/output.h"
#include "lib/cli/position.h"
#include "lib/client/client.h"
#include "lib/wire/messages/topics.h"

namespace eventd {

namespace {

constexpr const char* kTool = "event-admin";
constexpr int32_t kRequestTimeoutMs = 30'000;

struct Options {
  std::vector<std::string> topics;
  int32_t partitions = -1;
  int16_t replication_factor = -1;
  std::vector<std::string> configs;
  std::string at = "end";
  bool if_not_exists = false;
  bool all = false;
  bool json = false;
  bool yes = false;
  bool dry_run = false;
};

// Rows of a table for people, or a JSON object each for scripts.
class Table {
 public:
  Table(std::vector<std::string> columns, bool json) : columns_(std::move(columns)), json_(json) {}

  // A cell is JSON already: a number, or a quoted string.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  void print(std::string& out) const;

 private:
  static std::string plain(const std::string& cell);
  const std::vector<std::string> columns_;
  const bool json_;
  std::vector<std::vector<std::string>> rows_;
};

std::string json_text(std::string_view value) {
  std::string out;
  append_json_bytes(out, bytes_of(value));
  return out;
}

std::string list(const std::vector<int32_t>& numbers) {
  std::string out = "[";
  for (int32_t number : numbers) out += text(out.size() > 1 ? "," : "", number);
  return out + "]";
}

std::string Table::plain(const std::string& cell) {
  if (cell.size() >= 2 && cell.front() == '"') return cell.substr(1, cell.size() - 2);
  if (cell.size() >= 2 && cell.front() == '[') return cell.substr(1, cell.size() - 2);
  return cell;
}

void Table::print(std::string& out) const {
  if (json_) {
    for (const auto& row : rows_) {
      out += '{';
      for (size_t i = 0; i < row.size(); i++) {
        out += text(i > 0 ? "," : "", "\"", columns_[i], "\":", row[i]);
      }
      out += "}\n";
    }
    return;
  }
  std::vector<size_t> widths;
  for (const std::string& column : columns_) widths.push_back(column.size());
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); i++) widths[i] = std::max(widths[i], plain(row[i]).size());
  }
  auto line = [&](auto cell) {
    for (size_t i = 0; i < columns_.size(); i++) {
      std::string value = cell(i);
      out += value;
      if (i + 1 < columns_.size()) out += std::string(widths[i] + 2 - value.size(), ' ');
    }
    out += '\n';
  };
  line([&](size_t i) {
    std::string title = columns_[i];
    std::ranges::transform(title, title.begin(), [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return title;
  });
  for (const auto& row : rows_) line([&](size_t i) { return plain(row[i]); });
}

// One change: its names, what became of it, and why.
struct Change {
  std::string topic;
  std::string status = "done";
  Code error = Code::none;
  std::string message;
};

class Admin {
 public:
  Admin(UvLoop& loop, Options options, ClientConfig config)
      : loop_(loop), options_(std::move(options)), client_(loop, std::move(config)) {}

  Task<int> list_topics();
  Task<int> describe_topics();
  Task<int> topic_offsets();
  Task<int> create_topics();
  Task<int> delete_topics();
  Task<int> describe_cluster();

 private:
  Task<Result<std::vector<TopicInfo>>> find_topics();
  Task<Result<std::map<TopicPartition, int64_t>>> offsets_at(const std::vector<TopicInfo>* topics,
                                                             int64_t question);
  template <class Request>
  Task<Result<Answer<typename Request::Response>>> ask(const Request& request);
  int failed(const Error& error) const {
    complain(kTool, error.message);
    return exit_for(error);
  }
  int print(const Table& table, int status) const;
  int print_changes(const std::vector<Change>& changes) const;

  UvLoop& loop_;
  const Options options_;
  Client client_;
  mutable int missing_ = 0;
};

template <class Request>
Task<Result<Answer<typename Request::Response>>> Admin::ask(const Request& request) {
  Result<std::shared_ptr<ClientConnection>> connection = co_await client_.any();
  if (!connection) co_return pass(connection);
  Instant deadline = client_.request_deadline() + std::chrono::milliseconds(kRequestTimeoutMs);
  auto answer = co_await (*connection)->ask(request, deadline);
  co_return std::move(answer);
}

int Admin::print(const Table& table, int status) const {
  Output output(STDOUT_FILENO);
  table.print(output.buffer());
  Result<void> written = output.flush();
  if (written) return status;
  complain(kTool, written.error().message);
  return worse_exit(status, kExitLost);
}

// The topics that were named, or all; those that are missing are named on stderr.
Task<Result<std::vector<TopicInfo>>> Admin::find_topics() {
  std::vector<std::string> names = options_.topics;
  Result<std::vector<TopicInfo>> topics = co_await client_.topics(std::move(names), false);
  if (!topics) co_return pass(topics);
  std::vector<TopicInfo> found;
  for (TopicInfo& topic : *topics) {
    if (topic.error != Code::none) {
      complain(kTool, text("topic ", printable(topic.name), ": ", name_of(topic.error)));
      missing_ = kExitItem;
    } else if (options_.all || !topic.internal || !options_.topics.empty()) {
      found.push_back(std::move(topic));
    }
  }
  std::ranges::sort(found, {}, &TopicInfo::name);
  co_return std::move(found);
}

Task<int> Admin::list_topics() {
  Result<std::vector<TopicInfo>> topics = co_await find_topics();
  if (!topics) co_return failed(topics.error());
  if (!options_.json) {
    Output output(STDOUT_FILENO);
    for (const TopicInfo& topic : *topics) output.buffer() += text(topic.name, "\n");
    Result<void> written = output.flush();
    co_return written ? missing_ : kExitLost;
  }
  Table table({"topic", "partitions", "replication_factor", "internal"}, true);
  for (const TopicInfo& topic : *topics) {
    size_t factor = topic.partitions.empty() ? 0 : topic.partitions.front().replicas.size();
    table.add({json_text(topic.name), std::to_string(topic.partitions.size()),
               std::to_string(factor), topic.internal ? "true" : "false"});
  }
  co_return print(table, missing_);
}

Task<Result<std::map<TopicPartition, int64_t>>> Admin::offsets_at(
    const std::vector<TopicInfo>* topics, int64_t question) {
  std::vector<std::pair<TopicPartition, int64_t>> wanted;
  for (const TopicInfo& topic : *topics) {
    for (size_t i = 0; i < topic.partitions.size(); i++) {
      if (topic.partitions[i].leader < 0) continue;
      wanted.emplace_back(TopicPartition{topic.name, static_cast<int32_t>(i)}, question);
    }
  }
  auto offsets = co_await client_.offsets(std::move(wanted), true);
  co_return std::move(offsets);
}

Task<int> Admin::describe_topics() {
  Result<std::vector<TopicInfo>> topics = co_await find_topics();
  if (!topics) co_return failed(topics.error());
  const std::vector<TopicInfo>* all = &*topics;
  auto starts = co_await offsets_at(all, -2);
  if (!starts) co_return failed(starts.error());
  auto ends = co_await offsets_at(all, -1);
  if (!ends) co_return failed(ends.error());
  Table table({"topic", "partition", "leader", "epoch", "replicas", "isr", "start", "end"},
              options_.json);
  for (const TopicInfo& topic : *topics) {
    for (size_t i = 0; i < topic.partitions.size(); i++) {
      const PartitionInfo& partition = topic.partitions[i];
      TopicPartition name{topic.name, static_cast<int32_t>(i)};
      auto offset = [&](const std::map<TopicPartition, int64_t>& offsets) {
        auto known = offsets.find(name);
        return known == offsets.end() ? std::string("null") : std::to_string(known->second);
      };
      table.add({json_text(topic.name), std::to_string(i), std::to_string(partition.leader),
                 std::to_string(partition.leader_epoch), list(partition.replicas),
                 list(partition.isr), offset(*starts), offset(*ends)});
    }
  }
  co_return print(table, missing_);
}

Task<int> Admin::topic_offsets() {
  Result<Position> position = parse_position(options_.at, loop_.wall_now());
  if (!position) {
    complain(kTool, position.error().message);
    co_return kExitUsage;
  }
  Result<std::vector<TopicInfo>> topics = co_await find_topics();
  if (!topics) co_return failed(topics.error());
  const std::vector<TopicInfo>* all = &*topics;
  auto ends = co_await offsets_at(all, -1);
  if (!ends) co_return failed(ends.error());
  int64_t question = position->kind == Position::Kind::start  ? -2
                     : position->kind == Position::Kind::time ? position->number
                                                              : -1;
  auto answers = co_await offsets_at(all, question);
  if (!answers) co_return failed(answers.error());
  Table table({"topic", "partition", "offset"}, options_.json);
  for (const auto& [name, answer] : *answers) {
    int64_t offset = answer;
    if (position->kind == Position::Kind::start) offset += position->number;
    if (position->kind == Position::Kind::end) offset -= position->number;
    if (position->kind == Position::Kind::offset) offset = position->number;
    // No record is that new.
    if (position->kind == Position::Kind::time && answer < 0) offset = (*ends)[name];
    table.add({json_text(name.topic), std::to_string(name.partition),
               std::to_string(std::max<int64_t>(0, offset))});
  }
  co_return print(table, missing_);
}

int Admin::print_changes(const std::vector<Change>& changes) const {
  int status = 0;
  Table table({"topic", "status", "error", "message"}, true);
  for (const Change& change : changes) {
    if (change.error != Code::none) {
      complain(kTool, text("topic ", printable(change.topic), ": ", name_of(change.error),
                           change.message.empty() ? "" : ": ", printable(change.message)));
      status = worse_exit(status, exit_for({change.error, "", 0}));
    }
    table.add({json_text(change.topic), json_text(change.status),
               change.error == Code::none ? "null" : json_text(name_of(change.error)),
               change.message.empty() ? "null" : json_text(change.message)});
  }
  return options_.json ? print(table, status) : status;
}

Task<int> Admin::create_topics() {
  CreateTopicsRequest request;
  request.timeout_ms = kRequestTimeoutMs;
  request.validate_only = options_.dry_run;
  for (const std::string& name : options_.topics) {
    auto& topic = request.topics.emplace_back();
    topic.name = name;
    topic.num_partitions = options_.partitions;
    topic.replication_factor = options_.replication_factor;
    for (const std::string& config : options_.configs) {
      size_t equals = config.find('=');
      auto& told = topic.configs.emplace_back();
      told.name = std::string_view(config).substr(0, equals);
      told.value = std::string_view(config).substr(equals + 1);
    }
  }
  auto answer = co_await ask(request);
  if (!answer) co_return failed(answer.error());
  std::vector<Change> changes;
  for (const auto& topic : answer->message.topics) {
    Change& change = changes.emplace_back();
    change.topic = std::string(topic.name);
    change.error = Code{topic.error_code};
    if (topic.error_message) change.message = std::string(*topic.error_message);
    if (change.error == Code::topic_already_exists && options_.if_not_exists) {
      change = {change.topic, "unchanged", Code::none, ""};
    } else if (change.error != Code::none) {
      change.status = "failed";
    } else if (options_.dry_run) {
      change.status = "planned";
    }
  }
  co_return print_changes(changes);
}

Task<int> Admin::delete_topics() {
  std::vector<Change> changes;
  if (!options_.yes || options_.dry_run) {
    for (const std::string& name : options_.topics) {
      changes.push_back({name, "planned", Code::none, ""});
    }
    int status = print_changes(changes);
    if (options_.dry_run) co_return status;
    complain(kTool, text(options_.topics.size(), " topics would be deleted; --yes does it"));
    co_return kExitUsage;
  }
  DeleteTopicsRequest request;
  request.timeout_ms = kRequestTimeoutMs;
  // Newer versions take structures, older ones names.
  constexpr int16_t kFirstWithStructures = 6;
  Result<std::shared_ptr<ClientConnection>> connection = co_await client_.any();
  if (!connection) co_return failed(connection.error());
  int16_t version = (*connection)->version_of(DeleteTopicsRequest::api).value_or(0);
  for (const std::string& name : options_.topics) {
    if (version >= kFirstWithStructures) {
      request.topics.emplace_back().name = name;
    } else {
      request.topic_names.push_back(name);
    }
  }
  auto answer = co_await ask(request);
  if (!answer) co_return failed(answer.error());
  for (const auto& topic : answer->message.responses) {
    Change& change = changes.emplace_back();
    change.topic = std::string(topic.name.value_or(""));
    change.error = Code{topic.error_code};
    if (topic.error_message) change.message = std::string(*topic.error_message);
    if (change.error != Code::none) change.status = "failed";
  }
  co_return print_changes(changes);
}

Task<int> Admin::describe_cluster() {
  std::vector<std::string> nothing{""};
  Result<std::vector<TopicInfo>> asked = co_await client_.topics(std::move(nothing), false);
  if (!asked) co_return failed(asked.error());
  Table table({"cluster", "broker", "host", "port", "rack", "controller"}, options_.json);
  for (const auto& [id, broker] : client_.brokers()) {
    table.add({json_text(client_.cluster_id()), std::to_string(id), json_text(broker.address.host),
               std::to_string(broker.address.port), broker.rack ? json_text(*broker.rack) : "null",
               id == client_.controller() ? "true" : "false"});
  }
  co_return print(table, 0);
}

}  // namespace

int event_admin(int argc, char** argv) {
  CommandLine line(kTool, "Topics, their offsets, and the brokers");
  Options options;
  CLI::App& app = line.app();
  app.require_subcommand(1);
  Task<int> (Admin::*action)() = nullptr;
  auto verb = [&](CLI::App& noun, const char* name, const char* about, Task<int> (Admin::*run)()) {
    CLI::App* command = noun.add_subcommand(name, about);
    command->fallthrough();
    command->add_flag("-j,--json", options.json, "A JSON object a line");
    command->callback([&action, run] { action = run; });
    return command;
  };
  CLI::App* topic = app.add_subcommand("topic", "What is done with topics");
  topic->require_subcommand(1);
  topic->fallthrough();
  CLI::App* list = verb(*topic, "list", "The names of the topics", &Admin::list_topics);
  list->add_flag("--all", options.all, "Internal topics too");
  CLI::App* describe =
      verb(*topic, "describe", "Partitions, leaders, offsets", &Admin::describe_topics);
  describe->add_option("TOPIC", options.topics, "Topics; all without");
  describe->add_flag("--all", options.all, "Internal topics too");
  CLI::App* offsets = verb(*topic, "offsets", "Offsets of a position", &Admin::topic_offsets);
  offsets->add_option("TOPIC", options.topics, "Topics; all without");
  offsets->add_option("--at", options.at, "start, end-N, an offset, @TIME")->type_name("POSITION");
  CLI::App* create = verb(*topic, "create", "New topics", &Admin::create_topics);
  create->add_option("TOPIC", options.topics, "Names")->required();
  create->add_option("--partitions", options.partitions, "How many; the broker's default")
      ->check(CLI::PositiveNumber);
  create->add_option("--replication-factor", options.replication_factor, "Replicas of each")
      ->check(CLI::PositiveNumber);
  create->add_option("--config", options.configs, "Topic configs")
      ->type_name("K=V")
      ->allow_extra_args(false);
  create->add_flag("--if-not-exists", options.if_not_exists, "No error if it is there");
  create->add_flag("--dry-run", options.dry_run, "Only say what would be done");
  CLI::App* remove =
      verb(*topic, "delete", "Deletes topics and all in them", &Admin::delete_topics);
  remove->add_option("TOPIC", options.topics, "Names")->required();
  remove->add_flag("--yes", options.yes, "Really");
  remove->add_flag("--dry-run", options.dry_run, "Only say what would be done");
  verb(app, "cluster", "The brokers", &Admin::describe_cluster);
  app.footer(
      "Examples:\n"
      "  event-admin topic create clicks --partitions 4 --config retention.ms=3600000\n"
      "  event-admin topic list\n"
      "  event-admin topic describe clicks -j | jq .end\n"
      "  event-admin topic delete clicks --yes");
  if (std::optional<int> status = line.parse(argc, argv)) return *status;
  for (const std::string& config : options.configs) {
    if (config.find('=') == std::string::npos) {
      return line.usage(text("--config ", printable(config), ": not KEY=VALUE"));
    }
  }
  Result<ClientConfig> client = line.client_config();
  if (!client) return line.usage(client.error().message);
  return run_tool([&](UvLoop& loop) -> Task<int> {
    Admin admin(loop, options, *client);
    Task<int> task = (admin.*action)();
    int status = co_await task;
    // Those who woke us still stand on the stack, and refer to what goes now.
    co_await next_turn(loop);
    co_return status;
  });
}

}  // namespace eventd
