// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/client/client.h"
#include "lib/client/fetcher.h"
#include "lib/client/producer.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/client/model_broker.h"

using namespace eventd;
using namespace std::chrono_literals;

namespace {

// Wants any broker, and says what became of that.
struct Wanted {
  std::optional<Error> error;
  bool done = false;
};

Task<void> want(Client& client, Wanted& wanted) {
  Result<std::shared_ptr<ClientConnection>> connection = co_await client.any();
  if (!connection) wanted.error = connection.error();
  wanted.done = true;
}

ClientConfig patient(Address address) {
  ClientConfig config;
  config.brokers = {std::move(address)};
  config.connect_timeout = 1h;
  return config;
}

// A port at which connections wait to be accepted, for ever, once its queue is full.
class FullPort {
 public:
  FullPort() {
    descriptors_.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    REQUIRE(bind(descriptors_[0], generic, size) == 0);
    REQUIRE(listen(descriptors_[0], 0) == 0);
    REQUIRE(getsockname(descriptors_[0], generic, &size) == 0);
    port_ = ntohs(address.sin_port);
    for (int i = 0; i < 4; i++) {
      descriptors_.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      (void)connect(descriptors_.back(), generic, size);  // which is in progress
    }
  }
  ~FullPort() {
    for (int descriptor : descriptors_) close(descriptor);
  }
  Address address() const { return {"127.0.0.1", port_, false}; }

 private:
  std::vector<int> descriptors_;
  uint16_t port_ = 0;
};

}  // namespace

TEST_CASE("pauses double up to the longest, a fifth more or less") {
  Backoff backoff{50ms, 1000ms};
  for (auto [failures, pause] : std::vector<std::pair<size_t, int64_t>>{
           {1, 50}, {2, 100}, {3, 200}, {5, 800}, {6, 1000}, {SIZE_MAX, 1000}}) {
    CHECK(backoff.pause(failures, 0).count() == pause * 4 / 5);
    CHECK(backoff.pause(failures, static_cast<uint32_t>(2 * pause / 5)).count() == pause * 6 / 5);
    CHECK(backoff.pause(failures, UINT32_MAX).count() <= pause * 6 / 5);
  }
  CHECK(Backoff{5000ms, 1000ms}.pause(1, 200) == 1000ms);
  CHECK(Backoff{1ms, 1ms}.pause(9, 7) == 1ms);
}

TEST_CASE("who could not be reached is not called again before its time") {
  UvLoop loop;
  ScriptedBroker broker(loop, [](const RequestHeader&, Bytes) { return Buffer{}; });
  auto call = [](UvLoop& on, Address address, ScriptedBroker& called) -> Task<void> {
    ClientConfig config = patient(std::move(address));
    config.reconnect_backoff = {1h, 1h};
    Client later(on, config);
    Wanted first;
    co_await want(later, first);
    Wanted second;
    co_await want(later, second);
    CHECK(called.connections() == 1);
    REQUIRE((first.error && second.error));
    CHECK(second.error->code == Code::connection_failed);
    CHECK(second.error->message == first.error->message);

    config.reconnect_backoff = {1ms, 1ms};
    Client soon(on, config);
    while (called.connections() < 4) {
      Wanted again;
      co_await want(soon, again);
      CHECK(again.error);
      co_await next_turn(on);
    }
  };
  run_with(loop, broker, call(loop, broker.address(), broker));
}

TEST_CASE("who waits for a connection that somebody opens gets that one") {
  ModelBroker model(1);
  auto call = [](ModelBroker& on) -> Task<void> {
    Client client(on.loop, on.config());
    std::array<Wanted, 4> wanted;
    for (Wanted& one : wanted) spawn(want(client, one));
    for (Wanted& one : wanted) {
      while (!one.done) co_await next_turn(on.loop);
      CHECK(!one.error);
    }
    co_await next_turn(on.loop);
  };
  run_with(model.loop, model.broker, call(model));
  CHECK(model.broker.connections() == 1);
}

