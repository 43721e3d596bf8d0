// SPDX-License-Identifier: Apache-2.0
// event-admin topic create, delete, set-partitions, trim.
#include <algorithm>
#include <map>

#include "lib/base/text.h"
#include "lib/cli/admin/requests.h"
#include "lib/cli/admin/run.h"

namespace eventd {

namespace {

AdminChange change_of(const std::string& topic) {
  AdminChange change;
  change.cells = {json_text(topic)};
  change.what = text("topic ", printable(topic));
  return change;
}

// One for each topic that is not there, with `nulls` for what is not known of it.
std::vector<AdminChange> changes_of_missing(const std::vector<TopicInfo>& missing, size_t nulls) {
  std::vector<AdminChange> changes;
  for (const TopicInfo& topic : missing) {
    AdminChange& change = changes.emplace_back(change_of(topic.name));
    change.cells.resize(1 + nulls, "null");
    change.fail(topic.error, "");
  }
  return changes;
}

void note(AdminChange& change, const ItemError& error, bool planned) {
  if (error.code != Code::none) {
    change.fail(error.code, error.message);
  } else if (planned) {
    change.status = "planned";
  }
}

// What a topic that is there already is not as the options have it.
std::string differences(const AdminOptions& options, const TopicInfo& topic,
                        const ResourceConfigs* configs) {
  std::string differs;
  auto compare = [&](std::string_view key, const std::string& is, const std::string& wanted) {
    if (is == wanted) return;
    differs += text(differs.empty() ? "{" : ",", json_text(key), ":[", is, ",", wanted, "]");
  };
  if (options.partitions >= 0) {
    compare("partitions", std::to_string(topic.partitions.size()),
            std::to_string(options.partitions));
  }
  if (options.replication_factor >= 0 && !topic.partitions.empty()) {
    compare("replication_factor", std::to_string(topic.partitions.front().replicas.size()),
            std::to_string(options.replication_factor));
  }
  for (const ConfigAssignment& wanted : options.assignments) {
    if (configs == nullptr) break;
    auto is = std::ranges::find(configs->entries, wanted.key, &ConfigEntry::key);
    bool known = is != configs->entries.end() && is->value;
    compare(wanted.key, known ? json_text(*is->value) : "null", json_text(*wanted.value));
  }
  return differs.empty() ? differs : differs + "}";
}

// Makes "it is there already" unchanged, and says in what it differs.
Task<Result<void>> compare_those_there(AdminRun& run, std::vector<AdminChange>* changes) {
  const AdminOptions& options = run.options();
  std::vector<std::string> names;
  std::vector<Resource> resources;
  for (size_t i = 0; i < changes->size(); i++) {
    if ((*changes)[i].error != Code::topic_already_exists) continue;
    names.push_back(options.names[i]);
    resources.push_back({ResourceType::topic, options.names[i]});
  }
  if (names.empty()) co_return Result<void>{};
  std::vector<std::string> asked = names;
  Result<std::vector<TopicInfo>> topics = co_await run.client().topics(std::move(asked));
  if (!topics) co_return pass(topics);
  std::vector<ResourceConfigs> configs;
  if (!options.assignments.empty()) {
    std::vector<std::string> all;
    Result<std::vector<ResourceConfigs>> described =
        co_await run.admin().describe_configs(std::move(resources), std::move(all));
    if (!described) co_return pass(described);
    configs = std::move(*described);
  }
  for (size_t i = 0; i < changes->size(); i++) {
    AdminChange& change = (*changes)[i];
    if (change.error != Code::topic_already_exists) continue;
    change = change_of(options.names[i]);
    change.status = "unchanged";
    auto topic = std::ranges::find(*topics, options.names[i], &TopicInfo::name);
    if (topic == topics->end()) continue;
    auto is = std::ranges::find(configs, options.names[i],
                                [](const ResourceConfigs& one) { return one.resource.name; });
    change.differs = differences(options, *topic, is == configs.end() ? nullptr : &*is);
    if (!change.differs.empty()) {
      complain(kAdmin, text(change.what, " is there, and differs: ", change.differs));
    }
  }
  co_return Result<void>{};
}

}  // namespace

Task<int> create_topics(AdminRun& run) {
  const AdminOptions& options = run.options();
  std::vector<TopicCreation> creations;
  for (const std::string& name : options.names) {
    creations.push_back(
        {name, options.partitions, options.replication_factor, options.assignments});
  }
  const std::vector<TopicCreation>* asked = &creations;
  Result<std::vector<ItemError>> errors = co_await request_creations(run, asked, options.dry_run);
  if (!errors) co_return complain(kAdmin, errors.error());
  std::vector<AdminChange> changes;
  std::vector<std::string> made;
  for (size_t i = 0; i < options.names.size(); i++) {
    note(changes.emplace_back(change_of(options.names[i])), (*errors)[i], options.dry_run);
    if (changes[i].status == "done") made.push_back(options.names[i]);
  }
  if (options.if_not_exists) {
    std::vector<AdminChange>* there = &changes;
    Result<void> compared = co_await compare_those_there(run, there);
    if (!compared) co_return complain(kAdmin, compared.error());
  }
  size_t least = options.partitions < 0 ? 1 : static_cast<size_t>(options.partitions);
  bool gone = false;
  co_await run.settle(std::move(made), least, gone);
  co_return run.print_changes({"topic"}, changes, options.dry_run, options.if_not_exists);
}

Task<int> delete_topics(AdminRun& run) {
  const AdminOptions& options = run.options();
  std::vector<AdminChange> changes;
  std::vector<std::string> names = options.names;
  if (run.only_plans() || options.pattern) {
    std::vector<TopicInfo> missing;
    Result<std::vector<TopicInfo>> topics = co_await run.find_topics(&missing);
    if (!topics) co_return complain(kAdmin, topics.error());
    changes = changes_of_missing(missing, 0);
    names.clear();
    for (const TopicInfo& topic : *topics) {
      names.push_back(topic.name);
      changes.push_back(change_of(topic.name));
      changes.back().status = "planned";
    }
  }
  if (run.only_plans()) {
    int status = run.print_changes({"topic"}, changes, true);
    co_return run.planned(status, text(counted(names.size(), "topic"), " would be deleted"));
  }
  changes.clear();
  const std::vector<std::string>* asked = &names;
  Result<std::vector<ItemError>> errors = co_await request_deletions(run, asked);
  if (!errors) co_return complain(kAdmin, errors.error());
  std::vector<std::string> deleted;
  for (size_t i = 0; i < names.size(); i++) {
    note(changes.emplace_back(change_of(names[i])), (*errors)[i], false);
    if (changes[i].status == "done") deleted.push_back(names[i]);
  }
  size_t none = 0;
  bool gone = true;
  co_await run.settle(std::move(deleted), none, gone);
  co_return run.print_changes({"topic"}, changes, false);
}

Task<int> set_partitions(AdminRun& run) {
  const AdminOptions& options = run.options();
  std::vector<TopicInfo> missing;
  Result<std::vector<TopicInfo>> topics = co_await run.find_topics(&missing);
  if (!topics) co_return complain(kAdmin, topics.error());
  std::vector<AdminChange> changes = changes_of_missing(missing, 1);
  std::vector<PartitionTotal> totals;
  std::vector<size_t> places;
  for (const TopicInfo& topic : *topics) {
    AdminChange& change = changes.emplace_back(change_of(topic.name));
    change.cells.push_back(std::to_string(options.partitions));
    if (std::cmp_equal(topic.partitions.size(), options.partitions)) {
      change.status = "unchanged";
      continue;
    }
    places.push_back(changes.size() - 1);
    totals.push_back({topic.name, options.partitions});
  }
  const std::vector<PartitionTotal>* asked = &totals;
  Result<std::vector<ItemError>> errors = co_await request_totals(run, asked, options.dry_run);
  if (!errors) co_return complain(kAdmin, errors.error());
  std::vector<std::string> changed;
  for (size_t i = 0; i < totals.size(); i++) {
    note(changes[places[i]], (*errors)[i], options.dry_run);
    if (changes[places[i]].status == "done") changed.push_back(totals[i].topic);
  }
  auto total = static_cast<size_t>(options.partitions);
  bool gone = false;
  co_await run.settle(std::move(changed), total, gone);
  co_return run.print_changes({"topic", "partitions"}, changes, options.dry_run);
}

Task<int> trim_topics(AdminRun& run) {
  constexpr int64_t kStart = -2;
  std::vector<TopicInfo> missing;
  Result<std::vector<TopicInfo>> topics = co_await run.find_topics(&missing);
  if (!topics) co_return complain(kAdmin, topics.error());
  const std::vector<TopicInfo>* all = &*topics;
  AdminRun::Offsets starts = co_await run.offsets_at(all, kStart);
  AdminRun::Offsets until;
  if (!starts.empty()) until = co_await run.offsets_of_position(all);
  AdminRun::Offsets wanted;
  for (const auto& [partition, offset] : until) {
    if (offset > starts[partition]) wanted.emplace(partition, offset);
  }
  std::map<TopicPartition, Trimmed> trimmed;
  if (!run.only_plans()) {
    const AdminRun::Offsets* asked = &wanted;
    trimmed = co_await request_trims(run, asked);
  }
  std::vector<AdminChange> changes = changes_of_missing(missing, 2);
  for (const auto& [partition, offset] : until) {
    AdminChange& change = changes.emplace_back();
    change.what = text("partition ", partition_name(partition));
    int64_t start = offset;
    if (!wanted.contains(partition)) {
      change.status = "unchanged";
      start = starts[partition];
    } else if (run.only_plans()) {
      change.status = "planned";
    } else {
      const Trimmed& told = trimmed[partition];
      note(change, told.error, false);
      start = told.error.code == Code::none ? told.start : starts[partition];
    }
    change.cells = {json_text(partition.topic), std::to_string(partition.partition),
                    std::to_string(start)};
  }
  int status = run.print_changes({"topic", "partition", "start"}, changes, run.only_plans());
  if (run.only_plans()) {
    co_return run.planned(status, text(counted(wanted.size(), "partition"), " would lose records"));
  }
  co_return status;
}

}  // namespace eventd
