// SPDX-License-Identifier: Apache-2.0
// The verbs of event-admin: one table, from which the command line and the calls come.
#pragma once

#include <cstdint>
#include <span>

#include "lib/net/task.h"

namespace CLI {
class App;
}

namespace eventd {

class AdminRun;
struct AdminOptions;

struct AdminNoun {
  const char* name;
  const char* about;
};

struct AdminVerb {
  const char* noun;
  const char* name;  // nullptr: the noun is all there is to type
  const char* about;
  void (*add_options)(CLI::App& command, AdminOptions& options);
  Task<int> (*run)(AdminRun& run);
  bool assigns = false;  // its keys are K=V
};

// Nouns that have verbs.
std::span<const AdminNoun> admin_nouns();
std::span<const AdminVerb> admin_verbs();

// admin_topic.cc
Task<int> list_topics(AdminRun& run);
Task<int> describe_topics(AdminRun& run);
Task<int> topic_offsets(AdminRun& run);
// admin_topic_changes.cc
Task<int> create_topics(AdminRun& run);
Task<int> delete_topics(AdminRun& run);
Task<int> set_partitions(AdminRun& run);
Task<int> trim_topics(AdminRun& run);
// admin_config.cc
Task<int> get_configs(AdminRun& run);
Task<int> set_configs(AdminRun& run);
Task<int> unset_configs(AdminRun& run);
// admin_cluster.cc
Task<int> describe_cluster(AdminRun& run);
Task<int> describe_log_dirs(AdminRun& run);
Task<int> describe_api_versions(AdminRun& run);
// admin_apply.cc
Task<int> dump_topics(AdminRun& run);
Task<int> apply_document(AdminRun& run);
// admin_wait.cc
Task<int> wait_for_broker(AdminRun& run);
Task<int> wait_for_topics(AdminRun& run);
Task<int> wait_for_isr(AdminRun& run);
Task<int> wait_for_offset(AdminRun& run);

}  // namespace eventd
