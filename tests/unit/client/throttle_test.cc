// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "lib/client/client.h"
#include "lib/wire/messages/metadata.h"
#include "tests/unit/client/scripted_broker.h"

using namespace eventd;
using namespace std::chrono_literals;

namespace {

// A broker that answers each question for metadata with the next throttle time, then with none.
struct Throttler {
  Throttler(int16_t version, std::vector<int32_t> times)
      : version(version),
        times(std::move(times)),
        broker(loop, [this](auto& header, Bytes body) { return handle(header, body); }) {}

  UvLoop loop;
  int16_t version;
  std::vector<int32_t> times;
  std::vector<Instant> asked;             // when metadata was
  std::vector<std::string> topics_asked;  // the first of each question
  ScriptedBroker broker;

 private:
  ScriptedBroker::Reply handle(const RequestHeader& header, Bytes body) {
    if (ApiKey{header.api} == ApiKey::api_versions) {
      return ScriptedBroker::versions(header,
                                      {{ApiKey::api_versions, 3}, {ApiKey::metadata, version}});
    }
    auto request = *decode<MetadataRequest>(body, header.version);
    topics_asked.emplace_back(request.topics->at(0).name.value_or(""));
    MetadataResponse response;
    if (asked.size() < times.size()) response.throttle_time_ms = times[asked.size()];
    asked.push_back(loop.now());
    return ScriptedBroker::answer(header, response);
  }
};

struct Asked {
  Result<void> result;
  bool done = false;
};

Task<void> ask(Loop& loop, std::shared_ptr<ClientConnection> connection, std::string topic,
               std::chrono::milliseconds patience, Asked& asked) {
  MetadataRequest request;
  request.topics.emplace().emplace_back().name = topic;
  Instant deadline = loop.now() + patience;
  auto answer = co_await connection->ask(request, deadline);
  if (!answer) asked.result = pass(answer);
  asked.done = true;
}

// Three questions, the second and third at once after the first answer.
Task<void> ask_thrice(Throttler& throttler, std::chrono::milliseconds patience,
                      std::array<Asked, 3>& asked, bool& failed) {
  ClientConfig config;
  config.brokers = {throttler.broker.address()};
  Client client(throttler.loop, config);
  Result<std::shared_ptr<ClientConnection>> connection = co_await client.any();
  REQUIRE(connection.has_value());
  co_await ask(throttler.loop, *connection, "a", patience, asked[0]);
  spawn(ask(throttler.loop, *connection, "b", patience, asked[1]));
  co_await ask(throttler.loop, *connection, "c", patience, asked[2]);
  while (!asked[1].done) co_await next_turn(throttler.loop);
  failed = (*connection)->failed();
}

struct Seen {
  std::array<Asked, 3> asked;
  bool failed = false;
};

Seen run(Throttler& throttler, std::chrono::milliseconds patience) {
  Seen seen;
  run_with(throttler.loop, throttler.broker,
           ask_thrice(throttler, patience, seen.asked, seen.failed));
  return seen;
}

}  // namespace

TEST_CASE("a throttled client holds the next requests back, and keeps their order") {
  Throttler throttler(6, {60});
  Seen seen = run(throttler, 10s);
  for (const Asked& asked : seen.asked) CHECK(asked.result.has_value());
  CHECK(throttler.topics_asked == std::vector<std::string>{"a", "b", "c"});
  CHECK(throttler.asked.at(1) - throttler.asked.at(0) >= 60ms);
}

TEST_CASE("an answer that throttles again while requests are held makes them wait longer") {
  Throttler throttler(9, {1, 80, 40});
  Seen seen = run(throttler, 10s);
  for (const Asked& asked : seen.asked) CHECK(asked.result.has_value());
  CHECK(throttler.asked.at(2) >= throttler.asked.at(1));
}

TEST_CASE("a broker that throttles for weeks ends questions by their deadline, and they say so") {
  Throttler throttler(9, {INT32_MAX});
  Seen seen = run(throttler, 100ms);
  CHECK(seen.asked[0].result.has_value());
  for (size_t i : {1, 2}) {
    REQUIRE(!seen.asked[i].result.has_value());
    CHECK(seen.asked[i].result.error().code == Code::deadline_passed);
    CHECK(seen.asked[i].result.error().message.find("throttles us") != std::string::npos);
  }
  CHECK(throttler.asked.size() == 1);  // what was given up is not sent
  CHECK(!seen.failed);                 // and nothing is wrong with the connection
}

TEST_CASE("a broker that made us wait before it answered is not waited for again") {
  Throttler throttler(5, {INT32_MAX});
  Seen seen = run(throttler, 10s);
  for (const Asked& asked : seen.asked) CHECK(asked.result.has_value());
  CHECK(throttler.asked.size() == 3);
}

TEST_CASE("a throttle time below zero is none") {
  Throttler throttler(9, {INT32_MIN, -1});
  Seen seen = run(throttler, 10s);
  for (const Asked& asked : seen.asked) CHECK(asked.result.has_value());
}

TEST_CASE("who closes a throttled client waits no longer") {
  Throttler throttler(9, {INT32_MAX});
  auto close = [](Throttler& on, Asked& first, Asked& second) -> Task<void> {
    ClientConfig config;
    config.brokers = {on.broker.address()};
    Client client(on.loop, config);
    Result<std::shared_ptr<ClientConnection>> connection = co_await client.any();
    REQUIRE(connection.has_value());
    co_await ask(on.loop, *connection, "a", 10s, first);
    spawn(ask(on.loop, *connection, "b", 24h, second));
    client.close();
    CHECK(second.done);
  };
  Asked first;
  Asked second;
  run_with(throttler.loop, throttler.broker, close(throttler, first, second));
  CHECK(first.result.has_value());
  REQUIRE(!second.result.has_value());
  CHECK(second.result.error().code == Code::cancelled);
}

TEST_CASE("a broker that throttles is not the one that is asked what any broker can tell") {
  UvLoop loop;
  std::array<int, 2> asked{};
  std::vector<std::unique_ptr<ScriptedBroker>> brokers;
  for (int& count : asked) {
    auto script = [&](const RequestHeader& header, Bytes) -> ScriptedBroker::Reply {
      if (ApiKey{header.api} == ApiKey::api_versions) {
        return ScriptedBroker::versions(header, {{ApiKey::api_versions, 3}, {ApiKey::metadata, 9}});
      }
      count++;
      MetadataResponse response;
      response.throttle_time_ms = INT32_MAX;
      for (int32_t id : {0, 1}) {
        auto& broker = response.brokers.emplace_back();
        broker.node_id = id;
        broker.host = "127.0.0.1";
        broker.port = brokers[static_cast<size_t>(id)]->address().port;
      }
      return ScriptedBroker::answer(header, response);
    };
    brokers.push_back(std::make_unique<ScriptedBroker>(loop, script));
  }
  auto call = [&](UvLoop& on) -> Task<void> {
    ClientConfig config;
    config.brokers = {brokers[0]->address()};
    auto client = std::make_unique<Client>(on, config);
    Result<void> learned = co_await client->learn_brokers();
    CHECK(learned.has_value());
    for (int32_t id : {0, 1}) {
      Result<std::shared_ptr<ClientConnection>> connection = co_await client->broker(id);
      CHECK(connection.has_value());
    }
    learned = co_await client->learn_brokers();
    CHECK(learned.has_value());
    client.reset();
    ScriptedBroker& other = *brokers[1];
    co_await other.left_alone();
  };
  run_with(loop, *brokers[0], call(loop));
  CHECK(asked == std::array<int, 2>{1, 1});
}
