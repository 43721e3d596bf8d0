// SPDX-License-Identifier: Apache-2.0
#include "lib/client/fetch_session.h"

#include <doctest/doctest.h>

#include <set>

#include "lib/base/text.h"
#include "lib/client/fetcher.h"
#include "tests/unit/client/model_broker.h"

using namespace eventd;

namespace {

using Numbers = std::vector<int32_t>;

// Follows all partitions of a model until so many Fetch requests were answered; what the broker
// does meanwhile is its on_fetch.
struct Follower {
  explicit Follower(int32_t partitions) : model(partitions) {
    model.grants_sessions = true;
    for (ModelBroker::Partition& one : model.partitions) one.values = {"first"};
  }

  ModelBroker model;
  std::multiset<std::string> values;
  std::vector<std::string> troubles;
  std::set<int32_t> done;  // read no further than they are then
  Result<void> result;

  void run(int fetches) {
    auto fetch_all = [](Follower& self, int count) -> Task<void> {
      Client client(self.model.loop, self.model.config());
      Fetcher fetcher(client, {}, self.callbacks(count));
      for (size_t p = 0; p < self.model.partitions.size(); p++) {
        fetcher.add({"t", static_cast<int32_t>(p)}, 0);
      }
      self.result = co_await fetcher.run();
      client.close();
      co_await next_turn(self.model.loop);
    };
    run_with(model.loop, model.broker, fetch_all(*this, fetches));
  }

 private:
  Fetcher::Callbacks callbacks(int fetches) {
    Fetcher::Callbacks callbacks;
    callbacks.on_record = [this](const FetchedRecord& record) {
      values.insert(text(record.partition->partition, ":", text_of(*record.value)));
      return Fetcher::Next::record;
    };
    callbacks.on_drained = [] {};
    callbacks.on_position = [this, fetches](const TopicPartition& name, int64_t) {
      return model.fetches < fetches && !done.contains(name.partition);
    };
    callbacks.on_trouble = [this](const Error& error) {
      troubles.push_back(error.message);
      return troubles.size() < 4;
    };
    return callbacks;
  }
};

// From the second question on something new is in `partition` with each.
std::function<Code(int)> news_in(Follower& follower, size_t partition) {
  return [&follower, partition](int fetch) {
    if (fetch > 0) follower.model.partitions[partition].values.push_back(text("news", fetch));
    return Code::none;
  };
}

Numbers sorted(Numbers numbers) {
  std::ranges::sort(numbers);
  return numbers;
}

}  // namespace

TEST_CASE("a question within a session names only what has changed, and its answer too") {
  Follower follower(4);
  follower.model.on_fetch = [&](int fetch) {
    if (fetch == 3) follower.model.partitions[2].values.emplace_back("news");
    if (fetch == 5) {
      for (auto& partition : follower.model.partitions) partition.values.emplace_back("end");
    }
    return Code::none;
  };
  follower.run(6);
  CHECK(follower.result.has_value());
  CHECK(follower.troubles.empty());
  const auto& asked = follower.model.asked;
  REQUIRE(asked.size() == 7);
  CHECK(asked[0].epoch == -1);  // who asks once needs no session
  CHECK(asked[1].epoch == 0);
  CHECK(sorted(asked[1].partitions) == Numbers{0, 1, 2, 3});
  CHECK(asked[2].epoch == 1);
  CHECK(asked[2].partitions.empty());
  CHECK(asked[3].partitions.empty());
  CHECK(asked[4].partitions == Numbers{2});
  CHECK(asked[5].epoch == 4);
  CHECK(asked[5].partitions.empty());
  // At the end the broker is told.
  CHECK(asked[6].epoch == -1);
  CHECK(asked[6].session_id == asked[5].session_id);
  CHECK(asked[6].partitions.empty());
  CHECK(follower.model.session_id == 0);
  CHECK(follower.values == std::multiset<std::string>{"0:first", "1:first", "2:first", "3:first",
                                                      "2:news", "0:end", "1:end", "2:end",
                                                      "3:end"});
}

TEST_CASE("a partition that is done is forgotten by the broker too") {
  Follower follower(3);
  follower.model.on_fetch = [&](int fetch) {
    for (size_t p = 0; p < 3; p++) {
      if (p != 1 || fetch < 4) follower.model.partitions[p].values.push_back(text(fetch));
    }
    if (fetch == 3) follower.done = {1};
    return Code::none;
  };
  follower.run(6);
  CHECK(follower.result.has_value());
  const auto& asked = follower.model.asked;
  REQUIRE(asked.size() == 7);
  CHECK(asked[3].forgotten.empty());
  CHECK(asked[4].forgotten == Numbers{1});
  CHECK(sorted(asked[4].partitions) == Numbers{0, 2});
  CHECK(asked[5].forgotten.empty());
}

