// SPDX-License-Identifier: Apache-2.0
#include "lib/client/admin.h"

#include <doctest/doctest.h>

#include <map>

#include "lib/wire/messages/configs.h"
#include "lib/wire/messages/metadata.h"
#include "lib/wire/messages/topics.h"
#include "tests/unit/client/scripted_broker.h"

using namespace eventd;

namespace {

// A broker with one topic's configs that is not always the controller.
struct AdminBroker {
  explicit AdminBroker(bool is_old)
      : is_old(is_old),
        broker(loop, [this](auto& header, Bytes body) { return handle(header, body); }) {}

  UvLoop loop;
  const bool is_old;  // it cannot alter configs one by one
  std::map<std::string, std::string> configs{{"kept", "1"}, {"other", "2"}};
  int not_controller = 0;  // so many requests are answered so
  int hang_ups = 0;        // after so many others the topic is there, and the answer is lost
  int creations = 0;
  bool is_there = false;
  ScriptedBroker broker;

  ClientConfig config() const {
    ClientConfig config;
    config.brokers = {broker.address()};
    config.retry_backoff.first = std::chrono::milliseconds(1);
    return config;
  }

  // Runs a task with a client of this broker.
  template <class Body>
  void run(Body body) {
    auto task = [&]() -> Task<void> {
      Client client(loop, config());
      Admin admin(client);
      co_await body(admin);
    };
    run_with(loop, broker, task());
  }

 private:
  ScriptedBroker::Reply handle(const RequestHeader& header, Bytes body) {
    switch (static_cast<ApiKey>(header.api)) {
      case ApiKey::api_versions: {
        std::vector<std::pair<ApiKey, int16_t>> served{{ApiKey::metadata, 9},
                                                       {ApiKey::api_versions, 3},
                                                       {ApiKey::create_topics, 5},
                                                       {ApiKey::describe_configs, 2},
                                                       {ApiKey::alter_configs, 1}};
        if (!is_old) served.emplace_back(ApiKey::incremental_alter_configs, 1);
        return ScriptedBroker::versions(header, served);
      }
      case ApiKey::metadata: {
        MetadataResponse response;
        auto& self = response.brokers.emplace_back();
        self.node_id = 1;
        self.host = "127.0.0.1";
        self.port = broker.address().port;
        response.controller_id = 1;
        return ScriptedBroker::answer(header, response);
      }
      case ApiKey::create_topics:
        return create(header);
      case ApiKey::describe_configs:
        return describe(header);
      case ApiKey::alter_configs: {
        auto request = decode<AlterConfigsRequest>(body, header.version);
        configs.clear();
        for (const auto& config : request->resources.at(0).configs) {
          configs[std::string(config.name)] = std::string(config.value.value());
        }
        AlterConfigsResponse response;
        response.responses.emplace_back().resource_name = "t";
        return ScriptedBroker::answer(header, response);
      }
      case ApiKey::incremental_alter_configs: {
        auto request = decode<IncrementalAlterConfigsRequest>(body, header.version);
        for (const auto& config : request->resources.at(0).configs) {
          std::string key(config.name);
          configs.erase(key);
          if (config.config_operation == 0) configs[key] = std::string(config.value.value());
        }
        IncrementalAlterConfigsResponse response;
        response.responses.emplace_back().resource_name = "t";
        return ScriptedBroker::answer(header, response);
      }
      default:
        return Buffer{};
    }
  }

  ScriptedBroker::Reply create(const RequestHeader& header) {
    creations++;
    CreateTopicsResponse response;
    auto& topic = response.topics.emplace_back();
    topic.name = "t";
    Code code = is_there ? Code::topic_already_exists : Code::none;
    if (not_controller-- > 0) {
      code = Code::not_controller;
    } else if (hang_ups-- > 0) {
      is_there = true;
      return Buffer{};
    }
    topic.error_code = static_cast<int16_t>(code);
    return ScriptedBroker::answer(header, response);
  }

  ScriptedBroker::Reply describe(const RequestHeader& header) const {
    DescribeConfigsResponse response;
    auto& result = response.results.emplace_back();
    result.resource_type = 2;
    result.resource_name = "t";
    for (const auto& [key, value] : configs) {
      auto& told = result.configs.emplace_back();
      told.name = key;
      told.value = value;
      told.config_source = 1;
    }
    auto& inherited = result.configs.emplace_back();
    inherited.name = "inherited";
    inherited.value = "9";
    inherited.config_source = 5;
    return ScriptedBroker::answer(header, response);
  }
};

CreateTopicsRequest creation() {
  CreateTopicsRequest request;
  request.topics.emplace_back().name = "t";
  request.topics.back().num_partitions = 1;
  request.topics.back().replication_factor = 1;
  return request;
}

}  // namespace

TEST_CASE("who is not the controller is asked again until somebody is") {
  AdminBroker broker(false);
  broker.not_controller = 3;
  broker.run([&](Admin& admin) -> Task<void> {
    CreateTopicsRequest request = creation();
    const CreateTopicsRequest* asked = &request;
    auto answer = co_await admin.ask_controller(asked);
    REQUIRE(answer.has_value());
    CHECK(answer->answer.message.topics.at(0).error_code == 0);
    CHECK(!answer->asked_twice);
  });
  CHECK(broker.creations == 4);
}

TEST_CASE("a request whose answer is lost is sent again, and its answer says so") {
  AdminBroker broker(false);
  broker.hang_ups = 1;
  broker.run([&](Admin& admin) -> Task<void> {
    CreateTopicsRequest request = creation();
    const CreateTopicsRequest* asked = &request;
    auto answer = co_await admin.ask_controller(asked);
    REQUIRE(answer.has_value());
    CHECK(Code{answer->answer.message.topics.at(0).error_code} == Code::topic_already_exists);
    CHECK(answer->asked_twice);
  });
  CHECK(broker.creations == 2);
}

TEST_CASE("configs are changed one by one, also where a broker can only replace all") {
  for (bool is_old : {false, true}) {
    AdminBroker broker(is_old);
    broker.run([&](Admin& admin) -> Task<void> {
      Resource resource{ResourceType::topic, "t"};
      std::vector<ConfigAssignment> changes{{"other", std::nullopt}, {"new", "3"}};
      bool validate_only = false;
      Result<void> done = co_await admin.alter_configs(resource, changes, validate_only);
      CHECK(done.has_value());
    });
    CHECK(broker.configs == std::map<std::string, std::string>{{"kept", "1"}, {"new", "3"}});
  }
}

TEST_CASE("a broker that is not known fails its own configs only") {
  AdminBroker broker(false);
  broker.run([&](Admin& admin) -> Task<void> {
    std::vector<Resource> resources{{ResourceType::broker, "7"}, {ResourceType::topic, "t"}};
    std::vector<std::string> keys;
    Result<std::vector<ResourceConfigs>> found =
        co_await admin.describe_configs(std::move(resources), std::move(keys));
    REQUIRE(found.has_value());
    REQUIRE(found->size() == 2);
    for (const ResourceConfigs& one : *found) {
      bool is_broker = one.resource.type == ResourceType::broker;
      CHECK((one.error.code != Code::none) == is_broker);
      if (is_broker) continue;
      REQUIRE(one.entries.size() == 3);
      CHECK(one.entries[0].key == "inherited");
      CHECK(!is_own(one.resource, one.entries[0]));
      CHECK(is_own(one.resource, one.entries[1]));
      CHECK(name_of_source(one.entries[1].source) == "DYNAMIC_TOPIC_CONFIG");
    }
  });
}
