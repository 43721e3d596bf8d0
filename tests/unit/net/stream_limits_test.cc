// SPDX-License-Identifier: Apache-2.0
// What a stream and a listener do about peers that vanish, stall or are too many.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "lib/net/listener.h"
#include "lib/net/stream.h"
#include "lib/net/uv_loop.h"
#include "tests/support/manual_loop.h"

using namespace eventd;
using std::chrono::seconds;

namespace {

int connect_to(int port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<uint16_t>(port));
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(connect(descriptor, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
  return descriptor;
}

// Two ends of a TCP connection.
std::array<int, 2> tcp_pair() {
  int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  REQUIRE(bind(listening, reinterpret_cast<sockaddr*>(&at), size) == 0);
  REQUIRE(listen(listening, 1) == 0);
  REQUIRE(getsockname(listening, reinterpret_cast<sockaddr*>(&at), &size) == 0);
  int client = connect_to(ntohs(at.sin_port));
  int server = accept(listening, nullptr, nullptr);
  REQUIRE(server >= 0);
  close(listening);
  return {client, server};
}

void reset(int descriptor) {
  linger now{1, 0};
  setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close(descriptor);
}

struct Outcome {
  bool done = false;
  Result<void> result;
};

Task<void> write_into(Stream& stream, size_t size, Outcome& outcome) {
  std::vector<Piece> pieces;
  pieces.emplace_back(Buffer(size, uint8_t{7}));
  outcome.result = co_await stream.write(std::move(pieces));
  outcome.done = true;
}

Task<void> read_one(Stream& stream, Result<size_t>& got, bool& done) {
  uint8_t bytes[100];
  MutableBytes room(bytes);
  got = co_await stream.read_some(room);
  done = true;
}

template <class Condition>
bool run_until(UvLoop& loop, Condition holds) {
  Instant give_up = monotonic_now() + seconds(10);
  while (!holds() && monotonic_now() < give_up) uv_run(loop.handle(), UV_RUN_NOWAIT);
  return holds();
}

}  // namespace

TEST_CASE("who does not read is told of a reset too") {
  UvLoop loop;
  auto [client, server] = tcp_pair();
  auto stream = std::move(*Stream::adopt(loop, server));
  int told = 0;
  stream->on_disconnect([&] { told++; });
  stream->watch_disconnect();
  reset(client);
  CHECK(run_until(loop, [&] { return told > 0; }));
  CHECK(told == 1);
}

TEST_CASE("a reset wakes who writes as well as who reads") {
  UvLoop loop;
  auto [client, server] = tcp_pair();
  auto stream = std::move(*Stream::adopt(loop, server));
  Outcome written;
  Result<size_t> got;
  bool read = false;
  spawn(write_into(*stream, 64 << 20, written));
  spawn(read_one(*stream, got, read));
  CHECK_FALSE(written.done);
  reset(client);
  CHECK(run_until(loop, [&] { return read && written.done; }));
  bool got_nothing = !got || *got == 0;  // the writer may have taken the error
  CHECK(got_nothing);
  CHECK_FALSE(written.result.has_value());
}

TEST_CASE("a callback of a stream may destroy it") {
  ManualLoop loop;
  auto [client, server] = tcp_pair();
  auto stream = std::move(*Stream::adopt(loop, server));
  stream->on_disconnect([&] { stream.reset(); });
  stream->watch_disconnect();
  Outcome never_asked;
  reset(client);
  CHECK(loop.run_until([&] { return stream == nullptr; }));
}

TEST_CASE("after end_reads() what has come is still read, and nothing is waited for") {
  ManualLoop loop;
  auto [client, server] = tcp_pair();
  auto stream = std::move(*Stream::adopt(loop, server));
  REQUIRE(send(client, "abc", 3, 0) == 3);
  stream->end_reads();
  Result<size_t> got;
  bool read = false;
  spawn(read_one(*stream, got, read));
  CHECK(read);
  CHECK(got.value() == 3);
  read = false;
  spawn(read_one(*stream, got, read));
  CHECK(read);
  CHECK(got.error().code == Code::cancelled);
  close(client);
}

TEST_CASE("a peer that takes nothing for a minute, or too little, is given up") {
  for (size_t taken_each_time : {size_t{0}, size_t{1000}}) {
    ManualLoop loop;
    auto [client, server] = tcp_pair();
    int small = 4096;
    setsockopt(client, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    auto stream = std::move(*Stream::adopt(loop, server));
    Outcome written;
    spawn(write_into(*stream, 64 << 20, written));
    loop.settle();
    Buffer room(taken_each_time);
    for (int i = 0; i < 59; i++) {
      loop.advance(seconds(1));
      REQUIRE_FALSE(written.done);
      if (!room.empty()) REQUIRE(recv(client, room.data(), room.size(), 0) > 0);
    }
    loop.advance(seconds(2));
    CHECK(written.done);
    CHECK(written.result.error().code == Code::deadline_passed);
    close(client);
  }
}

TEST_CASE("a peer that takes its answer slowly but steadily gets all of it") {
  ManualLoop loop;
  auto [client, server] = tcp_pair();
  auto stream = std::move(*Stream::adopt(loop, server));
  Outcome written;
  size_t size = 16 << 20;
  spawn(write_into(*stream, size, written));
  loop.settle();
  Buffer room(256 << 10);
  size_t got = 0;
  while (got < size) {
    ssize_t some = recv(client, room.data(), room.size(), MSG_DONTWAIT);
    if (some > 0) got += static_cast<size_t>(some);
    loop.turn(1);
    loop.advance(seconds(1));
  }
  CHECK(written.done);
  CHECK(written.result.has_value());
  close(client);
}

TEST_CASE("a long answer to a fast peer lets others have their turn") {
  ManualLoop loop;
  int ends[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  // All of it fits: nothing but fairness makes the writer stop.
  int room = 32 << 20;
  if (setsockopt(ends[0], SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room) != 0) {
    MESSAGE("not tested: no right to a large socket buffer");
    close(ends[0]);
    close(ends[1]);
    return;
  }
  auto stream = std::move(*Stream::adopt(loop, ends[0]));
  Outcome written;
  spawn(write_into(*stream, 4 << 20, written));
  int turns = 0;
  while (!written.done && turns < 100) {
    loop.turn();
    turns++;
  }
  CHECK(turns >= 3);
  close(ends[1]);
}

TEST_CASE("a paused listener leaves connections in the system's queue") {
  ManualLoop loop;
  int accepted = 0;
  auto listener = Listener::listen(loop, {"127.0.0.1", 0, false}, [&](int descriptor) {
    accepted++;
    close(descriptor);
  });
  REQUIRE(listener.has_value());
  (*listener)->pause();
  int client = connect_to((*listener)->address().port);
  loop.settle();
  CHECK(accepted == 0);
  (*listener)->resume();
  loop.settle();
  CHECK(accepted == 1);
  close(client);
}

TEST_CASE("a process without descriptors refuses connections, does not spin, and recovers") {
  ManualLoop loop;
  int accepted = 0;
  auto listener = Listener::listen(loop, {"127.0.0.1", 0, false}, [&](int descriptor) {
    accepted++;
    close(descriptor);
  });
  REQUIRE(listener.has_value());
  int first = connect_to((*listener)->address().port);
  int second = connect_to((*listener)->address().port);
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  rlimit none = before;
  none.rlim_cur = 3;  // fewer than are open: nothing can be opened, not even the spare one again
  setrlimit(RLIMIT_NOFILE, &none);
  int turns = 0;
  while (loop.turn() && turns < 1000) turns++;
  setrlimit(RLIMIT_NOFILE, &before);
  CHECK(accepted == 0);
  CHECK(turns < 10);
  loop.advance(seconds(1));
  int third = connect_to((*listener)->address().port);
  CHECK(loop.run_until([&] { return accepted > 0; }));
  for (int each : {first, second, third}) close(each);
}
