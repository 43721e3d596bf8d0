// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/admin/run.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "lib/base/text.h"
#include "lib/cli/output.h"
#include "lib/wire/messages/metadata.h"

namespace eventd {

namespace {

constexpr int64_t kStart = -2;
constexpr int64_t kEnd = -1;
// How long brokers may take to hear of a change.
constexpr std::chrono::seconds kPatience{10};

using Wanted = std::vector<std::pair<TopicPartition, int64_t>>;

}  // namespace

std::string partition_name(const TopicPartition& partition) {
  return text(printable(partition.topic), "-", partition.partition);
}

void AdminChange::fail(Code code, std::string why) {
  status = "failed";
  error = code;
  message = std::move(why);
}

AdminRun::AdminRun(Loop& loop, const AdminOptions& options, ClientConfig config)
    : options_(options), client_(loop, std::move(config)), admin_(client_) {}

int32_t AdminRun::timeout_ms() const {
  return static_cast<int32_t>(client_.config().request_timeout.count());
}

void AdminRun::complain_of(const Error& error) {
  status_ = worse_exit(status_, complain(kAdmin, error));
}

void AdminRun::complain_of(std::string_view what, Code code, std::string_view message) {
  bool told = !message.empty() && message != name_of(code);
  complain_of(Error{
      code,
      text(what, ": ", name_of(code), told ? ": " : "", told ? printable(message) : std::string()),
      0});
}

bool AdminRun::is_wanted(const TopicInfo& topic) const {
  if (options_.pattern && !options_.pattern->is_whole(topic.name)) return false;
  bool is_named = !options_.names.empty();
  return is_named || options_.all || !topic.internal;
}

Task<Result<std::vector<TopicInfo>>> AdminRun::find_topics(std::vector<TopicInfo>* missing) {
  std::vector<std::string> names = options_.names;
  Result<std::vector<TopicInfo>> topics = co_await client_.topics(std::move(names));
  if (!topics) co_return pass(topics);
  std::vector<TopicInfo> found;
  for (TopicInfo& topic : *topics) {
    if (!is_wanted(topic)) continue;
    // A topic without leaders is there.
    bool is_there = topic.error == Code::none || topic.error == Code::leader_not_available;
    if (!is_there && missing != nullptr) {
      missing->push_back(std::move(topic));
    } else if (!is_there) {
      complain_of(text("topic ", printable(topic.name)), topic.error, "");
    } else {
      found.push_back(std::move(topic));
    }
  }
  std::ranges::sort(found, {}, &TopicInfo::name);
  if (found.empty() && options_.pattern) {
    complain(kAdmin, "no topic's whole name matches the expression of --regex");
    status_ = worse_exit(status_, kExitItem);
  }
  co_return std::move(found);
}

std::vector<std::string> AdminRun::matching(std::vector<std::string> names) const {
  if (options_.pattern) {
    std::erase_if(names, [&](const auto& name) { return !options_.pattern->is_whole(name); });
  }
  std::ranges::sort(names);
  return names;
}

// Leader by leader, so that a broker that is gone costs only what it led; and again from the
// metadata on, as leaders move.
Task<AdminRun::Offsets> AdminRun::offsets_at(const std::vector<TopicInfo>* topics,
                                             int64_t question) {
  Offsets found;
  std::map<TopicPartition, Error> missing;
  for (const TopicInfo& topic : *topics) {
    for (size_t i = 0; i < topic.partitions.size(); i++) {
      missing[{topic.name, static_cast<int32_t>(i)}] = {Code::leader_not_available, "", 0};
    }
  }
  Instant give_up = loop().now() + kLeaderPatience;
  while (true) {
    std::map<int32_t, Wanted> by_leader;
    for (const auto& [partition, error] : missing) {
      const TopicInfo* topic = client_.known(partition.topic);
      auto index = static_cast<size_t>(partition.partition);
      if (topic == nullptr || index >= topic->partitions.size()) continue;
      int32_t leader = topic->partitions[index].leader;
      if (leader >= 0) by_leader[leader].emplace_back(partition, question);
    }
    bool may_move = false;
    for (auto& [leader, wanted] : by_leader) {
      Wanted asked = wanted;
      Instant once = loop().now();
      Result<Offsets> answered = co_await client_.offsets(std::move(asked), true, once);
      if (answered) {
        for (const auto& [partition, offset] : *answered) missing.erase(partition);
        found.merge(*answered);
        continue;
      }
      may_move = may_move || remedy_for(answered.error().code) != Remedy::give_up;
      for (const auto& [partition, asked_for] : wanted) missing[partition] = answered.error();
    }
    if (missing.empty() || !may_move || loop().now() >= give_up) break;
    Instant next = loop().now() + client_.config().retry_backoff.first;
    co_await sleep_until(loop(), next);
    std::vector<std::string> names;
    for (const auto& [partition, error] : missing) {
      if (names.empty() || names.back() != partition.topic) names.push_back(partition.topic);
    }
    Result<std::vector<TopicInfo>> again = co_await client_.topics(std::move(names));
    if (!again) break;
  }
  for (const auto& [partition, error] : missing) {
    complain_of(text("partition ", partition_name(partition)), error.code, error.message);
  }
  co_return std::move(found);
}

Task<AdminRun::Offsets> AdminRun::offsets_of_position(const std::vector<TopicInfo>* topics) {
  const Position& at = options_.at;
  Offsets ends = co_await offsets_at(topics, kEnd);
  Offsets starts;
  if (!ends.empty()) starts = co_await offsets_at(topics, kStart);
  Offsets at_time;
  if (at.kind == Position::Kind::time && !ends.empty()) {
    int64_t time = std::max<int64_t>(0, at.number);
    at_time = co_await offsets_at(topics, time);
  }
  Offsets found;
  for (const auto& [partition, end] : ends) {
    auto begins = starts.find(partition);
    if (begins == starts.end()) continue;
    int64_t start = begins->second;
    int64_t offset = at.number;
    // The number is no more than the log is long, or the end would be passed.
    if (at.kind == Position::Kind::start) offset = start + std::min(at.number, end - start);
    if (at.kind == Position::Kind::end) offset = end - at.number;
    if (at.kind == Position::Kind::time) {
      auto answer = at_time.find(partition);
      if (answer == at_time.end()) continue;
      offset = answer->second < 0 ? end : answer->second;
    }
    found[partition] = std::clamp(offset, start, std::max(start, end));
  }
  co_return std::move(found);
}

Task<bool> AdminRun::broker_shows(int32_t broker, const std::vector<std::string>* topics,
                                  size_t partitions, bool gone) {
  MetadataRequest request;
  request.allow_auto_topic_creation = false;
  request.topics.emplace();
  for (const std::string& topic : *topics) request.topics->emplace_back().name = topic;
  const MetadataRequest* asked = &request;
  std::optional<int32_t> whom = broker;
  auto answer = co_await admin_.ask(asked, whom);
  if (!answer) co_return true;  // it is not there to be asked by others either
  for (const auto& topic : answer->message.topics) {
    if (gone) {
      if (Code{topic.error_code} != Code::unknown_topic_or_partition) co_return false;
      continue;
    }
    if (topic.error_code != 0 || topic.partitions.size() < partitions) co_return false;
    for (const auto& partition : topic.partitions) {
      if (partition.leader_id < 0) co_return false;
    }
  }
  co_return true;
}

Task<void> AdminRun::settle(std::vector<std::string> topics, size_t partitions, bool gone) {
  if (topics.empty()) co_return;
  Instant give_up = loop().now() + kPatience;
  Result<void> learned = co_await client_.learn_brokers();
  if (!learned) co_return;
  std::vector<int32_t> brokers;
  for (const auto& [id, broker] : client_.brokers()) brokers.push_back(id);
  const std::vector<std::string>* which = &topics;
  while (!brokers.empty() && loop().now() < give_up) {
    int32_t broker = brokers.back();
    bool shows = co_await broker_shows(broker, which, partitions, gone);
    if (shows) {
      brokers.pop_back();
      continue;
    }
    Instant next = loop().now() + client_.config().retry_backoff.first / 4;
    co_await sleep_until(loop(), next);
  }
}

int AdminRun::print_text(const std::string& text) {
  Output output(STDOUT_FILENO);
  output.buffer() = text;
  Result<void> written = output.flush();
  if (!written) complain_of(written.error());
  return status_;
}

int AdminRun::print(const Table& table) {
  std::string out;
  table.print(out);
  return print_text(out);
}

int AdminRun::print_changes(std::vector<std::string> columns,
                            const std::vector<AdminChange>& changes, bool plan, bool has_differs) {
  for (const char* column : {"status", "error", "message"}) columns.emplace_back(column);
  if (has_differs) columns.emplace_back("differs");
  Table table(std::move(columns), options_.json);
  std::string last;
  for (const AdminChange& change : changes) {
    // Where only --yes is missing, that is what there is to say.
    bool is_said = plan && !options_.dry_run;
    if (change.error != Code::none && !is_said) {
      // What was refused together is said once.
      std::string said = text(change.what, name_of(change.error), change.message);
      if (said != last) complain_of(change.what, change.error, change.message);
      last = std::move(said);
    }
    std::vector<std::string> row = change.cells;
    row.push_back(json_text(change.status));
    row.push_back(change.error == Code::none ? "null" : json_text(name_of(change.error)));
    row.push_back(change.message.empty() ? "null" : json_text(change.message));
    if (has_differs) row.push_back(change.differs.empty() ? "{}" : change.differs);
    table.add(std::move(row));
  }
  return options_.json || plan ? print(table) : status_;
}

int AdminRun::planned(int status, std::string_view what) {
  if (options_.dry_run) return status;
  complain(kAdmin, text(what, "; --yes does it"));
  return kExitUsage;
}

}  // namespace eventd
