// SPDX-License-Identifier: Apache-2.0
// event-admin: topics, configs, brokers, and waiting for them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/cli/admin/verbs.h"
#include "lib/cli/command_line.h"
#include "lib/cli/position.h"
#include "lib/cli/text/pattern.h"
#include "lib/client/admin.h"

namespace eventd {

// What the command line says, and what was made of it before anybody is asked.
struct AdminOptions {
  std::vector<std::string> names;   // topics, or resources with configs
  std::string type;                 // of a resource: topic, broker, group
  std::vector<std::string> keys;    // K, or K=V where a verb sets them
  int32_t partitions = -1;          // -1: the broker's default
  int16_t replication_factor = -1;  // -1: the broker's default
  std::vector<std::string> configs;
  std::string position = "end";
  std::string partition_list;
  std::string timeout = "30s";
  int64_t count = 0;
  std::string file;
  bool if_not_exists = false;
  bool regex = false;
  bool all = false;
  bool json = false;
  bool yes = false;
  bool dry_run = false;
  bool diff = false;
  bool prune = false;

  // From the above.
  std::optional<Pattern> pattern;
  Position at;
  std::vector<ConfigAssignment> assignments;  // of --config, or of K=V; values in Kafka's units
  std::vector<int32_t> only_partitions;
  int64_t timeout_ms = 0;

  // bad_usage with what makes no sense.
  Result<void> prepare(const AdminVerb& verb);
};

// The command line of event-admin.
struct AdminCommand {
  AdminCommand();

  CommandLine line;
  AdminOptions options;
  const AdminVerb* verb = nullptr;  // that was typed
};

int event_admin(int argc, char** argv);

}  // namespace eventd
