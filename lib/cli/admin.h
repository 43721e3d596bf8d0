// SPDX-License-Identifier: Apache-2.0
// event-admin: topics, their offsets, and the brokers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/cli/command_line.h"

namespace eventd {

enum class AdminVerb {
  topic_list,
  topic_describe,
  topic_offsets,
  topic_create,
  topic_delete,
  cluster
};

struct AdminOptions {
  AdminVerb verb = AdminVerb::topic_list;
  std::vector<std::string> topics;
  int32_t partitions = -1;          // -1: the broker's default
  int16_t replication_factor = -1;  // -1: the broker's default
  std::vector<std::string> configs;
  std::string at = "end";
  bool if_not_exists = false;
  bool all = false;
  bool json = false;
  bool yes = false;
  bool dry_run = false;
};

// The command line of event-admin.
struct AdminCommand {
  AdminCommand();

  CommandLine line;
  AdminOptions options;

 private:
  CLI::App* add(CLI::App& noun, const char* name, const char* about, AdminVerb verb);
  void add_reading(CLI::App& topic);
  void add_changing(CLI::App& topic);
};

int event_admin(int argc, char** argv);

}  // namespace eventd
