// SPDX-License-Identifier: Apache-2.0
#include "lib/net/stream.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <numeric>
#include <thread>

#include "lib/net/disk_pool.h"
#include "lib/net/listener.h"
#include "lib/net/uv_loop.h"

using namespace eventd;

namespace {

// Two streams that are each other's peer.
struct Pair {
  UvLoop loop;
  std::unique_ptr<Stream> left;
  std::unique_ptr<Stream> right;

  Pair() {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    left = std::move(*Stream::adopt(loop, ends[0]));
    right = std::move(*Stream::adopt(loop, ends[1]));
  }
  void run(Task<void> task) {
    auto then_stop = [](UvLoop& on, Task<void> work) -> Task<void> {
      co_await work;
      on.stop();
    };
    loop.post([&] { spawn(then_stop(loop, std::move(task))); });
    loop.run();
  }
};

Buffer numbers(size_t size) {
  Buffer bytes(size);
  std::iota(bytes.begin(), bytes.end(), uint8_t{0});
  return bytes;
}

// A file of `size` bytes that is gone when its descriptor is.
std::shared_ptr<int> file_of(size_t size) {
  int descriptor = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  REQUIRE(descriptor >= 0);
  Buffer bytes = numbers(size);
  REQUIRE(pwrite(descriptor, bytes.data(), size, 0) == static_cast<ssize_t>(size));
  return {new int(descriptor), [](int* owned) {
            close(*owned);
            delete owned;
          }};
}

Task<void> read_all(Stream& stream, Buffer& into) {
  while (true) {
    uint8_t chunk[5000];
    MutableBytes room(chunk);
    Result<size_t> got = co_await stream.read_some(room);
    if (!got || *got == 0) co_return;
    append(into, room.first(*got));
  }
}

Task<void> write_and_end(Stream& stream, std::vector<Piece> pieces, Result<void>& sent) {
  sent = co_await stream.write(std::move(pieces));
  stream.shutdown();
}

}  // namespace

TEST_CASE("bytes and slices of files arrive in their order, small and large") {
  Pair pair;
  auto file = file_of(3 << 20);
  std::vector<Piece> pieces;
  pieces.emplace_back(Buffer{1, 2, 3});
  pieces.emplace_back(FilePiece{file, *file, 10, 100});
  pieces.emplace_back(Buffer{4});
  pieces.emplace_back(FilePiece{file, *file, 256, 2 << 20});
  pieces.emplace_back(Buffer{5, 6});
  Buffer expected{1, 2, 3};
  Buffer all = numbers(3 << 20);
  append(expected, Bytes(all).subspan(10, 100));
  expected.push_back(4);
  append(expected, Bytes(all).subspan(256, 2 << 20));
  append(expected, Buffer{5, 6});

  Result<void> sent;
  Buffer got;
  spawn(write_and_end(*pair.left, std::move(pieces), sent));
  pair.run(read_all(*pair.right, got));
  CHECK(sent.has_value());
  CHECK(equal(got, expected));
}

