// SPDX-License-Identifier: Apache-2.0
#include "lib/client/producer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "lib/base/text.h"
#include "tests/unit/client/model_broker.h"

using namespace eventd;

namespace {

struct Outcome {
  std::vector<uint64_t> acknowledged;
  std::map<uint64_t, Code> refused;  // by token
};

struct Input {
  std::string value;
  int32_t partition = 0;
};

Task<void> produce(ModelBroker& model, std::vector<Input> inputs, ProducerConfig config,
                   Outcome& outcome) {
  Client client(model.loop, model.config());
  Producer producer(client, config, [&](const Delivery& delivery) {
    for (uint64_t token : delivery.tokens) {
      if (!delivery.error) outcome.acknowledged.push_back(token);
      if (delivery.error) outcome.refused[token] = delivery.error->code;
    }
  });
  Result<void> begun = co_await producer.begin();
  REQUIRE(begun.has_value());
  Producer::Topic& topic =
      producer.topic("t", static_cast<int32_t>(model.partitions.size()), size_t{1} << 20);
  for (size_t i = 0; i < inputs.size(); i++) {
    Result<void> sent = producer.append(topic, inputs[i].partition, 1, std::nullopt,
                                        bytes_of(inputs[i].value), {}, i);
    REQUIRE(sent.has_value());
  }
  co_await producer.flush();
  co_await next_turn(model.loop);
}

Outcome run(ModelBroker& model, const std::vector<Input>& inputs, ProducerConfig config) {
  Outcome outcome;
  run_with(model.loop, model.broker, produce(model, inputs, config, outcome));
  return outcome;
}

std::vector<Input> numbers(int count, int partitions = 1) {
  std::vector<Input> inputs;
  for (int i = 0; i < count; i++) inputs.push_back({text("v", i), i % partitions});
  return inputs;
}

std::vector<std::string> values_of(const std::vector<Input>& inputs, int32_t partition = 0) {
  std::vector<std::string> values;
  for (const Input& input : inputs) {
    if (input.partition == partition) values.push_back(input.value);
  }
  return values;
}

// Batches of a single record: many requests, five under way.
ProducerConfig single() {
  ProducerConfig config;
  config.batch_bytes = 1;
  return config;
}

}  // namespace

TEST_CASE("records are acknowledged once each and stand in their order") {
  ModelBroker model(1);
  std::vector<Input> inputs = numbers(100);
  Outcome outcome = run(model, inputs, single());
  CHECK(model.partitions[0].values == values_of(inputs));
  CHECK(outcome.acknowledged.size() == 100);
  CHECK(model.produced == 100);
}

TEST_CASE("what a lost connection leaves in doubt is sent again and counted once") {
  for (bool append_first : {false, true}) {
    ModelBroker model(1);
    model.faults[3] = {Code::none, true, append_first};
    model.faults[9] = {Code::none, true, append_first};
    std::vector<Input> inputs = numbers(30);
    Outcome outcome = run(model, inputs, single());
    CHECK(model.partitions[0].values == values_of(inputs));
    CHECK(outcome.acknowledged.size() == 30);
    CHECK(outcome.refused.empty());
    CHECK(model.broker.connections() == 3);
  }
}

TEST_CASE("an error that passes is tried again, also where the batch is there already") {
  ModelBroker model(1);
  model.faults[0] = {Code::not_leader_or_follower, false, false};
  model.faults[1] = {Code::not_enough_replicas_after_append, false, true};
  model.faults[7] = {Code::request_timed_out, false, true};
  std::vector<Input> inputs = numbers(20);
  Outcome outcome = run(model, inputs, single());
  CHECK(model.partitions[0].values == values_of(inputs));
  CHECK(outcome.acknowledged.size() == 20);
}

TEST_CASE("faults of every kind at random leave every record there once, in its order") {
  std::mt19937 random(17);
  for (int round = 0; round < 20; round++) {
    ModelBroker model(3);
    for (int i = 0; i < 12; i++) {
      ModelBroker::Fault fault;
      fault.hang_up = random() % 2 == 0;
      fault.append_first = random() % 2 == 0;
      if (!fault.hang_up) {
        fault.code = random() % 2 == 0 ? Code::request_timed_out : Code::not_leader_or_follower;
      }
      model.faults[static_cast<int>(random() % 90)] = fault;
    }
    std::vector<Input> inputs = numbers(90, 3);
    Outcome outcome = run(model, inputs, single());
    CHECK(outcome.acknowledged.size() == 90);
    for (int32_t p = 0; p < 3; p++) {
      CHECK(model.partitions[static_cast<size_t>(p)].values == values_of(inputs, p));
    }
  }
}

TEST_CASE("of a batch that is too large only the record that is by itself too large is refused") {
  for (Codec codec : {Codec::none, Codec::zstd}) {
    ModelBroker model(1);
    model.batch_max = 500;
    std::vector<Input> inputs = numbers(50);
    std::mt19937 random(1);
    std::string large(1000, ' ');  // that no codec makes small
    for (char& c : large) c = static_cast<char>(random());
    inputs[20].value = large;
    ProducerConfig config;
    config.codec = codec;
    Outcome outcome = run(model, inputs, config);
    std::vector<std::string> expected = values_of(inputs);
    expected.erase(expected.begin() + 20);
    CHECK(model.partitions[0].values == expected);
    CHECK(outcome.refused == std::map<uint64_t, Code>{{20, Code::message_too_large}});
    CHECK(outcome.acknowledged.size() == 49);
  }
}

