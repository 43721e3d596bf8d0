// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/admin/topics_document.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "lib/base/text.h"
#include "lib/base/units.h"
#include "lib/cli/table.h"

namespace eventd {

namespace {

using Json = nlohmann::json;
using Configs = std::map<std::string, std::string>;

std::unexpected<Error> bad(std::string_view where, std::string_view why) {
  return fail(Code::bad_data, text(printable(where), ": ", why));
}

template <class T>
Result<T> count_of(const Json& value, std::string_view where) {
  bool fits = value.is_number_integer() && value >= 1 && value <= std::numeric_limits<T>::max();
  if (!fits) return bad(where, "not a number from 1 on");
  return value.get<T>();
}

Result<Configs> configs_of(const Json& value, const std::string& where) {
  if (!value.is_object()) return bad(where, "not an object");
  Configs configs;
  for (const auto& [key, one] : value.items()) {
    std::string place = where + "." + key;
    bool is_plain = one.is_string() || one.is_number() || one.is_boolean();
    if (!is_plain) return bad(place, "neither text nor a number");
    std::string given = one.is_string() ? one.get<std::string>() : one.dump();
    Result<std::string> converted = in_kafka_units(key, given);
    if (!converted) return bad(where, converted.error().message);
    configs[key] = std::move(*converted);
  }
  return configs;
}

Result<TopicDocument> topic_of(const Json& value, const std::string& where) {
  if (!value.is_object()) return bad(where, "not an object");
  TopicDocument topic;
  for (const auto& [key, one] : value.items()) {
    std::string place = where + "." + key;
    if (key == "partitions") {
      Result<int32_t> count = count_of<int32_t>(one, place);
      if (!count) return pass(count);
      topic.partitions = *count;
    } else if (key == "replication_factor") {
      Result<int16_t> count = count_of<int16_t>(one, place);
      if (!count) return pass(count);
      topic.replication_factor = *count;
    } else if (key == "config") {
      Result<Configs> configs = configs_of(one, place);
      if (!configs) return pass(configs);
      topic.config = std::move(*configs);
    } else {
      return bad(place, "unknown; there are partitions, replication_factor, config");
    }
  }
  return topic;
}

// A parser that refuses a name that stands twice in an object: one of the two would be lost.
Result<Json> parse_json(std::string_view in) {
  std::vector<std::set<std::string>> open;
  std::string twice;
  auto look = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) open.emplace_back();
    if (event == Json::parse_event_t::object_end) open.pop_back();
    if (event == Json::parse_event_t::key) {
      auto name = parsed.get<std::string>();
      if (!open.back().insert(name).second && twice.empty()) twice = name;
    }
    return true;
  };
  try {
    Json json = Json::parse(in, look);
    if (!twice.empty()) return bad(twice, "stands there twice");
    return json;
  } catch (const Json::exception& error) {
    std::string_view why = error.what();
    return fail(Code::bad_data, text("not JSON: ", why.substr(why.find("] ") + 2)));
  }
}

}  // namespace

Result<TopicsDocument> parse_document(std::string_view in) {
  Result<Json> json = parse_json(in);
  if (!json) return pass(json);
  bool is_document = json->is_object() && json->size() == 1 && json->contains("topics") &&
                     (*json)["topics"].is_object();
  if (!is_document) return fail(Code::bad_data, "it is not {\"topics\":{..}}, as dump prints it");
  TopicsDocument document;
  for (const auto& [name, value] : (*json)["topics"].items()) {
    Result<TopicDocument> topic = topic_of(value, name);
    if (!topic) return pass(topic);
    document[name] = std::move(*topic);
  }
  return document;
}