TEST_CASE("a file that is shorter than its slice is an error") {
  for (uint32_t promised : {2000U, 200'000U}) {
    Pair pair;
    auto file = file_of(1000);
    std::vector<Piece> pieces;
    pieces.emplace_back(FilePiece{file, *file, 0, promised});
    Result<void> sent;
    Buffer got;
    spawn(write_and_end(*pair.left, std::move(pieces), sent));
    pair.run(read_all(*pair.right, got));
    REQUIRE_FALSE(sent.has_value());
    CHECK(sent.error().code == Code::bad_data);
  }
}

TEST_CASE("a read ends at its deadline, by cancel_read and by shutdown") {
  Pair pair;
  auto reads = [](Pair& on) -> Task<void> {
    uint8_t byte[1];
    MutableBytes room(byte);
    on.right->set_read_deadline(on.loop.now() + std::chrono::milliseconds(5));
    Result<size_t> late = co_await on.right->read_some(room);
    CHECK(late.error().code == Code::deadline_passed);
    on.right->set_read_deadline(Instant::max());
    on.loop.post([&on] { on.right->cancel_read(); });
    Result<size_t> cancelled = co_await on.right->read_some(room);
    CHECK(cancelled.error().code == Code::cancelled);
    on.loop.post([&on] { on.right->shutdown(); });
    Result<size_t> ended = co_await on.right->read_some(room);
    CHECK(ended.error().code == Code::cancelled);
  };
  pair.run(reads(pair));
}

TEST_CASE("who does not read is told once that the peer is gone") {
  Pair pair;
  int told = 0;
  auto run = [](Pair& on, int& times) -> Task<void> {
    Signal gone;
    on.right->on_disconnect([&] {
      times++;
      gone.notify();
    });
    // A read arms the descriptor; what comes then finds no reader any more.
    on.loop.post([&on] { on.right->cancel_read(); });
    uint8_t byte[1];
    MutableBytes room(byte);
    Result<size_t> cancelled = co_await on.right->read_some(room);
    CHECK_FALSE(cancelled.has_value());
    on.left.reset();
    co_await gone.wait();
  };
  pair.run(run(pair, told));
  CHECK(told == 1);
}

TEST_CASE("a listener on port 0 can be connected to, and a second one there is in use") {
  UvLoop loop;
  std::unique_ptr<Stream> server;
  Signal connected;
  auto listener = Listener::listen(loop, {"127.0.0.1", 0, false}, [&](int descriptor) {
    server = std::move(*Stream::adopt(loop, descriptor));
    connected.notify();
  });
  REQUIRE(listener.has_value());
  CHECK((*listener)->address().port != 0);
  auto again = Listener::listen(loop, (*listener)->address(), [](int) {});
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().code == Code::in_use);

  auto talk = [](UvLoop& on, Address address, std::unique_ptr<Stream>& other,
                 Signal& accepted) -> Task<void> {
    Instant deadline = on.now() + std::chrono::seconds(10);
    Result<std::unique_ptr<Stream>> client = co_await Stream::connect(on, address, deadline);
    CHECK(client.has_value());
    if (!other) co_await accepted.wait();
    std::vector<Piece> pieces;
    pieces.emplace_back(Buffer{'h', 'i'});
    Result<void> sent = co_await (*client)->write(std::move(pieces));
    CHECK(sent.has_value());
    uint8_t two[2];
    MutableBytes room(two);
    Result<void> got = co_await other->read_exactly(room);
    CHECK(got.has_value());
    CHECK(two[1] == 'i');
    on.stop();
  };
  loop.post([&] { spawn(talk(loop, (*listener)->address(), server, connected)); });
  loop.run();
}

TEST_CASE("connecting where nobody listens fails") {
  UvLoop loop;
  auto attempt = [](UvLoop& on) -> Task<void> {
    Address nobody{"127.0.0.1", 1, false};
    Instant deadline = on.now() + std::chrono::seconds(10);
    Result<std::unique_ptr<Stream>> client = co_await Stream::connect(on, nobody, deadline);
    CHECK(client.error().code == Code::connection_failed);
    on.stop();
  };
  loop.post([&] { spawn(attempt(loop)); });
  loop.run();
}

TEST_CASE("posts of many threads all run, on the loop's thread") {
  UvLoop loop;
  int ran = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; t++) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; i++) {
        loop.post([&] {
          CHECK(loop.is_current());
          if (++ran == 4000) loop.stop();
        });
      }
    });
  }
  loop.run();
  for (std::thread& thread : threads) thread.join();
  CHECK(ran == 4000);
}

TEST_CASE("work on the disk pool comes back to the loop, and maintenance delays no sync") {
  UvLoop loop;
  std::mutex gate;  // outlives the pool, of which a thread may still have to see that it is open
  DiskPool pool;
  auto work = [](UvLoop& on, DiskPool& disks, std::mutex& held) -> Task<void> {
    held.lock();
    disks.submit(DiskPool::Lane::maintenance, [&held] { std::lock_guard wait(held); });
    auto answer = [] { return 42; };
    int got = co_await run_on(disks, DiskPool::Lane::sync, on, answer);
    CHECK(got == 42);
    CHECK(on.is_current());
    held.unlock();
    on.stop();
  };
  loop.post([&] { spawn(work(loop, pool, gate)); });
  loop.run();
}

TEST_CASE("addresses are understood, and wrong ones named") {
  CHECK(parse_address("host:1", 9092).value() == Address{"host", 1, false});
  CHECK(parse_address("host", 9092).value() == Address{"host", 9092, false});
  CHECK(parse_address("[::1]:7", 9092).value() == Address{"::1", 7, false});
  CHECK(parse_address("unix:/a/b", 9092).value() == Address{"/a/b", 0, true});
  CHECK_FALSE(parse_address("host:", 1).has_value());
  CHECK_FALSE(parse_address("host:70000", 1).has_value());
  CHECK_FALSE(parse_address("[::1", 1).has_value());
  CHECK(is_loopback({"127.3.2.1", 0, false}));
  CHECK_FALSE(is_loopback({"128.0.0.1", 0, false}));
}