TEST_CASE("of a batch with a bad record only that record is refused") {
  ModelBroker model(1);
  model.poison = "v33";
  std::vector<Input> inputs = numbers(100);
  Outcome outcome = run(model, inputs, {});
  CHECK(outcome.refused == std::map<uint64_t, Code>{{33, Code::invalid_record}});
  CHECK(model.partitions[0].values.size() == 99);
  CHECK(std::ranges::is_sorted(outcome.acknowledged));
}

TEST_CASE("a refused record of one partition does not disturb the sequence of another") {
  ModelBroker model(2);
  model.poison = "v10";  // in partition 0
  std::vector<Input> inputs = numbers(60, 2);
  Outcome outcome = run(model, inputs, single());
  CHECK(outcome.refused == std::map<uint64_t, Code>{{10, Code::invalid_record}});
  CHECK(model.partitions[1].values == values_of(inputs, 1));
  CHECK(model.partitions[0].values.size() == 29);
}

TEST_CASE("where the broker has forgotten the producer a new epoch begins, and nothing is lost") {
  for (Code code : {Code::out_of_order_sequence_number, Code::unknown_producer_id,
                    Code::invalid_producer_epoch}) {
    ModelBroker model(1);
    model.faults[5] = {code, false, false};
    std::vector<Input> inputs = numbers(20);
    Outcome outcome = run(model, inputs, single());
    CHECK(model.partitions[0].values == values_of(inputs));
    CHECK(outcome.acknowledged.size() == 20);
  }
}

TEST_CASE("what is not delivered in time is given up, all of it") {
  ModelBroker model(1);
  model.partitions[0].has_leader = false;
  ProducerConfig config = single();
  config.delivery_timeout = std::chrono::milliseconds(30);
  Outcome outcome = run(model, numbers(10), config);
  CHECK(outcome.acknowledged.empty());
  CHECK(outcome.refused.size() == 10);
  CHECK(outcome.refused[0] == Code::leader_not_available);
}

TEST_CASE("a batch that is closed because others were given up is told of, too") {
  ModelBroker model(1);
  model.partitions[0].has_leader = false;
  Outcome outcome;
  auto attempt = [](ModelBroker& on, Outcome& into) -> Task<void> {
    Client client(on.loop, on.config());
    ProducerConfig config;
    config.linger = std::chrono::hours(1);
    config.delivery_timeout = std::chrono::milliseconds(30);
    Producer* hurried = nullptr;
    Producer producer(client, config, [&](const Delivery& delivery) {
      hurried->hurry();
      for (uint64_t token : delivery.tokens) into.refused[token] = delivery.error->code;
    });
    hurried = &producer;
    Result<void> begun = co_await producer.begin();
    REQUIRE(begun.has_value());
    Producer::Topic& topic = producer.topic("t", 1, size_t{1} << 20);
    for (uint64_t token : {0, 1}) {
      Result<void> sent = producer.append(topic, 0, 1, std::nullopt, bytes_of("v"), {}, token);
      REQUIRE(sent.has_value());
      if (token == 0) producer.hurry();
    }
    while (into.refused.empty()) co_await next_turn(on.loop);
    co_await producer.flush();
    co_await next_turn(on.loop);
  };
  run_with(model.loop, model.broker, attempt(model, outcome));
  CHECK(outcome.refused.size() == 2);
}

TEST_CASE("an error that does not pass is told at once") {
  ModelBroker model(1);
  model.faults[0] = {Code::topic_authorization_failed, false, false};
  Outcome outcome = run(model, numbers(1), {});
  CHECK(outcome.refused == std::map<uint64_t, Code>{{0, Code::topic_authorization_failed}});
}

TEST_CASE("a record that no batch of the topic could hold is refused before it is sent") {
  ModelBroker model(1);
  auto attempt = [](ModelBroker& on) -> Task<void> {
    Client client(on.loop, on.config());
    Producer producer(client, {}, [](const Delivery&) {});
    std::string value(1001, 'x');
    Producer::Topic& topic = producer.topic("t", 1, 1000);
    Result<void> sent = producer.append(topic, 0, 1, std::nullopt, bytes_of(value), {}, 0);
    REQUIRE(!sent.has_value());
    CHECK(sent.error().code == Code::too_large);
    CHECK(sent.error().message.find("1000") != std::string::npos);
    co_await next_turn(on.loop);
  };
  run_with(model.loop, model.broker, attempt(model));
  CHECK(model.produced == 0);
}

TEST_CASE("a broker is asked only in versions that it serves, from Kafka 2.1 to 4.4") {
  const std::map<ApiKey, VersionRange> kafka_2_1{
      {ApiKey::produce, {0, 7}},      {ApiKey::fetch, {0, 10}},
      {ApiKey::list_offsets, {0, 4}}, {ApiKey::metadata, {0, 7}},
      {ApiKey::api_versions, {0, 2}}, {ApiKey::init_producer_id, {0, 1}},
  };
  const std::map<ApiKey, VersionRange> kafka_4_4{
      {ApiKey::produce, {3, 13}},      {ApiKey::fetch, {4, 18}},
      {ApiKey::list_offsets, {1, 11}}, {ApiKey::metadata, {0, 13}},
      {ApiKey::api_versions, {0, 5}},  {ApiKey::init_producer_id, {0, 6}},
  };
  for (const auto& versions : {kafka_2_1, kafka_4_4}) {
    ModelBroker model(1);
    model.versions = versions;
    Outcome outcome = run(model, numbers(3), single());
    CHECK(outcome.acknowledged.size() == 3);
    // The question for versions itself is the only one that may be too new.
    CHECK(model.unserved <= (versions.at(ApiKey::api_versions).max < 3 ? 1 : 0));
  }
}
