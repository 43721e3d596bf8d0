// SPDX-License-Identifier: Apache-2.0
#include "lib/client/fetcher.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "lib/base/text.h"
#include "lib/record/control.h"
#include "tests/unit/client/model_broker.h"

using namespace eventd;

namespace {

struct Collector {
  std::vector<std::string> values;
  std::vector<std::string> troubles;
  std::vector<std::pair<int64_t, int64_t>> gaps;
  std::map<int32_t, int64_t> until;  // where each partition ends
  size_t troubles_max = 100;
  size_t answers = 0;  // rounds in which nothing failed
  Result<void> result;

  Fetcher::Callbacks callbacks() {
    Fetcher::Callbacks callbacks;
    callbacks.on_record = [this](const FetchedRecord& record) {
      if (record.offset >= until[record.partition->partition]) return Fetcher::Next::partition;
      values.push_back(text(record.partition->partition, ":", text_of(*record.value)));
      return Fetcher::Next::record;
    };
    callbacks.on_drained = [] {};
    callbacks.on_position = [this](const TopicPartition& name, int64_t position) {
      return position < until[name.partition];
    };
    callbacks.on_gap = [this](const TopicPartition&, int64_t from, int64_t start) {
      gaps.emplace_back(from, start);
    };
    callbacks.on_answer = [this] { answers++; };
    callbacks.on_trouble = [this](const Error& error) {
      troubles.push_back(error.message);
      return troubles.size() < troubles_max;
    };
    return callbacks;
  }
};

Task<void> read(ModelBroker& model, Collector& reader, std::map<int32_t, int64_t> from,
                std::function<void()> meanwhile, bool ahead = false) {
  Client client(model.loop, model.config());
  Fetcher fetcher(client, {.ahead = ahead}, reader.callbacks());
  for (auto [partition, offset] : from) fetcher.add({"t", partition}, offset);
  if (meanwhile) meanwhile();
  reader.result = co_await fetcher.run();
  co_await next_turn(model.loop);
}

void run(ModelBroker& model, Collector& reader, const std::map<int32_t, int64_t>& from) {
  run_with(model.loop, model.broker, read(model, reader, from, nullptr));
}

}  // namespace

TEST_CASE("partitions are read from their offsets to their ends") {
  ModelBroker model(2);
  model.partitions[0].values = {"a", "b", "c"};
  model.partitions[1].values = {"x", "y"};
  Collector reader;
  reader.until = {{0, 2}, {1, 2}};
  run(model, reader, {{0, 1}, {1, 0}});
  CHECK(reader.result.has_value());
  CHECK(std::multiset<std::string>(reader.values.begin(), reader.values.end()) ==
        std::multiset<std::string>{"0:b", "1:x", "1:y"});
}

TEST_CASE("a partition without a leader does not keep another of its topic from being read") {
  ModelBroker model(2);
  model.partitions[0].values = {"a"};
  model.partitions[1].values = {"x"};
  model.partitions[1].has_leader = false;
  Collector reader;
  reader.until = {{0, 1}, {1, 1}};
  reader.troubles_max = 4;
  run(model, reader, {{0, 0}, {1, 0}});
  CHECK(reader.values == std::vector<std::string>{"0:a"});
  REQUIRE(!reader.result.has_value());
  CHECK(reader.result.error().code == Code::leader_not_available);
  CHECK(reader.answers == 0);  // that another leader answered does not make it well
}

TEST_CASE("a partition that was left goes on where it was left, in another run") {
  ModelBroker model(2);
  model.partitions[0].values = {"a", "b", "c"};
  model.partitions[1].values = {"x"};
  Collector reader;
  reader.until = {{0, 2}, {1, 1}};
  auto twice = [](ModelBroker& broker, Collector& collector) -> Task<void> {
    Client client(broker.loop, broker.config());
    Fetcher fetcher(client, {}, collector.callbacks());
    fetcher.add({"t", 0}, 1);
    fetcher.add({"t", 1}, 0);
    collector.result = co_await fetcher.run();
    collector.until[0] = 3;
    fetcher.add({"t", 0}, 2);
    if (collector.result) collector.result = co_await fetcher.run();
    co_await next_turn(broker.loop);
  };
  run_with(model.loop, model.broker, twice(model, reader));
  CHECK(reader.result.has_value());
  REQUIRE(reader.values.size() == 3);
  CHECK(reader.values.back() == "0:c");
}

TEST_CASE("records that were deleted before they were read are told, and reading goes on") {
  ModelBroker model(1);
  model.partitions[0].values = {"a", "b", "c", "d"};
  model.partitions[0].start = 2;
  Collector reader;
  reader.until = {{0, 4}};
  run(model, reader, {{0, 0}});
  CHECK(reader.gaps == std::vector<std::pair<int64_t, int64_t>>{{0, 2}});
  CHECK(reader.values == std::vector<std::string>{"0:c", "0:d"});
}

TEST_CASE("a position beyond the end of the log is trouble that the caller may end") {
  ModelBroker model(1);
  Collector reader;
  reader.until = {{0, 10}};
  reader.troubles_max = 3;
  run(model, reader, {{0, 7}});
  REQUIRE(!reader.result.has_value());
  CHECK(reader.result.error().message.find("ends before offset 7") != std::string::npos);
}