TEST_CASE("closing a client ends connections that are still being opened, for all who wait") {
  UvLoop loop;
  ScriptedBroker silent(loop, [](const RequestHeader&, Bytes) { return std::nullopt; });
  auto call = [](UvLoop& on, ScriptedBroker& called) -> Task<void> {
    Client client(on, patient(called.address()));
    Wanted first;
    Wanted second;
    spawn(want(client, first));
    spawn(want(client, second));
    while (called.connections() == 0) co_await next_turn(on);
    CHECK(!first.done);
    client.close();
    for (Wanted* wanted : {&first, &second}) {
      CHECK(wanted->done);
      REQUIRE(wanted->error);
      CHECK(wanted->error->code == Code::cancelled);
    }
    Wanted later;
    co_await want(client, later);
    CHECK(later.error);
    CHECK(called.connections() == 1);
  };
  run_with(loop, silent, call(loop, silent));
}

TEST_CASE("closing a client ends connections that nobody accepts") {
  UvLoop loop;
  FullPort full;
  auto call = [](UvLoop& on, Address address) -> Task<void> {
    Client client(on, patient(std::move(address)));
    Wanted wanted;
    spawn(want(client, wanted));
    co_await next_turn(on);
    CHECK(!wanted.done);
    client.close();
    CHECK(wanted.done);
    REQUIRE(wanted.error);
    CHECK(wanted.error->code == Code::cancelled);
    on.stop();
  };
  loop.post([&] { spawn(call(loop, full.address())); });
  loop.run();
}

TEST_CASE("a broker behind a unix socket is written to and read from, and reached again") {
  TemporaryDirectory directory;
  ModelBroker model(2, {directory.path() + "/broker", 0, true});
  model.faults[1] = {.hang_up = true, .append_first = true};
  auto use = [](ModelBroker& on) -> Task<void> {
    Client client(on.loop, on.config());
    size_t delivered = 0;
    Producer producer(client, {}, [&](const Delivery& delivery) {
      CHECK(!delivery.error);
      delivered += delivery.tokens.size();
    });
    Result<void> begun = co_await producer.begin();
    REQUIRE(begun.has_value());
    Producer::Topic& topic = producer.topic("t", 2, 1 << 20);
    for (int32_t partition : {0, 1, 0}) {
      CHECK(producer.append(topic, partition, 1, std::nullopt, bytes_of("v"), {}, 0).has_value());
      co_await producer.flush();
    }
    CHECK(delivered == 3);

    Fetcher::Callbacks callbacks;
    std::vector<int64_t> offsets;
    callbacks.on_record = [&](const FetchedRecord& record) {
      offsets.push_back(record.offset);
      return Fetcher::Next::record;
    };
    callbacks.on_drained = [] {};
    callbacks.on_position = [](const TopicPartition&, int64_t position) { return position < 2; };
    callbacks.on_trouble = [](const Error&) { return false; };
    Fetcher fetcher(client, {}, callbacks);
    fetcher.add({"t", 0}, 0);
    Result<void> read = co_await fetcher.run();
    CHECK(read.has_value());
    CHECK(offsets == std::vector<int64_t>{0, 1});
    co_await next_turn(on.loop);
  };
  run_with(model.loop, model.broker, use(model));
  CHECK(model.broker.connections() == 2);
}

TEST_CASE("a unix socket that is not there is named") {
  UvLoop loop;
  Wanted wanted;
  auto call = [](UvLoop& on, Wanted& result) -> Task<void> {
    Client client(on, patient({"/nonexistent/broker", 0, true}));
    co_await want(client, result);
    on.stop();
  };
  loop.post([&] { spawn(call(loop, wanted)); });
  loop.run();
  REQUIRE(wanted.error);
  CHECK(wanted.error->code == Code::connection_failed);
  CHECK(wanted.error->message.find("/nonexistent/broker") != std::string::npos);
}
