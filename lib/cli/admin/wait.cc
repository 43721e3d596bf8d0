// SPDX-License-Identifier: Apache-2.0
// event-admin wait: looks again and again until something is so. What is missing, and nobody who
// answers, are "not yet"; what time cannot mend ends the wait.
#include <algorithm>
#include <utility>

#include "lib/base/text.h"
#include "lib/cli/admin/run.h"

namespace eventd {

namespace {

constexpr std::chrono::milliseconds kBetweenLooks{50};
// With --timeout 0 a broker has so long for its answers.
constexpr std::chrono::seconds kOneLook{5};

// What a look saw.
struct Look {
  bool is_so = false;
  std::string not_yet;  // what is missing
};

using LookTask = Task<Result<Look>> (*)(AdminRun& run);

bool may_change(Code code) {
  return remedy_for(code) != Remedy::give_up || asks_to_come_again(code) || code == Code::cancelled;
}

// The connections end at the deadline, so that a broker that is silent does not hold us.
class Deadline {
 public:
  Deadline(AdminRun& run, Instant when) : loop_(run.loop()) {
    timer_ = loop_.call_at(when, [&run] { run.client().close(); });
  }
  ~Deadline() { loop_.cancel(timer_); }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

 private:
  Loop& loop_;
  Loop::TimerId timer_;
};

Task<int> wait_for(AdminRun& run, LookTask look) {
  std::chrono::milliseconds timeout(run.options().timeout_ms);
  Instant give_up = run.loop().now() + timeout;
  Deadline deadline(run, timeout.count() == 0 ? run.loop().now() + kOneLook : give_up);
  std::string missing;
  while (true) {
    Result<Look> seen = co_await look(run);
    if (seen && seen->is_so) co_return kExitDone;
    if (!seen && !may_change(seen.error().code)) co_return complain(kAdmin, seen.error());
    if (seen) missing = seen->not_yet;
    // What the deadline cuts off says less than what was seen before.
    bool is_cut = !seen && seen.error().code == Code::cancelled;
    if (!seen && (!is_cut || missing.empty())) missing = seen.error().message;
    Instant next = run.loop().now() + kBetweenLooks;
    if (next >= give_up) {
      complain(kAdmin, text("wait: ", missing, ", after --timeout ", run.options().timeout));
      co_return kExitUnmet;
    }
    co_await sleep_until(run.loop(), next);
  }
}

// The topics that are named or match; nothing if one is not there yet.
Task<Result<std::optional<std::vector<TopicInfo>>>> topics_there(AdminRun& run, Look* look) {
  const AdminOptions& options = run.options();
  std::vector<std::string> names = options.names;
  Result<std::vector<TopicInfo>> topics = co_await run.client().topics(std::move(names));
  if (!topics) co_return pass(topics);
  std::optional<std::vector<TopicInfo>> found(std::in_place);
  for (TopicInfo& topic : *topics) {
    if (options.pattern && !options.pattern->is_whole(topic.name)) continue;
    if (options.names.empty() && topic.internal && !options.all) continue;
    if (topic.error != Code::none) {
      look->not_yet = text("topic ", printable(topic.name), ": ", name_of(topic.error));
      if (!may_change(topic.error)) co_return fail(topic.error, look->not_yet);
      found.reset();
      break;
    }
    found->push_back(std::move(topic));
  }
  if (found && found->empty() && options.pattern) {
    look->not_yet = "no topic matches the expression";
    found.reset();
  }
  co_return std::move(found);
}

Task<Result<Look>> look_for_broker(AdminRun& run) {
  Result<void> learned = co_await run.client().learn_brokers();
  if (!learned) co_return pass(learned);
  Look look;
  look.is_so = !run.client().brokers().empty();
  look.not_yet = "the cluster has no broker";
  co_return std::move(look);
}

Task<Result<Look>> look_for_leaders(AdminRun& run) {
  Look look;
  Look* told = &look;
  auto topics = co_await topics_there(run, told);
  if (!topics) co_return pass(topics);
  look.is_so = topics->has_value();
  if (!look.is_so) co_return std::move(look);
  for (const TopicInfo& topic : **topics) {
    for (size_t i = 0; i < topic.partitions.size(); i++) {
      if (topic.partitions[i].leader >= 0) continue;
      look.is_so = false;
      TopicPartition partition{topic.name, static_cast<int32_t>(i)};
      look.not_yet = text("partition ", partition_name(partition), " has no leader");
    }
  }
  co_return std::move(look);
}

Task<Result<Look>> look_for_isr(AdminRun& run) {
  Look look;
  Look* told = &look;
  auto topics = co_await topics_there(run, told);
  if (!topics) co_return pass(topics);
  look.is_so = topics->has_value();
  if (!look.is_so) co_return std::move(look);
  for (const TopicInfo& topic : **topics) {
    for (size_t i = 0; i < topic.partitions.size(); i++) {
      const PartitionInfo& partition = topic.partitions[i];
      if (partition.leader >= 0 && partition.isr.size() >= partition.replicas.size()) continue;
      look.is_so = false;
      look.not_yet =
          text("partition ", partition_name({topic.name, static_cast<int32_t>(i)}), " has ",
               partition.isr.size(), " of ", partition.replicas.size(), " replicas in sync");
    }
  }
  co_return std::move(look);
}

Task<Result<Look>> look_for_offset(AdminRun& run) {
  constexpr int64_t kEnd = -1;
  const AdminOptions& options = run.options();
  Look look;
  Look* told = &look;
  auto topics = co_await topics_there(run, told);
  if (!topics) co_return pass(topics);
  if (!topics->has_value()) co_return std::move(look);
  const TopicInfo& topic = (**topics).front();
  for (int32_t partition : options.only_partitions) {
    if (std::cmp_less(partition, topic.partitions.size())) continue;
    look.not_yet = text("there is no partition ", partition_name({topic.name, partition}));
    co_return std::move(look);
  }
  std::vector<std::pair<TopicPartition, int64_t>> wanted;
  for (size_t i = 0; i < topic.partitions.size(); i++) {
    auto partition = static_cast<int32_t>(i);
    bool chosen = options.only_partitions.empty() ||
                  std::ranges::count(options.only_partitions, partition) > 0;
    if (!chosen) continue;
    if (topic.partitions[i].leader < 0) {
      look.not_yet = text("partition ", partition_name({topic.name, partition}), " has no leader");
      co_return std::move(look);
    }
    wanted.emplace_back(TopicPartition{topic.name, partition}, kEnd);
  }
  bool only_committed = true;
  Instant once = run.loop().now();
  auto ends = co_await run.client().offsets(std::move(wanted), only_committed, once);
  if (!ends) co_return pass(ends);
  int64_t sum = 0;
  for (const auto& [partition, end] : *ends) sum += end;
  look.is_so = sum >= options.count;
  look.not_yet =
      text("the ends of ", printable(topic.name), " add up to ", sum, ", not ", options.count);
  co_return std::move(look);
}

}  // namespace

Task<int> wait_for_broker(AdminRun& run) {
  int status = co_await wait_for(run, look_for_broker);
  co_return status;
}

Task<int> wait_for_topics(AdminRun& run) {
  int status = co_await wait_for(run, look_for_leaders);
  co_return status;
}

Task<int> wait_for_isr(AdminRun& run) {
  int status = co_await wait_for(run, look_for_isr);
  co_return status;
}

Task<int> wait_for_offset(AdminRun& run) {
  int status = co_await wait_for(run, look_for_offset);
  co_return status;
}

}  // namespace eventd
