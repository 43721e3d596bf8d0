// SPDX-License-Identifier: Apache-2.0
// event-admin cluster, log-dirs, api-versions.
#include <algorithm>
#include <set>

#include "lib/base/text.h"
#include "lib/cli/admin/run.h"
#include "lib/wire/messages/api_versions.h"
#include "lib/wire/messages/log_dirs.h"

namespace eventd {

Task<int> describe_cluster(AdminRun& run) {
  Client& client = run.client();
  Result<void> asked = co_await client.learn_brokers();
  if (!asked) co_return complain(kAdmin, asked.error());
  Table table({"cluster", "broker", "host", "port", "rack", "controller"}, run.options().json);
  for (const auto& [id, broker] : client.brokers()) {
    table.add({json_text(client.cluster_id()), std::to_string(id), json_text(broker.address.host),
               std::to_string(broker.address.port), broker.rack ? json_text(*broker.rack) : "null",
               id == client.controller() ? "true" : "false"});
  }
  co_return run.print(table);
}

namespace {

struct LogDirRow {
  int32_t broker;
  std::string dir;
  TopicPartition partition;
  int64_t bytes;
  int64_t lag;
  auto key() const { return std::tie(broker, dir, partition); }
};

// Whose rows are wanted: of the topics that were found, and of those that nobody knows any more,
// where all were asked for.
class TopicChoice {
 public:
  TopicChoice(const AdminOptions& options, const std::vector<TopicInfo>& found,
              const std::vector<TopicInfo>& all)
      : takes_all_(options.names.empty() && !options.pattern) {
    for (const TopicInfo& topic : found) found_.insert(topic.name);
    for (const TopicInfo& topic : all) known_.insert(topic.name);
  }
  bool wants(const std::string& topic) const {
    return found_.contains(topic) || (takes_all_ && !known_.contains(topic));
  }

 private:
  const bool takes_all_;
  std::set<std::string> found_;
  std::set<std::string> known_;
};

Task<void> log_dirs_of(AdminRun& run, int32_t id, const TopicChoice* choice,
                       std::vector<LogDirRow>* rows) {
  DescribeLogDirsRequest request;
  const DescribeLogDirsRequest* asked = &request;
  std::optional<int32_t> broker = id;
  auto answer = co_await run.admin().ask(asked, broker);
  if (!answer) {
    run.complain_of(std::move(answer.error()).during(text("broker ", id)));
    co_return;
  }
  if (answer->message.error_code != 0) {
    run.complain_of(text("broker ", id), Code{answer->message.error_code}, "");
  }
  for (const auto& dir : answer->message.results) {
    if (dir.error_code != 0) {
      run.complain_of(text("broker ", id, " ", printable(dir.log_dir)), Code{dir.error_code}, "");
    }
    for (const auto& topic : dir.topics) {
      if (!choice->wants(std::string(topic.name))) continue;
      for (const auto& partition : topic.partitions) {
        rows->push_back({id,
                         std::string(dir.log_dir),
                         {std::string(topic.name), partition.partition_index},
                         partition.partition_size,
                         partition.offset_lag});
      }
    }
  }
}

}  // namespace

Task<int> describe_log_dirs(AdminRun& run) {
  Result<std::vector<TopicInfo>> found = co_await run.find_topics();
  if (!found) co_return complain(kAdmin, found.error());
  std::vector<std::string> every;
  Result<std::vector<TopicInfo>> all = co_await run.client().topics(std::move(every));
  if (!all) co_return complain(kAdmin, all.error());
  TopicChoice choice(run.options(), *found, *all);
  std::vector<int32_t> brokers;
  for (const auto& [id, broker] : run.client().brokers()) brokers.push_back(id);
  std::vector<LogDirRow> rows;
  std::vector<LogDirRow>* into = &rows;
  const TopicChoice* chosen = &choice;
  for (int32_t broker : brokers) {
    co_await log_dirs_of(run, broker, chosen, into);
  }
  std::ranges::sort(rows, {}, &LogDirRow::key);
  Table table({"broker", "dir", "topic", "partition", "bytes", "lag"}, run.options().json);
  for (const LogDirRow& row : rows) {
    table.add({std::to_string(row.broker), json_text(row.dir), json_text(row.partition.topic),
               std::to_string(row.partition.partition), std::to_string(row.bytes),
               std::to_string(row.lag)});
  }
  co_return run.print(table);
}

Task<int> describe_api_versions(AdminRun& run) {
  Result<void> learned = co_await run.client().learn_brokers();
  if (!learned) co_return complain(kAdmin, learned.error());
  std::vector<int32_t> brokers;
  for (const auto& [id, broker] : run.client().brokers()) brokers.push_back(id);
  ApiVersionsRequest request;
  request.client_software_name = "eventd";
  request.client_software_version = EVENTD_VERSION;
  const ApiVersionsRequest* asked = &request;
  Table table({"broker", "api", "name", "min", "max"}, run.options().json);
  for (int32_t id : brokers) {
    std::optional<int32_t> broker = id;
    auto answer = co_await run.admin().ask(asked, broker);
    if (!answer) {
      run.complain_of(std::move(answer.error()).during(text("broker ", id)));
      continue;
    }
    auto keys = answer->message.api_keys;
    std::ranges::sort(keys, {}, [](const auto& api) { return api.api_key; });
    for (const auto& api : keys) {
      std::optional<ApiKey> known = api_key_of(api.api_key);
      table.add({std::to_string(id), std::to_string(api.api_key),
                 known ? json_text(name_of(*known)) : "null", std::to_string(api.min_version),
                 std::to_string(api.max_version)});
    }
  }
  co_return run.print(table);
}

}  // namespace eventd
