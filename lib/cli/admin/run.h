// SPDX-License-Identifier: Apache-2.0
// What the verbs of event-admin have in common: the cluster, the topics that were named, and how
// rows and changes are printed. A verb is a function of a run that returns the exit code.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "lib/cli/admin/admin.h"
#include "lib/cli/position.h"
#include "lib/cli/table.h"
#include "lib/cli/text/pattern.h"
#include "lib/client/admin.h"

namespace eventd {

inline constexpr const char* kAdmin = "event-admin";
// How long a leader that does not answer may be replaced: Kafka misses a broker that has died after
// 9 s (broker.session.timeout.ms), and names it as the leader until then.
inline constexpr std::chrono::seconds kLeaderPatience{30};

// One change: its names as JSON cells by column, what became of it, and why.
struct AdminChange {
  std::vector<std::string> cells;
  std::string what;  // on stderr: "topic orders"
  std::string status = "done";
  Code error = Code::none;
  std::string message;
  std::string differs;  // {"key":[is,wanted]}, where the verb has that

  void fail(Code code, std::string why);
};

class AdminRun {
 public:
  using Offsets = std::map<TopicPartition, int64_t>;

  // The options outlive the run.
  AdminRun(Loop& loop, const AdminOptions& options, ClientConfig config);

  const AdminOptions& options() const { return options_; }
  Client& client() { return client_; }
  Admin& admin() { return admin_; }
  Loop& loop() { return client_.loop(); }
  int32_t timeout_ms() const;

  // The topics that were named, or all, in order of their names: internal ones with --all, or where
  // they are named literally. Those that are missing are said, and count in status().
  Task<Result<std::vector<TopicInfo>>> find_topics(std::vector<TopicInfo>* missing = nullptr);
  // Names of resources that the pattern of --regex matches, or all without one.
  std::vector<std::string> matching(std::vector<std::string> names) const;

  // By timestamp in ms, -1 the end, -2 the start. What a broker does not tell is missing, and said.
  Task<Offsets> offsets_at(const std::vector<TopicInfo>* topics, int64_t question);
  // The offsets of --at or --until, in the log of each partition.
  Task<Offsets> offsets_of_position(const std::vector<TopicInfo>* topics);

  // Until every broker shows the topics, or, with `gone`, none does: what is done next finds them
  // so. Gives up in silence after some seconds.
  Task<void> settle(std::vector<std::string> topics, size_t partitions, bool gone);

  // Says it, and counts it in status().
  void complain_of(const Error& error);
  void complain_of(std::string_view what, Code code, std::string_view message);
  // What has been said is worth so much.
  int status() const { return status_; }

  // Prints the rows; the exit code for all that was said, and of the output.
  int print(const Table& table);
  int print_text(const std::string& text);
  // For scripts all changes, for people what failed, and with `plan` all; says what failed. The
  // columns are those of the cells; status, error and message follow.
  int print_changes(std::vector<std::string> columns, const std::vector<AdminChange>& changes,
                    bool plan, bool has_differs = false);
  // Of a verb that needs --yes: whether it is only planned.
  bool only_plans() const { return options_.dry_run || !options_.yes; }
  // After the plan was printed: 2 without --yes.
  int planned(int status, std::string_view what);

 private:
  bool is_wanted(const TopicInfo& topic) const;
  Task<bool> broker_shows(int32_t broker, const std::vector<std::string>* topics, size_t partitions,
                          bool gone);

  const AdminOptions& options_;
  Client client_;
  Admin admin_;
  int status_ = 0;
};

// "orders-3"
std::string partition_name(const TopicPartition& partition);

}  // namespace eventd
