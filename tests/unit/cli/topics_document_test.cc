// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/admin/topics_document.h"

#include <doctest/doctest.h>

#include "lib/base/units.h"

using namespace eventd;

namespace {

TopicDocument topic(int32_t partitions, int16_t factor,
                    std::map<std::string, std::string> config = {}) {
  return {partitions, factor, std::move(config)};
}

std::string complaint(std::string_view document) {
  Result<TopicsDocument> parsed = parse_document(document);
  return parsed ? "" : parsed.error().message;
}

bool names(const std::string& said, std::string_view what) {
  return said.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("a document is sorted, and what is printed is read") {
  TopicsDocument document{{"b", topic(3, 1, {{"retention.ms", "5"}, {"cleanup.policy", "delete"}})},
                          {"a", topic(1, 2)}};
  std::string printed = print_document(document);
  CHECK(printed.find("\"a\"") < printed.find("\"b\""));
  CHECK(printed.find("cleanup.policy") < printed.find("retention.ms"));
  CHECK(printed.ends_with("}\n"));
  Result<TopicsDocument> read = parse_document(printed);
  REQUIRE(read.has_value());
  CHECK(*read == document);
  CHECK(print_document(*read) == printed);
  CHECK(print_document({}) == "{\n  \"topics\": {}\n}\n");
}

TEST_CASE("values of configs may be numbers, and have units") {
  Result<TopicsDocument> read = parse_document(
      R"({"topics":{"t":{"config":{"retention.ms":"7d","segment.bytes":"1M",
          "min.cleanable.dirty.ratio":0.5,"preallocate":true,"max.message.bytes":5000}}}})");
  REQUIRE(read.has_value());
  CHECK(!(*read)["t"].partitions);
  const std::map<std::string, std::string> wanted{{"max.message.bytes", "5000"},
                                                  {"min.cleanable.dirty.ratio", "0.5"},
                                                  {"preallocate", "true"},
                                                  {"retention.ms", "604800000"},
                                                  {"segment.bytes", "1048576"}};
  CHECK(*(*read)["t"].config == wanted);
}

TEST_CASE("what is no document is refused with its place") {
  CHECK(names(complaint("{"), "not JSON"));
  CHECK(names(complaint(""), "not JSON"));
  CHECK(names(complaint("[]"), "topics"));
  CHECK(names(complaint("{\"topics\":[]}"), "topics"));
  CHECK(names(complaint("{\"topics\":{},\"groups\":{}}"), "topics"));
  CHECK(names(complaint(R"({"topics":{"x":1}})"), "x: not an object"));
  CHECK(names(complaint(R"({"topics":{"x":{"partitons":1}}})"), "x.partitons: unknown"));
  for (const char* count : {"0", "-1", "1.5", "\"1\"", "null", "3000000000", "1e30"}) {
    CHECK(names(complaint(std::string(R"({"topics":{"x":{"partitions":)") + count + "}}}"),
                "x.partitions: not a number"));
  }
  CHECK(names(complaint(R"({"topics":{"x":{"replication_factor":40000}}})"), "x.replication"));
  CHECK(names(complaint(R"({"topics":{"x":{"config":{"k":null}}}})"), "x.config.k"));
  CHECK(names(complaint(R"({"topics":{"x":{"config":{"retention.ms":"soon"}}}})"), "retention.ms"));
  CHECK(names(complaint(R"({"topics":{"x":{},"x":{}}})"), "x: stands there twice"));
  CHECK(names(complaint(R"({"topics":{"x":{"config":{"k":"1","k":"2"}}}})"), "k: stands"));
  CHECK(complaint(R"({"topics":{"x":{"config":{"k":"1"}},"y":{"config":{"k":"2"}}}})").empty());
}

TEST_CASE("the plan from a cluster to its own dump is nothing") {
  TopicsDocument document{{"a", topic(1, 1, {{"k", "v"}})}, {"b", topic(2, 3)}};
  std::vector<TopicStep> plan = plan_topics(document, document, true);
  REQUIRE(plan.size() == 2);
  for (const TopicStep& step : plan) {
    CHECK(step.kind == TopicStep::Kind::alter);
    CHECK(step.differs.empty());
    CHECK(step.configs.empty());
    CHECK(step.partitions == -1);
    CHECK(step.error.code == Code::none);
  }
}

