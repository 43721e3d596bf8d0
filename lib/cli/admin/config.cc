// SPDX-License-Identifier: Apache-2.0
// event-admin config get, set, unset.
#include <algorithm>
#include <map>

#include "lib/base/text.h"
#include "lib/cli/admin/run.h"

namespace eventd {

namespace {

constexpr std::chrono::seconds kPatience{5};

ResourceType type_of(const AdminOptions& options) {
  if (options.type == "broker") return ResourceType::broker;
  if (options.type == "group") return ResourceType::group;
  return ResourceType::topic;
}

std::string shown(const AdminOptions& options, const Resource& resource) {
  return text(options.type, " ", printable(resource.name));
}

// Those that were named, or match, or all there are.
Task<Result<std::vector<Resource>>> find_resources(AdminRun& run) {
  const AdminOptions& options = run.options();
  ResourceType type = type_of(options);
  std::vector<std::string> names = options.names;
  if (names.empty() && type == ResourceType::topic) {
    Result<std::vector<TopicInfo>> topics = co_await run.find_topics();
    if (!topics) co_return pass(topics);
    for (const TopicInfo& topic : *topics) names.push_back(topic.name);
  } else if (names.empty() && type == ResourceType::broker) {
    Result<void> learned = co_await run.client().learn_brokers();
    if (!learned) co_return pass(learned);
    for (const auto& [id, broker] : run.client().brokers()) names.push_back(std::to_string(id));
    names = run.matching(std::move(names));
  } else if (names.empty()) {
    Result<std::vector<std::string>> groups = co_await run.admin().list_resources(type);
    if (!groups) co_return pass(groups);
    names = run.matching(std::move(*groups));
  }
  std::vector<Resource> resources;
  for (const std::string& name : names) resources.push_back({type, name});
  co_return std::move(resources);
}

Task<Result<std::vector<ResourceConfigs>>> describe(AdminRun& run, std::vector<Resource> resources,
                                                    std::vector<std::string> keys) {
  Result<std::vector<ResourceConfigs>> found =
      co_await run.admin().describe_configs(std::move(resources), std::move(keys));
  if (!found) co_return pass(found);
  std::ranges::sort(*found, {}, &ResourceConfigs::resource);
  co_return std::move(found);
}

const ConfigEntry* entry_of(const ResourceConfigs& configs, std::string_view key) {
  auto entry = std::ranges::find(configs.entries, key, &ConfigEntry::key);
  return entry == configs.entries.end() ? nullptr : &*entry;
}

std::string value_cell(const ConfigEntry& entry) {
  return entry.value ? json_text(*entry.value) : "null";
}

// Says what is wrong with a resource, or which of the keys it has not.
void complain_of(AdminRun& run, const ResourceConfigs& configs) {
  std::string what = shown(run.options(), configs.resource);
  if (configs.error.code != Code::none) {
    return run.complain_of(what, configs.error.code, configs.error.message);
  }
  for (const std::string& key : run.options().keys) {
    if (entry_of(configs, key) != nullptr) continue;
    run.complain_of(what, Code::invalid_config, text("there is no config ", key));
  }
}

}  // namespace

Task<int> get_configs(AdminRun& run) {
  const AdminOptions& options = run.options();
  Result<std::vector<Resource>> resources = co_await find_resources(run);
  if (!resources) co_return complain(kAdmin, resources.error());
  std::vector<std::string> keys = options.keys;
  Result<std::vector<ResourceConfigs>> found =
      co_await describe(run, std::move(*resources), std::move(keys));
  if (!found) co_return complain(kAdmin, found.error());
  bool is_bare = !options.json && options.names.size() == 1 && options.keys.size() == 1;
  std::string bare;
  Table table({"type", "name", "key", "value", "source"}, options.json);
  for (const ResourceConfigs& configs : *found) {
    complain_of(run, configs);
    for (const ConfigEntry& entry : configs.entries) {
      bool is_asked = options.keys.empty() || std::ranges::count(options.keys, entry.key) > 0;
      if (!is_asked) continue;
      bare = text(entry.value.value_or(""), "\n");
      table.add({json_text(options.type), json_text(configs.resource.name), json_text(entry.key),
                 value_cell(entry), json_text(name_of_source(entry.source))});
    }
  }
  co_return is_bare ? run.print_text(bare) : run.print(table);
}

namespace {

// What of the wanted is not so already. A key that is not listed may be unset, or unknown to the
// broker, who says so only when it is asked to unset it.
std::vector<ConfigAssignment> needed(const ResourceConfigs& is,
                                     const std::vector<ConfigAssignment>& wanted,
                                     bool absent_is_unset) {
  std::vector<ConfigAssignment> changes;
  for (const ConfigAssignment& one : wanted) {
    const ConfigEntry* entry = entry_of(is, one.key);
    bool own = entry != nullptr && is_own(is.resource, *entry);
    // What is set to a secret value cannot be compared.
    bool is_unset = entry == nullptr ? absent_is_unset : !own;
    bool is_so = one.value ? own && entry->value == one.value : is_unset;
    if (!is_so) changes.push_back(one);
  }
  return changes;
}

// Until the cluster shows what was changed: brokers hear of it after the controller has answered.
Task<void> settle(AdminRun& run, Resource resource, const std::vector<ConfigAssignment>* changes) {
  Instant give_up = run.loop().now() + kPatience;
  while (run.loop().now() < give_up) {
    std::vector<Resource> which{resource};
    std::vector<std::string> keys;
    Result<std::vector<ResourceConfigs>> is =
        co_await run.admin().describe_configs(std::move(which), std::move(keys));
    if (!is || is->empty()) co_return;
    bool secret = false;
    for (const ConfigAssignment& change : *changes) {
      const ConfigEntry* entry = entry_of(is->front(), change.key);
      secret = secret || (entry != nullptr && entry->sensitive);
    }
    if (secret || needed(is->front(), *changes, true).empty()) co_return;
    Instant next = run.loop().now() + run.client().config().retry_backoff.first / 4;
    co_await sleep_until(run.loop(), next);
  }
}

Task<void> alter_one(AdminRun& run, const ResourceConfigs* is,
                     const std::vector<ConfigAssignment>* wanted,
                     std::vector<AdminChange>* changes) {
  const AdminOptions& options = run.options();
  std::vector<ConfigAssignment> needs;
  Error error = is->error;
  if (error.code == Code::none) {
    needs = needed(*is, *wanted, false);
    if (!needs.empty()) {
      Resource resource = is->resource;
      std::vector<ConfigAssignment> sent = needs;
      bool dry = options.dry_run;
      Result<void> altered =
          co_await run.admin().alter_configs(std::move(resource), std::move(sent), dry);
      if (!altered) error = altered.error();
    }
    if (error.code == Code::none && !options.dry_run && !needs.empty()) {
      Resource resource = is->resource;
      const std::vector<ConfigAssignment>* changed = &needs;
      co_await settle(run, std::move(resource), changed);
    }
  }
  for (const ConfigAssignment& one : *wanted) {
    AdminChange& change = changes->emplace_back();
    change.what = shown(options, is->resource);
    std::string source = "null";
    if (one.value) source = json_text(name_of_own_source(is->resource));
    change.cells = {json_text(options.type), json_text(is->resource.name), json_text(one.key),
                    one.value ? json_text(*one.value) : "null", source};
    if (error.code != Code::none) {
      change.fail(error.code, error.message);
    } else if (std::ranges::find(needs, one) == needs.end()) {
      change.status = "unchanged";
    } else if (options.dry_run) {
      change.status = "planned";
    }
  }
}

Task<int> alter(AdminRun& run, std::vector<ConfigAssignment> wanted) {
  Result<std::vector<Resource>> resources = co_await find_resources(run);
  if (!resources) co_return complain(kAdmin, resources.error());
  std::vector<std::string> keys;
  Result<std::vector<ResourceConfigs>> found =
      co_await describe(run, std::move(*resources), std::move(keys));
  if (!found) co_return complain(kAdmin, found.error());
  std::vector<AdminChange> changes;
  std::vector<AdminChange>* made = &changes;
  const std::vector<ConfigAssignment>* all = &wanted;
  for (const ResourceConfigs& configs : *found) {
    const ResourceConfigs* is = &configs;
    co_await alter_one(run, is, all, made);
  }
  co_return run.print_changes({"type", "name", "key", "value", "source"}, changes,
                              run.options().dry_run);
}

}  // namespace

Task<int> set_configs(AdminRun& run) {
  std::vector<ConfigAssignment> wanted = run.options().assignments;
  int status = co_await alter(run, std::move(wanted));
  co_return status;
}

Task<int> unset_configs(AdminRun& run) {
  std::vector<ConfigAssignment> wanted;
  for (const std::string& key : run.options().keys) {
    if (key.find('=') != std::string::npos) {
      complain(kAdmin, text(printable(key), ": unset takes the key alone"));
      co_return kExitUsage;
    }
    wanted.push_back({key, std::nullopt});
  }
  int status = co_await alter(run, std::move(wanted));
  co_return status;
}

}  // namespace eventd