std::string print_document(const TopicsDocument& document) {
  Json topics = Json::object();
  for (const auto& [name, topic] : document) {
    Json& told = topics[name] = Json::object();
    if (topic.partitions) told["partitions"] = *topic.partitions;
    if (topic.replication_factor) told["replication_factor"] = *topic.replication_factor;
    if (!topic.config) continue;
    told["config"] = Json::object();
    for (const auto& [key, value] : *topic.config) told["config"][key] = value;
  }
  Json whole{{"topics", std::move(topics)}};
  return whole.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

namespace {

// Gathers {"key":[is,wanted]}.
class Differences {
 public:
  void add(std::string_view key, std::string_view is, std::string_view wanted) {
    if (is == wanted) return;
    all_ += text(all_.empty() ? "{" : ",", json_text(key), ":[", is, ",", wanted, "]");
  }
  std::string finish() { return all_.empty() ? all_ : all_ + "}"; }

 private:
  std::string all_;
};

template <class T>
std::string number_cell(const std::optional<T>& number) {
  return number ? std::to_string(*number) : "null";
}

std::string text_cell(const Configs& configs, const std::string& key) {
  auto found = configs.find(key);
  return found == configs.end() ? "null" : json_text(found->second);
}

void differ_configs(const Configs& is, const Configs& wanted, TopicStep& step,
                    Differences& differs) {
  Configs all = is;
  all.insert(wanted.begin(), wanted.end());
  for (const auto& [key, unused] : all) {
    std::string wanted_cell = text_cell(wanted, key);
    if (text_cell(is, key) == wanted_cell) continue;
    differs.add(key, text_cell(is, key), wanted_cell);
    auto value = wanted.find(key);
    step.configs.push_back(
        {key, value == wanted.end() ? std::nullopt : std::optional(value->second)});
  }
}

TopicStep creation(const std::string& name, const TopicDocument& wanted) {
  TopicStep step;
  step.kind = TopicStep::Kind::create;
  step.topic = name;
  step.partitions = wanted.partitions.value_or(-1);
  step.replication_factor = wanted.replication_factor.value_or(-1);
  Differences differs;
  // A topic that is not there differs in its partitions, whatever they will be.
  differs.add("partitions", "null",
              wanted.partitions ? std::to_string(*wanted.partitions) : "\"default\"");
  differs.add("replication_factor", "null", number_cell(wanted.replication_factor));
  differ_configs({}, wanted.config.value_or(Configs{}), step, differs);
  step.differs = differs.finish();
  return step;
}

TopicStep alteration(const std::string& name, const TopicDocument& is,
                     const TopicDocument& wanted) {
  TopicStep step;
  step.topic = name;
  Differences differs;
  if (wanted.partitions && wanted.partitions != is.partitions) {
    differs.add("partitions", number_cell(is.partitions), number_cell(wanted.partitions));
    if (*wanted.partitions > is.partitions.value_or(0)) {
      step.partitions = *wanted.partitions;
    } else {
      step.error = {Code::invalid_partitions,
                    text("it has ", *is.partitions, " partitions, and cannot have fewer"), 0};
    }
  }
  if (wanted.replication_factor && wanted.replication_factor != is.replication_factor) {
    differs.add("replication_factor", number_cell(is.replication_factor),
                number_cell(wanted.replication_factor));
    step.error = {Code::invalid_replication_factor,
                  text("it has ", number_cell(is.replication_factor),
                       " replicas; their number is changed by moving partitions"),
                  0};
  }
  if (wanted.config) differ_configs(is.config.value_or(Configs{}), *wanted.config, step, differs);
  step.differs = differs.finish();
  return step;
}

}  // namespace

std::vector<TopicStep> plan_topics(const TopicsDocument& is, const TopicsDocument& wanted,
                                   bool prune) {
  std::map<std::string, TopicStep> steps;
  for (const auto& [name, topic] : wanted) {
    auto there = is.find(name);
    TopicStep step =
        there == is.end() ? creation(name, topic) : alteration(name, there->second, topic);
    steps.emplace(name, std::move(step));
  }
  for (const auto& [name, topic] : is) {
    if (!prune || wanted.contains(name)) continue;
    TopicStep step;
    step.kind = TopicStep::Kind::remove;
    step.topic = name;
    Differences differs;
    differs.add("partitions", number_cell(topic.partitions), "null");
    step.differs = differs.finish();
    steps.emplace(name, std::move(step));
  }
  std::vector<TopicStep> plan;
  for (auto& [name, step] : steps) plan.push_back(std::move(step));
  return plan;
}

}  // namespace eventd
