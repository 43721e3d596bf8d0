// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/admin/verbs.h"

#include <CLI/CLI.hpp>

#include "lib/cli/admin/admin.h"

namespace eventd {

namespace {

constexpr AdminNoun kNouns[] = {
    {"topic", "Topics"},
    {"config", "Configs of topics, brokers and groups"},
    {"wait", "Until something is so; silent"},
};

void json(CLI::App& command, AdminOptions& options) {
  command.add_flag("-j,--json", options.json, "A JSON object a line");
}

void all(CLI::App& command, AdminOptions& options) {
  command.add_flag("--all", options.all, "Internal topics too");
}

void dry_run(CLI::App& command, AdminOptions& options) {
  command.add_flag("--dry-run", options.dry_run, "Only say what would be done");
}

void yes(CLI::App& command, AdminOptions& options) {
  command.add_flag("--yes", options.yes, "Really; without it only the plan is printed");
  dry_run(command, options);
}

void regex(CLI::App& command, AdminOptions& options, const char* what) {
  command.add_flag("--regex", options.regex, what);
}

// An operand that stands once, before others.
CLI::Option* one_name(CLI::App& command, AdminOptions& options, const char* title,
                      const char* about) {
  auto keep = [&options](const std::string& name) { options.names = {name}; };
  return command.add_option_function<std::string>(title, keep, about)->type_name("");
}

void topics(CLI::App& command, AdminOptions& options, bool required) {
  CLI::Option* names =
      command.add_option("TOPIC", options.names, required ? "Topics" : "Topics; all without");
  if (required) names->required();
  regex(command, options, "TOPIC is an expression that whole names match");
}

void read_topics(CLI::App& command, AdminOptions& options) {
  topics(command, options, false);
  json(command, options);
  all(command, options);
}

void offsets(CLI::App& command, AdminOptions& options) {
  read_topics(command, options);
  command.add_option("--at", options.position, "start, end-N, an offset, @TIME; the end without")
      ->type_name("POSITION");
}

void create(CLI::App& command, AdminOptions& options) {
  command.add_option("TOPIC", options.names, "Names")->required();
  json(command, options);
  command.add_option("--partitions", options.partitions, "How many; the broker's default")
      ->type_name("N")
      ->check(number_from(1));
  command.add_option("--replication-factor", options.replication_factor, "Replicas of each")
      ->type_name("N")
      ->check(number_from(1));
  command.add_option("--config", options.configs, "Topic configs; durations and sizes too")
      ->type_name("K=V")
      ->allow_extra_args(false);
  command.add_flag("--if-not-exists", options.if_not_exists, "No error if it is there");
  dry_run(command, options);
}

void remove(CLI::App& command, AdminOptions& options) {
  topics(command, options, true);
  json(command, options);
  yes(command, options);
}

void set_total(CLI::App& command, AdminOptions& options) {
  one_name(command, options, "TOPIC", "The topic")->required();
  command.add_option("TOTAL", options.partitions, "How many it has then")
      ->required()
      ->check(number_from(1));
  regex(command, options, "TOPIC is an expression that whole names match");
  json(command, options);
  dry_run(command, options);
}

void trim(CLI::App& command, AdminOptions& options) {
  topics(command, options, true);
  command.add_option("--until", options.position, "Deletes what stands before it")
      ->type_name("POSITION")
      ->required();
  json(command, options);
  yes(command, options);
}

void resource(CLI::App& command, AdminOptions& options, bool required) {
  command.add_option("TYPE", options.type, "topic, broker or group")
      ->required()
      ->check(CLI::IsMember({"topic", "broker", "group"}, CLI::ignore_case).description(""));
  const char* about = required ? "Of what" : "Of what; all without";
  one_name(command, options, "NAME", about)->required(required);
  regex(command, options, "NAME is an expression that whole names match");
  json(command, options);
}

void get(CLI::App& command, AdminOptions& options) {
  resource(command, options, false);
  command.add_option("KEY", options.keys, "Configs; one is printed bare; all without");
  all(command, options);
}

void assign(CLI::App& command, AdminOptions& options) {
  resource(command, options, true);
  command.add_option("CONFIG", options.keys, "KEY=VALUE; durations and sizes too")->required();
  dry_run(command, options);
}

void unset(CLI::App& command, AdminOptions& options) {
  resource(command, options, true);
  command.add_option("KEY", options.keys, "Configs")->required();
  dry_run(command, options);
}

void log_dirs(CLI::App& command, AdminOptions& options) { read_topics(command, options); }

void dump(CLI::App& command, AdminOptions& options) {
  topics(command, options, false);
  all(command, options);
}

void apply(CLI::App& command, AdminOptions& options) {
  command.add_option("FILE", options.file, "As dump prints it; -: stdin")->required();
  json(command, options);
  command.add_flag("--prune", options.prune, "Deletes topics that are not in FILE");
  command.add_flag("--diff", options.diff, "Only shows what differs; 5 if anything does");
  yes(command, options);
}

void timeout(CLI::App& command, AdminOptions& options) {
  command.add_option("--timeout", options.timeout, "How long to wait (30s); 0 looks once")
      ->type_name("DURATION");
}

void wait_topics(CLI::App& command, AdminOptions& options) {
  topics(command, options, true);
  timeout(command, options);
}

void wait_isr(CLI::App& command, AdminOptions& options) {
  topics(command, options, false);
  all(command, options);
  timeout(command, options);
}

void wait_offset(CLI::App& command, AdminOptions& options) {
  one_name(command, options, "TOPIC", "The topic")->required();
  command.add_option("N", options.count, "What the ends of its partitions add up to")
      ->required()
      ->check(number_from(0));
  command.add_option("-p,--partition", options.partition_list, "Only these, as 0,2-4")
      ->type_name("LIST");
  timeout(command, options);
}

constexpr AdminVerb kVerbs[] = {
    {"topic", "list", "The names of the topics", read_topics, list_topics},
    {"topic", "describe", "Partitions, leaders, offsets", read_topics, describe_topics},
    {"topic", "offsets", "Offsets of a position", offsets, topic_offsets},
    {"topic", "create", "New topics", create, create_topics},
    {"topic", "delete", "Deletes topics and all in them", remove, delete_topics},
    {"topic", "set-partitions", "More partitions", set_total, set_partitions},
    {"topic", "trim", "Deletes the oldest records", trim, trim_topics},
    {"config", "get", "Configs, and where they come from", get, get_configs},
    {"config", "set", "Sets configs", assign, set_configs, true},
    {"config", "unset", "Back to what holds without", unset, unset_configs},
    {"cluster", nullptr, "The brokers", json, describe_cluster},
    {"log-dirs", nullptr, "How many bytes of what lie where", log_dirs, describe_log_dirs},
    {"api-versions", nullptr, "What each broker serves", json, describe_api_versions},
    {"dump", nullptr, "All topics and their configs as a document", dump, dump_topics},
    {"apply", nullptr, "Makes topics and configs as a document has them", apply, apply_document},
    {"wait", "broker", "Until a broker answers", timeout, wait_for_broker},
    {"wait", "topic", "Until topics are there, and led", wait_topics, wait_for_topics},
    {"wait", "isr", "Until all replicas are in sync", wait_isr, wait_for_isr},
    {"wait", "offset", "Until a topic has N records", wait_offset, wait_for_offset},
};

}  // namespace

std::span<const AdminNoun> admin_nouns() { return kNouns; }
std::span<const AdminVerb> admin_verbs() { return kVerbs; }

}  // namespace eventd
