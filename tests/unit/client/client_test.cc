// SPDX-License-Identifier: Apache-2.0
#include "lib/client/client.h"

#include <doctest/doctest.h>

#include "lib/base/text.h"
#include "lib/client/partitioner.h"
#include "tests/unit/client/model_broker.h"

using namespace eventd;

namespace {

// Asks one of some brokers for anything.
Task<void> reach(UvLoop& loop, ClientConfig config, std::optional<Error>& error) {
  Client client(loop, std::move(config));
  Result<std::shared_ptr<ClientConnection>> connection = co_await client.any();
  if (!connection) error = connection.error();
  co_await next_turn(loop);
}

ScriptedBroker::Reply as_is(std::string_view bytes) {
  return Buffer(bytes_of(bytes).begin(), bytes_of(bytes).end());
}

}  // namespace

TEST_CASE("a port at which something else answers is told, whatever it says") {
  for (std::string_view greeting :
       {std::string_view("HTTP/1.1 400 Bad Request\r\n\r\n"),
        std::string_view("SSH-2.0-OpenSSH\r\n"), std::string_view("220 mail ESMTP\r\n"),
        std::string_view("\x15\x03\x01\x00\x02\x02\x46", 7),
        std::string_view("\x00\x00\x00\x08\x00\x00\x00\x63\x00\x00\x00\x00", 12)}) {
    UvLoop loop;
    ScriptedBroker broker(loop, [&](const RequestHeader&, Bytes) { return as_is(greeting); });
    ClientConfig config;
    config.brokers = {broker.address()};
    std::optional<Error> error;
    run_with(loop, broker, reach(loop, config, error));
    REQUIRE(error);
    CHECK(error->code == Code::connection_failed);
    CHECK(error->message.find("does not speak Kafka's protocol") != std::string::npos);
    CHECK(error->message.find(to_string(broker.address())) != std::string::npos);
  }
}

TEST_CASE("a broker that is silent does not use up the time of the next one") {
  UvLoop loop;
  ScriptedBroker silent(loop, [](const RequestHeader&, Bytes) { return std::nullopt; });
  ScriptedBroker good(loop, [](const RequestHeader& header, Bytes) {
    return ScriptedBroker::versions(header, {{ApiKey::api_versions, 3}});
  });
  ClientConfig config;
  config.brokers = {silent.address(), good.address()};
  config.connect_timeout = std::chrono::milliseconds(200);
  std::optional<Error> error;
  run_with(loop, silent, reach(loop, config, error));
  CHECK(!error);
  CHECK(good.connections() == 1);
}

TEST_CASE("brokers that are all silent or absent are one error that says how many") {
  UvLoop loop;
  ScriptedBroker silent(loop, [](const RequestHeader&, Bytes) { return std::nullopt; });
  ClientConfig config;
  config.brokers = {silent.address(), {"127.0.0.1", 1, false}};
  config.connect_timeout = std::chrono::milliseconds(50);
  std::optional<Error> error;
  run_with(loop, silent, reach(loop, config, error));
  REQUIRE(error);
  CHECK(error->code == Code::connection_failed);
  CHECK(error->message.starts_with("none of 2 brokers answers"));
}

TEST_CASE("a broker that is older than our question for its versions is asked again") {
  UvLoop loop;
  std::vector<int16_t> asked;
  ScriptedBroker old(loop, [&](const RequestHeader& header, Bytes) -> ScriptedBroker::Reply {
    asked.push_back(header.version);
    RequestHeader oldest = header;
    oldest.version = 0;
    ApiVersionsResponse response;
    if (header.version > 2) {
      response.error_code = static_cast<int16_t>(Code::unsupported_version);
      auto& api = response.api_keys.emplace_back();
      api.api_key = static_cast<int16_t>(ApiKey::api_versions);
      api.max_version = 2;
    }
    return ScriptedBroker::answer(oldest, response);
  });
  ClientConfig config;
  config.brokers = {old.address()};
  std::optional<Error> error;
  run_with(loop, old, reach(loop, config, error));
  CHECK(!error);
  CHECK(asked == std::vector<int16_t>{4, 0});
}

TEST_CASE("several who want the same broker share one connection") {
  ModelBroker model(4);
  auto ask = [](ModelBroker& on) -> Task<void> {
    Client client(on.loop, on.config());
    std::vector<std::string> none;
    Result<std::vector<TopicInfo>> topics = co_await client.topics(std::move(none));
    REQUIRE(topics.has_value());
    int left = 4;
    Signal done;
    auto lead = [](Client& of, int32_t partition, int& count, Signal& all) -> Task<void> {
      TopicPartition name{"t", partition};
      Result<std::shared_ptr<ClientConnection>> leads = co_await of.leader(std::move(name));
      CHECK(leads.has_value());
      if (--count == 0) all.notify();
    };
    client.forget("t");
    for (int32_t p = 0; p < 4; p++) spawn(lead(client, p, left, done));
    while (left > 0) co_await done.wait();
    co_await next_turn(on.loop);
  };
  run_with(model.loop, model.broker, ask(model));
  CHECK(model.broker.connections() == 1);
}

TEST_CASE("a topic that may not be seen is told by its own error") {
  CHECK(remedy_for(Code::topic_authorization_failed) == Remedy::give_up);
  CHECK(remedy_for(Code::not_leader_or_follower) == Remedy::refresh_and_retry);
  CHECK(remedy_for(Code::request_timed_out) == Remedy::retry);
}

TEST_CASE("keys go where Java's murmur2 sends them") {
  // From Kafka's own UtilsTest.
  CHECK(static_cast<int32_t>(murmur2(bytes_of("21"))) == -973932308);
  CHECK(static_cast<int32_t>(murmur2(bytes_of("foobar"))) == -790332482);
  CHECK(static_cast<int32_t>(murmur2(bytes_of("a-little-bit-long-string"))) == -985981536);
  CHECK(static_cast<int32_t>(murmur2(bytes_of("a-little-bit-longer-string"))) == -1486304829);
  CHECK(static_cast<int32_t>(
            murmur2(bytes_of("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8"))) == -58897971);
}