TEST_CASE("a broker that grants no session, or knows none, is asked for everything each time") {
  for (bool is_old : {false, true}) {
    Follower follower(3);
    follower.model.grants_sessions = false;
    if (is_old) follower.model.versions[ApiKey::fetch] = {0, 6};
    follower.model.on_fetch = [&](int) {
      for (auto& partition : follower.model.partitions) partition.values.emplace_back("news");
      return Code::none;
    };
    follower.run(4);
    CHECK(follower.result.has_value());
    REQUIRE(follower.model.asked.size() == 4);
    for (const auto& asked : follower.model.asked) {
      CHECK(asked.session_id == 0);
      CHECK(sorted(asked.partitions) == Numbers{0, 1, 2});
    }
    CHECK(follower.values.size() == 15);
  }
}

TEST_CASE("a single partition needs no session") {
  Follower follower(1);
  follower.model.on_fetch = news_in(follower, 0);
  follower.run(4);
  REQUIRE(follower.model.asked.size() == 4);
  for (const auto& asked : follower.model.asked) CHECK(asked.epoch == -1);
}

TEST_CASE("a session that the broker has forgotten is begun anew, and nothing is lost or twice") {
  for (Code code : {Code::fetch_session_id_not_found, Code::invalid_fetch_session_epoch,
                    Code::fetch_session_topic_id_error}) {
    Follower follower(2);
    follower.model.on_fetch = [&](int fetch) {
      for (auto& partition : follower.model.partitions) partition.values.push_back(text(fetch));
      return fetch == 3 ? code : Code::none;
    };
    follower.run(7);
    CHECK(follower.result.has_value());
    CHECK(follower.troubles.empty());
    const auto& asked = follower.model.asked;
    REQUIRE(asked.size() == 8);
    CHECK(asked[4].epoch == 0);
    bool is_gone = code == Code::fetch_session_id_not_found;
    CHECK(asked[4].session_id == (is_gone ? 0 : asked[3].session_id));
    CHECK(sorted(asked[4].partitions) == Numbers{0, 1});
    CHECK(asked[5].epoch == 1);
    CHECK(follower.values.size() == 16);
    CHECK(std::set<std::string>(follower.values.begin(), follower.values.end()).size() == 16);
  }
}

TEST_CASE("a broker that refuses every session is trouble, not an endless loop") {
  Follower follower(2);
  follower.model.on_fetch = [&](int) { return Code::fetch_session_id_not_found; };
  follower.run(100);
  CHECK(!follower.result.has_value());
  CHECK(follower.troubles.size() == 4);
  CHECK(follower.model.fetches < 12);
}

TEST_CASE("an answer that was lost begins the session anew") {
  Follower follower(2);
  follower.model.hang_up_on = {3};
  follower.model.on_fetch = [&](int fetch) {
    for (auto& partition : follower.model.partitions) partition.values.push_back(text(fetch));
    return Code::none;
  };
  follower.run(7);
  CHECK(follower.result.has_value());
  CHECK(follower.troubles.size() == 1);
  const auto& asked = follower.model.asked;
  CHECK(asked[4].epoch == 0);
  CHECK(asked[4].session_id == asked[3].session_id);  // which it ends
  CHECK(sorted(asked[4].partitions) == Numbers{0, 1});
  CHECK(std::set<std::string>(follower.values.begin(), follower.values.end()).size() ==
        follower.values.size());
  CHECK(follower.values.size() == 16);
}

TEST_CASE("a partition that fails is left out for a while, and the others go on in the session") {
  Follower follower(3);
  follower.model.on_fetch = [&](int fetch) {
    for (auto& partition : follower.model.partitions) partition.values.push_back(text(fetch));
    if (fetch == 3) {
      follower.model.fetched[1] = {Buffer{}, {}, Code::not_leader_or_follower};
    }
    return Code::none;
  };
  follower.run(40);
  CHECK(follower.result.has_value());
  CHECK(follower.troubles.size() == 1);
  const auto& asked = follower.model.asked;
  CHECK(asked[4].forgotten == Numbers{1});
  CHECK(sorted(asked[4].partitions) == Numbers{0, 2});
  CHECK(follower.values.size() == 3 * 41);
}

TEST_CASE("epochs begin again with 1, and a topic that was made anew with another session") {
  TopicPartition names[2] = {{"t", 0}, {"t", 1}};
  Uuid id = Uuid::random();
  std::vector<FetchSession::Partition> wanted{{&names[0], id, 5}, {&names[1], id, 6}};
  FetchSession session;
  FetchRequest first;
  session.ask(wanted, 1, first);
  FetchResponse granted;
  granted.session_id = 9;
  session.answered(granted);  // which nobody wanted
  FetchRequest second;
  session.ask(wanted, 1, second);
  CHECK(second.session_id == 0);
  CHECK(second.session_epoch == 0);
  session.answered(granted);
  FetchRequest third;
  session.ask(wanted, 1, third);
  CHECK(third.session_id == 9);
  CHECK(third.session_epoch == 1);
  CHECK(third.topics.empty());
  session.answered(granted);
  for (auto& one : wanted) one.topic_id = Uuid::random();
  FetchRequest anew;
  session.ask(wanted, 1, anew);
  CHECK(anew.session_id == 9);
  CHECK(anew.session_epoch == 0);
  CHECK(anew.topics.at(0).partitions.size() == 2);
  session.answered({});  // it has no room any more
  CHECK(!session.end());
}