TEST_CASE("records of aborted transactions and markers are left out, positions pass them") {
  ModelBroker model(1);
  auto part = [](std::string value, int64_t offset, int64_t producer) {
    BatchOptions options;
    options.producer_id = ProducerId{producer};
    options.producer_epoch = ProducerEpoch{0};
    options.base_sequence = 0;
    options.transactional = true;
    return ModelBroker::batch_of({std::move(value)}, offset, options);
  };
  Buffer log = part("aborted", 0, 7);
  append(log, part("kept", 1, 8));
  BatchOptions marker;
  marker.producer_id = ProducerId{7};
  marker.producer_epoch = ProducerEpoch{0};
  marker.transactional = true;
  marker.control = true;
  append(log, ModelBroker::batch_of({"marker"}, 2, marker));
  append(log, part("later", 3, 7));
  model.fetched[0] = {log, {{7, 0}}, Code::none};
  Collector reader;
  reader.until = {{0, 4}};
  run(model, reader, {{0, 0}});
  CHECK(reader.values == std::vector<std::string>{"0:kept", "0:later"});
}

TEST_CASE("a batch that is cut short by the answer comes whole the next time") {
  ModelBroker model(1);
  model.partitions[0].values = {"a", "b"};
  Buffer cut = ModelBroker::batch_of({"a", "b"}, 0);
  cut.resize(cut.size() - 1);
  model.fetched[0] = {cut, {}, Code::none};
  Collector reader;
  reader.until = {{0, 2}};
  run(model, reader, {{0, 0}});
  CHECK(reader.values == std::vector<std::string>{"0:a", "0:b"});
  CHECK(model.fetches == 2);
}

TEST_CASE("damage ends the run with the place, and nothing of it is handed out") {
  Buffer bad_checksum = ModelBroker::batch_of({"a"}, 5);
  bad_checksum.back() ^= 1;
  Buffer old_format = ModelBroker::batch_of({"a"}, 5);
  old_format[16] = 1;
  Buffer bad_codec = ModelBroker::batch_of({"a"}, 5);
  bad_codec[22] = 7;
  refresh_crc(bad_codec);
  for (const Buffer& records : {bad_checksum, old_format, bad_codec}) {
    ModelBroker model(1);
    model.partitions[0].values.resize(6);
    model.fetched[0] = {records, {}, Code::none};
    Collector reader;
    reader.until = {{0, 6}};
    run(model, reader, {{0, 5}});
    REQUIRE(!reader.result.has_value());
    CHECK(reader.result.error().message.find("t-0 at offset 5") != std::string::npos);
    CHECK(reader.values.empty());
  }
}

TEST_CASE("each round begins with another partition, so that none is always served last") {
  ModelBroker model(3);
  Collector reader;
  for (int32_t p = 0; p < 3; p++) {
    model.partitions[static_cast<size_t>(p)].values = {"a"};
    model.fetched[p] = {Buffer{}, {}, Code::none};  // the first round brings nothing
    reader.until[p] = 1;
  }
  run(model, reader, {{0, 0}, {1, 0}, {2, 0}});
  REQUIRE(model.first_asked.size() == 2);
  CHECK(model.first_asked[0] != model.first_asked[1]);
}

TEST_CASE("what follows is asked for ahead, but nothing behind the end of the log") {
  ModelBroker model(1);
  model.partitions[0].values = {"a", "b", "c", "d"};
  model.fetched_max = 1;
  for (auto [until, fetches] : {std::pair{2, 3}, {4, 4}}) {
    Collector reader;
    reader.until = {{0, until}};
    model.fetches = 0;
    run_with(model.loop, model.broker, read(model, reader, {{0, 0}}, nullptr, true));
    CHECK(reader.result.has_value());
    CHECK(reader.values.size() == static_cast<size_t>(until));
    CHECK(std::ranges::is_sorted(reader.values));
    CHECK(model.fetches == fetches);
  }
}

TEST_CASE("an answer asked for ahead that is lost or an error is asked for again") {
  ModelBroker model(1);
  model.partitions[0].values = {"a", "b", "c"};
  model.fetched_max = 1;
  Collector reader;
  reader.until = {{0, 3}};
  model.hang_up_on = {1};
  model.on_fetch = [](int number) {
    return number == 3 ? Code::not_leader_or_follower : Code::none;
  };
  run_with(model.loop, model.broker, read(model, reader, {{0, 0}}, nullptr, true));
  CHECK(reader.result.has_value());
  CHECK(reader.values == std::vector<std::string>{"0:a", "0:b", "0:c"});
  CHECK(reader.troubles.size() == 2);
}

TEST_CASE("an answer asked for ahead that is no longer wanted is thrown away") {
  auto twice = [](ModelBroker& broker, Collector& collector, bool with_another) -> Task<void> {
    Client client(broker.loop, broker.config());
    Fetcher fetcher(client, {.ahead = true}, collector.callbacks());
    fetcher.add({"t", 0}, 0);
    collector.result = co_await fetcher.run();
    collector.until = {{0, 3}, {1, 1}};
    fetcher.add({"t", 0}, 1);
    if (with_another) fetcher.add({"t", 1}, 0);
    if (collector.result) collector.result = co_await fetcher.run();
    co_await next_turn(broker.loop);
  };
  for (bool with_another : {false, true}) {
    ModelBroker model(2);
    model.partitions[0].values = {"a", "b", "c"};
    model.partitions[1].values = {"x"};
    model.fetched_max = 1;
    model.grants_sessions = true;
    Collector reader;
    reader.until = {{0, 2}};
    run_with(model.loop, model.broker, twice(model, reader, with_another));
    CHECK(reader.result.has_value());
    CHECK(reader.troubles.empty());
    std::vector<std::string> wanted{"0:a", "0:b", "0:b", "0:c"};
    if (with_another) wanted.emplace_back("1:x");
    std::ranges::sort(reader.values);
    CHECK(reader.values == wanted);
  }
}
