// SPDX-License-Identifier: Apache-2.0
// A connection's manners, on a loop whose time the tests move and a real broker behind it.
#include "lib/broker/connection.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "lib/base/big_endian.h"
#include "lib/broker/broker.h"
#include "lib/log/no_sync_disk.h"
#include "lib/record/builder.h"
#include "lib/wire/writer.h"
#include "tests/support/manual_loop.h"
#include "tests/support/temporary_directory.h"

using namespace eventd;
using std::chrono::seconds;

namespace {

constexpr int16_t kProduce = 0;
constexpr int16_t kFetch = 1;
constexpr int16_t kMetadata = 3;

// A disk whose syncs last as long as a test wants.
class GatedDisk : public NoSyncDisk {
 public:
  explicit GatedDisk(Disk& disk) : NoSyncDisk(disk) {}
  Result<std::unique_ptr<File>> open(const std::string& path, Open how) override {
    Result<std::unique_ptr<File>> file = NoSyncDisk::open(path, how);
    if (!file) return file;
    return std::make_unique<Gated>(*this, std::move(*file));
  }

  // While one of these lives, no sync ends. Not a mutex that is held: a test appends meanwhile.
  class Closed {
   public:
    explicit Closed(GatedDisk& disk) : disk_(disk) { disk_.closed_.store(true); }
    ~Closed() {
      disk_.closed_.store(false);
      disk_.closed_.notify_all();
    }

   private:
    GatedDisk& disk_;
  };

 private:
  class Gated : public NoSyncFile {
   public:
    Gated(GatedDisk& disk, std::unique_ptr<File> file)
        : NoSyncFile(std::move(file)), disk_(disk) {}
    Result<void> sync() override {
      disk_.closed_.wait(true);
      return {};
    }
    GatedDisk& disk_;
  };
  std::atomic<bool> closed_{false};
};

struct World {
  TemporaryDirectory folder;
  PosixDisk posix;
  GatedDisk disk{posix};
  std::unique_ptr<Broker> broker;
  std::thread runs;
  ManualLoop loop;
  ConnectionLimits limits;
  int open_connections = 0;

