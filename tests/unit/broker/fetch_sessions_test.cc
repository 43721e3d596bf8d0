// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/fetch_sessions.h"

#include <doctest/doctest.h>

using namespace eventd;

namespace {

const Instant kStart{std::chrono::hours(1)};

FetchWant want(int32_t partition, int64_t offset = 0) {
  return {.name = {.topic = "t", .partition = partition}, .fetch_offset = offset, .bytes_max = 10};
}

struct Client {
  FetchSessions& sessions;
  Instant now = kStart;
  std::vector<bool> tell;

  Result<FetchContext> ask(int32_t id, int32_t epoch, std::vector<FetchWant> wants = {},
                           std::vector<FetchName> forgotten = {}) {
    return sessions.begin(id, epoch, std::move(wants), forgotten, now);
  }
  int32_t answer(FetchContext& context, const std::vector<FetchTold>& told) {
    return sessions.finish(context, told, tell, now);
  }
};

std::vector<int32_t> partitions(const FetchContext& context) {
  std::vector<int32_t> numbers;
  for (const FetchWant& want : context.wants) numbers.push_back(want.name.partition);
  return numbers;
}

// A session over partitions 0 and 1, both at watermark 5.
int32_t open_session(Client& client) {
  auto context = client.ask(0, 0, {want(0), want(1)});
  REQUIRE(context);
  return client.answer(*context, {{.high_watermark = 5}, {.high_watermark = 5}});
}

}  // namespace

TEST_CASE("without a session everything is told and the id is 0") {
  FetchSessions sessions(10);
  Client client{sessions};
  auto context = client.ask(0, -1, {want(0)});
  REQUIRE(context);
  CHECK(client.answer(*context, {{}}) == 0);
  CHECK(client.tell == std::vector<bool>{true});
  CHECK(sessions.size() == 0);
}

TEST_CASE("a session tells only what is new") {
  FetchSessions sessions(10);
  Client client{sessions};
  int32_t id = open_session(client);
  CHECK(id > 0);

  auto second = client.ask(id, 1);
  REQUIRE(second);
  CHECK(second->wants.size() == 2);
  CHECK(client.answer(*second, {{.high_watermark = 5}, {.high_watermark = 6}}) == id);
  CHECK(client.tell == std::vector<bool>{false, true});

  auto third = client.ask(id, 2);
  REQUIRE(third);
  client.answer(*third, {{.high_watermark = 5, .must_be_told = true}, {.high_watermark = 6}});
  CHECK(client.tell == std::vector<bool>{true, false});

  auto fourth = client.ask(id, 3);
  REQUIRE(fourth);
  client.answer(*fourth, {{.high_watermark = 5}, {.high_watermark = 6}});
  CHECK(client.tell == std::vector<bool>{true, false});  // the error is over
}

TEST_CASE("a partition that was served goes to the end of the queue") {
  FetchSessions sessions(10);
  Client client{sessions};
  int32_t id = open_session(client);
  auto context = client.ask(id, 1);
  REQUIRE(context);
  client.answer(*context, {{.high_watermark = 9, .has_records = true}, {.high_watermark = 5}});
  auto next = client.ask(id, 2);
  REQUIRE(next);
  CHECK(partitions(*next) == std::vector<int32_t>{1, 0});
}

TEST_CASE("partitions are changed, added and forgotten") {
  FetchSessions sessions(10);
  Client client{sessions};
  int32_t id = open_session(client);
  auto context = client.ask(id, 1, {want(0, 77), want(2)}, {{.topic = "t", .partition = 1}});
  REQUIRE(context);
  CHECK(partitions(*context) == std::vector<int32_t>{0, 2});
  CHECK(context->wants[0].fetch_offset == 77);
}

TEST_CASE("a session about nothing is over") {
  FetchSessions sessions(10);
  Client client{sessions};
  int32_t id = open_session(client);
  auto context =
      client.ask(id, 1, {}, {{.topic = "t", .partition = 0}, {.topic = "t", .partition = 1}});
  REQUIRE(context);
  CHECK(client.answer(*context, {}) == 0);
  CHECK(sessions.size() == 0);
}

TEST_CASE("a wrong epoch or id is refused, and the session stays") {
  FetchSessions sessions(10);
  Client client{sessions};
  int32_t id = open_session(client);
  CHECK(client.ask(id, 5).error().code == Code::invalid_fetch_session_epoch);
  CHECK(client.ask(id == 1 ? 2 : id - 1, 1).error().code == Code::fetch_session_id_not_found);
  CHECK(client.ask(id, 1));
}

TEST_CASE("epoch -1 ends a session, epoch 0 replaces it") {
  FetchSessions sessions(10);
  Client client{sessions};
  int32_t id = open_session(client);
  REQUIRE(client.ask(id, -1));
  CHECK(sessions.size() == 0);
  id = open_session(client);
  auto context = client.ask(id, 0, {want(3)});
  REQUIRE(context);
  int32_t fresh = client.answer(*context, {{}});
  CHECK(fresh > 0);
  CHECK(sessions.size() == 1);
}

TEST_CASE("a full cache serves without sessions until one has been idle for two minutes") {
  FetchSessions sessions(1);
  Client client{sessions};
  int32_t first = open_session(client);
  CHECK(first > 0);
  CHECK(open_session(client) == 0);
  client.now += std::chrono::minutes(1);
  REQUIRE(client.ask(first, 1));
  client.now += std::chrono::minutes(2);
  CHECK(open_session(client) == 0);
  client.now += std::chrono::milliseconds(1);
  CHECK(open_session(client) > 0);
  CHECK(sessions.size() == 1);
  CHECK(client.ask(first, 2).error().code == Code::fetch_session_id_not_found);
}

TEST_CASE("a larger session takes the place of a smaller one that is two minutes old") {
  FetchSessions sessions(2);
  Client client{sessions};
  auto large = client.ask(0, 0, {want(0), want(1), want(2)});
  int32_t large_id = client.answer(*large, {{}, {}, {}});
  int32_t small_id = open_session(client);
  client.now += std::chrono::minutes(2) + std::chrono::milliseconds(1);
  REQUIRE(client.ask(large_id, 1));
  REQUIRE(client.ask(small_id, 1));  // neither is idle
  CHECK(open_session(client) == 0);  // as large as the small one is not larger
  auto larger = client.ask(0, 0, {want(0), want(1), want(2)});
  CHECK(client.answer(*larger, {{}, {}, {}}) > 0);
  CHECK(client.ask(small_id, 2).error().code == Code::fetch_session_id_not_found);
  CHECK(client.ask(large_id, 2));
}

TEST_CASE("the partitions of all sessions together are bounded") {
  FetchSessions sessions(10);
  Client client{sessions};
  std::vector<FetchWant> many;
  for (int32_t i = 0; i < static_cast<int32_t>(FetchSessions::kPartitionsMax); i++) {
    many.push_back(want(i));
  }
  auto context = client.ask(0, 0, many);
  int32_t id = client.answer(*context, std::vector<FetchTold>(many.size()));
  CHECK(id > 0);
  CHECK(open_session(client) == 0);
  CHECK(client.ask(id, 1, {want(-1)}).error().code == Code::fetch_session_id_not_found);
  CHECK(sessions.partitions() == 0);
  CHECK(open_session(client) > 0);
}
