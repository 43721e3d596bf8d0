// SPDX-License-Identifier: Apache-2.0
// event-admin dump, apply.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "lib/base/text.h"
#include "lib/cli/admin/requests.h"
#include "lib/cli/admin/run.h"
#include "lib/cli/admin/topics_document.h"

namespace eventd {

namespace {

constexpr size_t kDocumentMax = size_t{256} << 20;

Result<std::string> read_whole(const std::string& path) {
  bool is_stdin = path == "-";
  int descriptor = is_stdin ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return fail_with_errno(errno, text("open ", printable(path)));
  std::string all;
  ssize_t got = 0;
  do {
    char piece[65536];
    got = read(descriptor, piece, sizeof piece);
    if (got > 0) all.append(piece, static_cast<size_t>(got));
  } while (all.size() <= kDocumentMax && (got > 0 || (got < 0 && errno == EINTR)));
  int error = errno;
  if (!is_stdin) close(descriptor);
  if (got < 0) return fail_with_errno(error, text("read ", printable(path)));
  if (all.size() > kDocumentMax) return fail(Code::too_large, text(printable(path), ": too large"));
  return all;
}

// The topics of the cluster as a document. Topics that vanish meanwhile are left out.
Task<Result<TopicsDocument>> document_of(AdminRun& run, const std::vector<TopicInfo>* topics) {
  TopicsDocument document;
  std::vector<Resource> resources;
  for (const TopicInfo& topic : *topics) {
    TopicDocument& told = document[topic.name];
    told.partitions = static_cast<int32_t>(topic.partitions.size());
    told.replication_factor = 0;
    if (!topic.partitions.empty()) {
      told.replication_factor = static_cast<int16_t>(topic.partitions.front().replicas.size());
    }
    told.config.emplace();
    resources.push_back({ResourceType::topic, topic.name});
  }
  std::vector<std::string> keys;
  Result<std::vector<ResourceConfigs>> configs =
      co_await run.admin().describe_configs(std::move(resources), std::move(keys));
  if (!configs) co_return pass(configs);
  for (const ResourceConfigs& told : *configs) {
    if (told.error.code == Code::unknown_topic_or_partition) {
      document.erase(told.resource.name);
      continue;
    }
    if (told.error.code != Code::none) {
      run.complain_of(text("topic ", printable(told.resource.name)), told.error.code,
                      told.error.message);
    }
    for (const ConfigEntry& entry : told.entries) {
      if (!is_own(told.resource, entry) || !entry.value) continue;
      (*document[told.resource.name].config)[entry.key] = *entry.value;
    }
  }
  co_return std::move(document);
}

// What there is of what is wanted, and what of the rest may be pruned: nothing internal.
Task<Result<TopicsDocument>> present(AdminRun& run, const TopicsDocument* wanted) {
  std::vector<std::string> every;
  Result<std::vector<TopicInfo>> topics = co_await run.client().topics(std::move(every));
  if (!topics) co_return pass(topics);
  std::erase_if(*topics, [&](const TopicInfo& topic) {
    bool is_wanted = wanted->contains(topic.name);
    bool may_go = run.options().prune && !topic.internal;
    return !is_wanted && !may_go;
  });
  const std::vector<TopicInfo>* those = &*topics;
  Result<TopicsDocument> document = co_await document_of(run, those);
  co_return std::move(document);
}

std::vector<AdminChange> changes_of(const std::vector<TopicStep>& plan, bool is_plan) {
  std::vector<AdminChange> changes;
  for (const TopicStep& step : plan) {
    AdminChange& change = changes.emplace_back();
    change.cells = {json_text(step.topic)};
    change.what = text("topic ", printable(step.topic));
    change.differs = step.differs;
    if (is_plan) change.status = "planned";
    if (step.differs.empty()) change.status = "unchanged";
    if (step.error.code != Code::none) change.fail(step.error.code, step.error.message);
  }
  return changes;
}

// Places in the plan, with what a request needs of them.
struct Work {
  std::vector<size_t> creations_at, totals_at, removals_at;
  std::vector<TopicCreation> creations;
  std::vector<PartitionTotal> totals;
  std::vector<std::string> removals;
};

Work work_of(const std::vector<TopicStep>& plan) {
  Work work;
  for (size_t i = 0; i < plan.size(); i++) {
    const TopicStep& step = plan[i];
    switch (step.kind) {
      case TopicStep::Kind::create:
        work.creations_at.push_back(i);
        work.creations.push_back(
            {step.topic, step.partitions, step.replication_factor, step.configs});
        break;
      case TopicStep::Kind::alter:
        if (step.partitions < 0) break;
        work.totals_at.push_back(i);
        work.totals.push_back({step.topic, step.partitions});
        break;
      case TopicStep::Kind::remove:
        work.removals_at.push_back(i);
        work.removals.push_back(step.topic);
        break;
    }
  }
  return work;
}

void note(std::vector<AdminChange>& changes, const std::vector<size_t>& places,
          const std::vector<ItemError>& errors) {
  for (size_t i = 0; i < places.size(); i++) {
    if (errors[i].code != Code::none) changes[places[i]].fail(errors[i].code, errors[i].message);
  }
}

Task<void> apply_configs(AdminRun& run, const std::vector<TopicStep>* plan,
                         std::vector<AdminChange>* changes) {
  for (size_t i = 0; i < plan->size(); i++) {
    const TopicStep& step = (*plan)[i];
    if (step.kind != TopicStep::Kind::alter || step.configs.empty()) continue;
    Resource resource{ResourceType::topic, step.topic};
    std::vector<ConfigAssignment> configs = step.configs;
    bool validate_only = false;
    Result<void> done =
        co_await run.admin().alter_configs(std::move(resource), std::move(configs), validate_only);
    if (!done) (*changes)[i].fail(done.error().code, done.error().message);
  }
}

// An error here is of the cluster, not of an item.
Task<Result<void>> carry_out(AdminRun& run, const std::vector<TopicStep>* plan,
                             std::vector<AdminChange>* changes) {
  Work work = work_of(*plan);
  bool validate_only = false;
  const std::vector<TopicCreation>* creations = &work.creations;
  Result<std::vector<ItemError>> made = co_await request_creations(run, creations, validate_only);
  if (!made) co_return pass(made);
  note(*changes, work.creations_at, *made);
  const std::vector<PartitionTotal>* totals = &work.totals;
  Result<std::vector<ItemError>> grown = co_await request_totals(run, totals, validate_only);
  if (!grown) co_return pass(grown);
  note(*changes, work.totals_at, *grown);
  co_await apply_configs(run, plan, changes);
  const std::vector<std::string>* removals = &work.removals;
  Result<std::vector<ItemError>> gone = co_await request_deletions(run, removals);
  if (!gone) co_return pass(gone);
  note(*changes, work.removals_at, *gone);
  co_return Result<void>{};
}

// Until the brokers show what was done.
Task<void> settle(AdminRun& run, const TopicsDocument* wanted, bool prune) {
  Instant give_up = run.loop().now() + std::chrono::seconds(5);
  while (run.loop().now() < give_up) {
    Result<TopicsDocument> is = co_await present(run, wanted);
    if (!is) co_return;
    bool same = true;
    for (const TopicStep& step : plan_topics(*is, *wanted, prune)) {
      same = same && (step.differs.empty() || step.error.code != Code::none);
    }
    if (same) co_return;
    Instant next = run.loop().now() + run.client().config().retry_backoff.first / 2;
    co_await sleep_until(run.loop(), next);
  }
}

}  // namespace

Task<int> dump_topics(AdminRun& run) {
  Result<std::vector<TopicInfo>> topics = co_await run.find_topics();
  if (!topics) co_return complain(kAdmin, topics.error());
  const std::vector<TopicInfo>* all = &*topics;
  Result<TopicsDocument> document = co_await document_of(run, all);
  if (!document) co_return complain(kAdmin, document.error());
  co_return run.print_text(print_document(*document));
}

Task<int> apply_document(AdminRun& run) {
  const AdminOptions& options = run.options();
  Result<std::string> bytes = read_whole(options.file);
  Result<TopicsDocument> wanted;
  if (bytes) wanted = parse_document(*bytes);
  if (!bytes || !wanted) {
    std::string why =
        bytes ? text(printable(options.file), ": ", wanted.error().message) : bytes.error().message;
    complain(kAdmin, why);
    co_return kExitItem;
  }
  const TopicsDocument* document = &*wanted;
  Result<TopicsDocument> is = co_await present(run, document);
  if (!is) co_return complain(kAdmin, is.error());
  std::vector<TopicStep> plan = plan_topics(*is, *wanted, options.prune);
  std::string differing =
      counted(static_cast<size_t>(std::ranges::count_if(
                  plan, [](const TopicStep& step) { return !step.differs.empty(); })),
              "topic");
  if (options.diff) {
    std::erase_if(plan, [](const TopicStep& step) { return step.differs.empty(); });
    for (TopicStep& step : plan) step.error = {Code::none, "", 0};
    if (plan.empty()) co_return run.status();
    int status = run.print_changes({"topic"}, changes_of(plan, true), true, true);
    complain(kAdmin, text(differing, " not as ", printable(options.file), " has it"));
    co_return worse_exit(status, kExitUnmet);
  }
  bool is_plan = options.dry_run || (options.prune && !options.yes);
  std::vector<AdminChange> changes = changes_of(plan, is_plan);
  if (is_plan) {
    int status = run.print_changes({"topic"}, changes, true, true);
    co_return run.planned(status, text(differing, " would be made, changed or deleted"));
  }
  const std::vector<TopicStep>* steps = &plan;
  std::vector<AdminChange>* told = &changes;
  Result<void> done = co_await carry_out(run, steps, told);
  if (!done) co_return complain(kAdmin, done.error());
  int status = run.print_changes({"topic"}, changes, false, true);
  bool prune = options.prune;
  if (status == 0) co_await settle(run, document, prune);
  co_return status;
}

}  // namespace eventd