  World() {
    signal(SIGPIPE, SIG_IGN);  // as eventd does
    BrokerConfig config;
    config.data_dir = folder / "data";
    config.listeners.push_back({"PLAINTEXT", {"127.0.0.1", 0, false}});
    auto started = Broker::start(config, disk);
    REQUIRE(started.has_value());
    broker = std::move(*started);
    runs = std::thread([this] { broker->run(); });
    limits.idle_max = seconds(600);
  }
  ~World() {
    broker->stop();
    runs.join();
  }
  // The peer's end of a new connection. `ended` will be told its end.
  int connect(std::shared_ptr<bool> ended) {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    auto serve = [](World& world, int descriptor, std::shared_ptr<bool> over) -> Task<void> {
      auto stream = std::move(*Stream::adopt(world.loop, descriptor));
      Peer peer;
      Connection connection(*world.broker, world.loop, 0, std::move(stream), peer, world.limits);
      world.latest = &connection;
      world.open_connections++;
      co_await connection.run();
      world.open_connections--;
      *over = true;
    };
    spawn(serve(*this, ends[0], std::move(ended)));
    return ends[1];
  }
  bool all_ended() {
    return loop.run_until([this] { return open_connections == 0; });
  }
  Connection* latest = nullptr;
};

// The other side, which a test plays by hand.
class OtherSide {
 public:
  explicit OtherSide(World& world) : world_(world), descriptor_(world.connect(ended_)) {}
  ~OtherSide() {
    if (descriptor_ >= 0) close(descriptor_);
    CHECK(world_.loop.run_until([this] { return *ended_; }));
  }
  void leave() { close(std::exchange(descriptor_, -1)); }
  void end_sending() { ::shutdown(descriptor_, SHUT_WR); }
  // As much as is taken; the rest goes while answers are waited for.
  void send(Bytes bytes) {
    append(output_, bytes);
    while (pump() || world_.loop.turn(5)) {
    }
  }
  // The correlation id of the next answer; -1 if the connection ends first, -2 after ten seconds.
  int32_t answer() {
    while (true) {
      if (input_.size() >= 8) {
        auto size = static_cast<size_t>(load_big_endian<int32_t>(input_.data())) + 4;
        if (input_.size() >= size) {
          auto id = load_big_endian<int32_t>(input_.data() + 4);
          body.assign(input_.begin() + 8, input_.begin() + static_cast<ptrdiff_t>(size));
          input_.erase(input_.begin(), input_.begin() + static_cast<ptrdiff_t>(size));
          return id;
        }
      }
      ssize_t got = 0;
      uint8_t room[4096];
      bool some = world_.loop.run_until([&] {
        pump();
        got = recv(descriptor_, room, sizeof room, MSG_DONTWAIT);
        return got >= 0 || errno == ECONNRESET;
      });
      if (!some) return -2;
      if (got <= 0) return -1;
      append(input_, Bytes(room).first(static_cast<size_t>(got)));
    }
  }
  bool is_silent() {
    world_.loop.settle();
    uint8_t byte = 0;
    return input_.empty() && recv(descriptor_, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0;
  }
  bool is_closed() { return answer() == -1; }

  Buffer body;  // of the latest answer

 private:
  bool pump() {
    if (output_.empty()) return false;
    ssize_t sent =
        ::send(descriptor_, output_.data(), output_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent <= 0) return false;
    output_.erase(output_.begin(), output_.begin() + sent);
    return true;
  }

  World& world_;
  std::shared_ptr<bool> ended_ = std::make_shared<bool>(false);  // shared with the connection
  int descriptor_;
  Buffer input_;
  Buffer output_;
};

Buffer frame(int16_t key, int16_t version, int32_t correlation, Bytes body) {
  Buffer out(14);
  store_big_endian(out.data(), static_cast<int32_t>(body.size() + 10));
  store_big_endian(out.data() + 4, key);
  store_big_endian(out.data() + 6, version);
  store_big_endian(out.data() + 8, correlation);
  store_big_endian(out.data() + 12, int16_t{-1});
  append(out, body);
  return out;
}

template <class... Numbers>
Buffer numbers(Numbers... each) {
  Buffer out;
  Writer write(out);
  (write.number(each), ...);
  return out;
}

void add_text(Buffer& out, std::string_view text) {
  append(out, numbers(static_cast<int16_t>(text.size())));
  append(out, bytes_of(text));
}

Buffer metadata(int32_t correlation, std::string_view topic = "t") {
  Buffer body = numbers(int32_t{1});
  add_text(body, topic);
  return frame(kMetadata, 1, correlation, body);
}

// One record of so many bytes.
Buffer batch_of(size_t size) {
  BatchBuilder builder;
  Buffer value(size, uint8_t{'v'});
  builder.append(wall_now().ms, std::nullopt, Bytes(value));
  return std::move(*builder.finish({}));
}

Buffer produce(int32_t correlation, int16_t acks, size_t size = 10, int32_t timeout_ms = 30000) {
  Buffer body = numbers(int16_t{-1}, acks, timeout_ms, int32_t{1});
  add_text(body, "t");
  Buffer records = batch_of(size);
  append(body, numbers(int32_t{1}, int32_t{0}, static_cast<int32_t>(records.size())));
  append(body, records);
  return frame(kProduce, 7, correlation, body);
}

Buffer fetch(int32_t correlation, int64_t offset, int32_t wait_ms, int32_t bytes_max = 1 << 20) {
  Buffer body = numbers(int32_t{-1}, wait_ms, int32_t{1}, bytes_max, int8_t{0}, int32_t{1});
  add_text(body, "t");
  append(body, numbers(int32_t{1}, int32_t{0}, offset, bytes_max));
  return frame(kFetch, 4, correlation, body);
}

// A world in which the topic "t" is there, and `records` records of `size` bytes in it.
void fill(World& world, int records = 0, size_t size = 10) {
  OtherSide peer(world);
  peer.send(metadata(1));
  REQUIRE(peer.answer() == 1);
  for (int32_t i = 0; i < records; i++) {
    peer.send(produce(2, -1, size));
    REQUIRE(peer.answer() == 2);
    // One topic, its name, one partition, its number, and no error.
    REQUIRE(load_big_endian<int16_t>(peer.body.data() + 15) == 0);
  }
  peer.leave();
}

}  // namespace

TEST_CASE("requests in a row are answered in their order, also after the peer ended its side") {
  World world;
  fill(world);
  OtherSide peer(world);
  {
    GatedDisk::Closed slow(world.disk);
    Buffer all;
    for (int32_t id : {1, 2, 3}) append(all, produce(id, -1));
    append(all, metadata(4));
    append(all, fetch(5, 3, 50000));  // nothing is there to be waited for any more
    peer.send(all);
    peer.end_sending();
    CHECK(peer.is_silent());
  }
  for (int32_t id : {1, 2, 3, 4, 5}) CHECK(peer.answer() == id);
  CHECK(peer.is_closed());
}

TEST_CASE("what comes before a bad frame is answered") {
  for (Buffer bad : {numbers(int32_t{-5}), frame(99, 0, 2, {}), frame(kMetadata, 1, 2, {})}) {
    World world;
    fill(world);
    OtherSide peer(world);
    {
      GatedDisk::Closed slow(world.disk);
      Buffer both = produce(1, -1);
      append(both, bad);
      peer.send(both);
    }
    CHECK(peer.answer() == 1);
    CHECK(peer.is_closed());
  }
}

TEST_CASE("a silent peer is closed after connections.max.idle.ms, one that waits is not") {
  World world;
  fill(world);
  world.limits.idle_max = seconds(10);
  OtherSide silent(world);
  OtherSide waits(world);
  waits.send(fetch(1, 0, 50000));
  world.loop.advance(seconds(9));
  CHECK(silent.is_silent());
  world.loop.advance(seconds(2));
  CHECK(silent.is_closed());
  CHECK(waits.is_silent());
  world.loop.advance(seconds(40));
  CHECK(waits.answer() == 1);
}

TEST_CASE("a frame must be whole in a minute, or keep coming fast enough") {
  World world;
  OtherSide length(world);
  length.send(Bytes(numbers(int32_t{100})).first(2));
  OtherSide part(world);
  part.send(numbers(int32_t{1000}, int32_t{0}));
  OtherSide steady(world);
  steady.send(numbers(int32_t{50 << 20}));
  Buffer some(400 << 10);
  for (int i = 0; i < 59; i++) {
    world.loop.advance(seconds(1));
    steady.send(some);
  }
  CHECK(length.is_silent());
  CHECK(part.is_silent());
  world.loop.advance(seconds(2));
  CHECK(length.is_closed());
  CHECK(part.is_closed());
  for (int i = 0; i < 10; i++) {
    steady.send(some);
    world.loop.advance(seconds(1));
  }
  CHECK(steady.is_silent());
  world.loop.advance(seconds(100));
  CHECK(steady.is_closed());
}

TEST_CASE("a fetch is waited for as long as it asks, at most a minute") {
  World world;
  fill(world);
  OtherSide peer(world);
  peer.send(fetch(1, 0, 10000));
  world.loop.advance(seconds(9));
  CHECK(peer.is_silent());
  world.loop.advance(seconds(2));
  CHECK(peer.answer() == 1);
  peer.send(fetch(2, 0, INT32_MAX));
  world.loop.advance(seconds(59));
  CHECK(peer.is_silent());
  world.loop.advance(seconds(2));
  CHECK(peer.answer() == 2);
}

TEST_CASE("a record wakes a fetch, and five appends share the wait for one sync") {
  World world;
  fill(world);
  OtherSide reader(world);
  reader.send(fetch(1, 0, 50000));
  OtherSide writer(world);
  {
    GatedDisk::Closed slow(world.disk);
    for (int32_t id : {1, 2, 3, 4, 5, 6}) writer.send(produce(id, -1));
    CHECK(writer.is_silent());
    CHECK(reader.is_silent());
    CHECK(world.broker->counters(0).requests[kProduce].value() == 5);  // the sixth waits its turn
  }
  for (int32_t id : {1, 2, 3, 4, 5, 6}) CHECK(writer.answer() == id);
  CHECK(reader.answer() == 1);
}

TEST_CASE("stop answers what waits, and does not wait for halves of frames") {
  World world;
  fill(world);
  OtherSide fetches(world);
  fetches.send(fetch(1, 0, 50000));
  world.latest->stop();
  CHECK(fetches.answer() == 1);
  CHECK(fetches.is_closed());

  OtherSide half(world);
  half.send(numbers(int32_t{1000}, int32_t{0}));
  world.latest->stop();
  CHECK(half.is_closed());

  OtherSide silent(world);
  world.loop.settle();
  world.latest->stop();
  CHECK(silent.is_closed());

  OtherSide writes(world);
  {
    GatedDisk::Closed slow(world.disk);
    writes.send(produce(1, -1));
    world.latest->stop();
    CHECK(writes.is_silent());
  }
  CHECK(writes.answer() == 1);
  CHECK(writes.is_closed());
}

TEST_CASE("abort ends a connection in every state") {
  World world;
  fill(world, 12, 1'000'000);
  auto abort_after = [&](Bytes sent) {
    OtherSide peer(world);
    peer.send(sent);
    world.latest->abort();
    CHECK(world.all_ended());
  };
  abort_after({});
  abort_after(numbers(int16_t{0}));
  abort_after(numbers(int32_t{1000}, int32_t{0}));
  abort_after(fetch(1, 12, 50000));
  abort_after(fetch(1, 0, 0, 50 << 20));  // half of an answer is out
  Buffer two = fetch(1, 12, 50000);
  append(two, metadata(2));
  append(two, metadata(3));
  abort_after(two);
  GatedDisk::Closed slow(world.disk);
  abort_after(produce(1, -1));
}

TEST_CASE("a peer that leaves while it is waited for ends its connection at once") {
  World world;
  fill(world, 12, 1'000'000);
  Buffer three = fetch(1, 12, 50000);
  append(three, metadata(2));
  append(three, metadata(3));
  for (const Buffer& sent : {fetch(1, 12, 50000), three, fetch(1, 0, 0, 50 << 20),
                             Buffer(numbers(int32_t{1000}, int32_t{0}))}) {
    OtherSide peer(world);
    peer.send(sent);
    CHECK(world.open_connections == 1);
    peer.leave();
    CHECK(world.all_ended());
  }
}

TEST_CASE("appends beyond 16 MiB wait for a sync, and end with their peer") {
  World world;
  fill(world);
  OtherSide peer(world);
  auto gate = std::make_unique<GatedDisk::Closed>(world.disk);
  for (int32_t id = 1; id <= 17; id++) {
    peer.send(produce(id, 1, 1'000'000));
    CHECK(peer.answer() == id);
  }
  peer.send(produce(18, 1));
  CHECK(peer.is_silent());
  OtherSide leaves(world);
  leaves.send(produce(1, 1));
  leaves.leave();
  CHECK(world.loop.run_until([&] { return world.open_connections == 1; }));
  gate.reset();
  CHECK(peer.answer() == 18);
}

TEST_CASE("large frames wait while others hold the memory for them, small ones do not") {
  World world;
  fill(world);
  MemoryCharge others(world.broker->frame_memory());
  REQUIRE(others.grow_to(512 << 20, true));
  OtherSide small(world);
  small.send(produce(1, 1));
  CHECK(small.answer() == 1);
  OtherSide large(world);
  large.send(produce(1, 1, 200 << 10));
  CHECK(large.is_silent());
  others = {};
  world.loop.advance(seconds(1));
  CHECK(large.answer() == 1);
}

TEST_CASE("acks=0 is not answered, and an error ends the connection") {
  World world;
  fill(world);
  OtherSide peer(world);
  Buffer both = produce(1, 0);
  append(both, metadata(2));
  peer.send(both);
  CHECK(peer.answer() == 2);
  Buffer broken = produce(3, 0);
  broken.back() ^= 1;
  peer.send(broken);
  CHECK(peer.is_closed());
}

TEST_CASE("a limit of partitions that is no number of partitions counts as one") {
  World world;
  fill(world);
  for (int32_t limit : {INT32_MIN, -1, 0}) {
    OtherSide peer(world);
    // The topic "t" in a compact list, the limit, no cursor, no tags.
    Buffer body = numbers(uint8_t{0}, uint8_t{2}, uint8_t{2}, uint8_t{'t'}, uint8_t{0}, limit,
                          int8_t{-1}, uint8_t{0});
    peer.send(frame(75, 0, 1, body));
    CHECK(peer.answer() == 1);
  }
}

TEST_CASE("a client beyond its quota is told so, and not served before its time is over") {
  class TwoSeconds : public Throttle {
    std::chrono::milliseconds delay_after(const Request& request) override {
      return std::chrono::milliseconds(request.api == ApiKey::fetch ? 2000 : 0);
    }
  };
  World world;
  fill(world);
  world.broker->set_throttle(std::make_unique<TwoSeconds>());
  {
    OtherSide peer(world);
    peer.send(fetch(1, 0, 0));
    CHECK(peer.answer() == 1);
    CHECK(load_big_endian<int32_t>(peer.body.data()) == 2000);  // its throttle time
    peer.send(metadata(2));
    world.loop.advance(std::chrono::milliseconds(1900));
    CHECK(peer.is_silent());
    world.loop.advance(std::chrono::milliseconds(200));
    CHECK(peer.answer() == 2);
    peer.send(fetch(3, 0, 0));
    CHECK(peer.answer() == 3);
    peer.send(metadata(4));
  }  // leaving ends the wait
}