TEST_CASE("a plan makes, changes, grows and deletes") {
  TopicsDocument is{{"a", topic(1, 1, {{"gone", "1"}, {"kept", "2"}, {"other", "3"}})},
                    {"old", topic(4, 1)}};
  TopicsDocument wanted{{"a", topic(3, 1, {{"kept", "2"}, {"new", "5"}, {"other", "4"}})},
                        {"made", topic(2, 1, {{"k", "v"}})}};
  std::vector<TopicStep> plan = plan_topics(is, wanted, true);
  REQUIRE(plan.size() == 3);
  CHECK(plan[0].topic == "a");
  CHECK(plan[0].partitions == 3);
  CHECK(plan[0].configs ==
        std::vector<ConfigAssignment>{{"gone", std::nullopt}, {"new", "5"}, {"other", "4"}});
  CHECK(plan[0].differs ==
        R"({"partitions":[1,3],"gone":["1",null],"new":[null,"5"],"other":["3","4"]})");
  CHECK(plan[1].kind == TopicStep::Kind::create);
  CHECK(plan[1].partitions == 2);
  CHECK(plan[1].configs == std::vector<ConfigAssignment>{{"k", "v"}});
  CHECK(plan[1].differs ==
        R"({"partitions":[null,2],"replication_factor":[null,1],"k":[null,"v"]})");
  CHECK(plan[2].kind == TopicStep::Kind::remove);
  CHECK(plan[2].topic == "old");
  CHECK(plan_topics(is, wanted, false).size() == 2);
}

TEST_CASE("what cannot be is an error beside what can") {
  TopicsDocument is{{"a", topic(3, 1)}};
  std::vector<TopicStep> plan = plan_topics(is, {{"a", topic(2, 1, {{"k", "v"}})}}, false);
  REQUIRE(plan.size() == 1);
  CHECK(plan[0].error.code == Code::invalid_partitions);
  CHECK(plan[0].partitions == -1);
  CHECK(plan[0].configs.size() == 1);
  plan = plan_topics(is, {{"a", topic(3, 2)}}, false);
  CHECK(plan[0].error.code == Code::invalid_replication_factor);
  CHECK(plan[0].differs == R"({"replication_factor":[1,2]})");
}

TEST_CASE("what a document leaves out is not looked at") {
  TopicsDocument is{{"a", topic(3, 1, {{"k", "v"}})}};
  CHECK(plan_topics(is, {{"a", {}}}, false)[0].differs.empty());
  std::vector<TopicStep> plan = plan_topics({}, {{"a", {}}}, false);
  CHECK(plan[0].kind == TopicStep::Kind::create);
  CHECK(plan[0].partitions == -1);
  CHECK(plan[0].replication_factor == -1);
  CHECK(!plan[0].differs.empty());
}

TEST_CASE("configs of durations and sizes take units and Kafka's numbers, others nothing") {
  CHECK(*in_kafka_units("retention.ms", "1h30m") == "5400000");
  CHECK(*in_kafka_units("retention.ms", "-1") == "-1");
  CHECK(*in_kafka_units("retention.ms", "604800000") == "604800000");
  CHECK(*in_kafka_units("segment.bytes", "10M") == "10485760");
  CHECK(*in_kafka_units("segment.bytes", "10MB") == "10000000");
  CHECK(*in_kafka_units("retention.bytes", "-1") == "-1");
  CHECK(*in_kafka_units("cleanup.policy", "7d") == "7d");
  CHECK(*in_kafka_units("retention.hours", "7d") == "7d");
  for (const char* bad : {"soon", "", "1x", "1.5"}) CHECK(!in_kafka_units("flush.ms", bad));
  CHECK(!in_kafka_units("segment.bytes", "1h"));
}
