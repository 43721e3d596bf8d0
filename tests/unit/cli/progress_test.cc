// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/progress.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <pty.h>
#include <unistd.h>

#include "tests/support/manual_loop.h"

using namespace eventd;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// A terminal of the test's own, and what was written on it.
class Terminal {
 public:
  explicit Terminal(unsigned short columns = 80) {
    winsize size{.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    REQUIRE(openpty(&outside_, &inside_, nullptr, nullptr, &size) == 0);
    REQUIRE(fcntl(outside_, F_SETFL, O_NONBLOCK) == 0);
  }
  ~Terminal() {
    close(inside_);
    close(outside_);
  }
  int descriptor() const { return inside_; }
  std::string seen() {
    char bytes[4096];
    ssize_t got = read(outside_, bytes, sizeof bytes);
    return {bytes, got > 0 ? static_cast<size_t>(got) : 0};
  }

 private:
  int outside_ = -1;
  int inside_ = -1;
};

Advance nothing() { return {}; }

}  // namespace

TEST_CASE("a line has the count, the rate, and the time left where the total is known") {
  CHECK(progress_line({}, {.records = 300}, seconds(2)) == "300 records, 150 a second");
  CHECK(progress_line({.records = 4000, .done = 40, .total = 100},
                      {.records = 5000, .done = 50, .total = 100},
                      seconds(1)) == "5000 records, 1000 a second, 50%, 5s left");
  CHECK(progress_line({}, {.records = 1, .done = 1, .total = 1001}, seconds(1)) ==
        "1 records, 1 a second, 0%, 16m40s left");
  CHECK(progress_line({}, {.records = 9, .done = 1, .total = 360'000}, seconds(1)) ==
        "9 records, 9 a second, 0%, 4d3h left");
  // It stands still, nothing is left, it became more than was known, no time has passed.
  CHECK(progress_line({.records = 5, .done = 5, .total = 9}, {.records = 5, .done = 5, .total = 9},
                      seconds(1)) == "5 records, 0 a second, 55%");
  CHECK(progress_line({}, {.records = 9, .done = 12, .total = 9}, seconds(3)) ==
        "9 records, 3 a second, 100%, 0s left");
  CHECK(progress_line({}, {.records = 9}, seconds(0)) == "9 records, 0 a second");
}

TEST_CASE("progress shows from the first second on, and is taken away at the end") {
  ManualLoop loop;
  Terminal terminal;
  Advance advance;
  Progress progress(loop, true, [&] { return advance; }, terminal.descriptor());
  advance = {.records = 10, .done = 10, .total = 20};
  loop.advance(milliseconds(990));
  CHECK(terminal.seen().empty());
  loop.advance(milliseconds(20));
  CHECK(terminal.seen().starts_with("\r10 records, 9 a second, 50%, 1s left\x1b[K"));
  loop.advance(milliseconds(100));
  CHECK(terminal.seen().empty());
  advance.records = 20;
  loop.advance(milliseconds(150));
  CHECK(terminal.seen().starts_with("\r20 records"));
  progress.end();
  CHECK(terminal.seen() == "\r\x1b[K");
  loop.advance(seconds(10));
  CHECK(terminal.seen().empty());
}

TEST_CASE("who has something to say takes the line away first, and it comes again") {
  ManualLoop loop;
  Terminal terminal;
  Progress progress(loop, true, [] { return Advance{.records = 7}; }, terminal.descriptor());
  clear_progress();
  CHECK(terminal.seen().empty());
  loop.advance(seconds(1));
  CHECK(terminal.seen().starts_with("\r7 records"));
  clear_progress();
  CHECK(terminal.seen() == "\r\x1b[K");
  clear_progress();
  CHECK(terminal.seen().empty());
  loop.advance(seconds(1));
  CHECK(terminal.seen().starts_with("\r7 records"));
}

TEST_CASE("the line is no longer than the terminal is wide") {
  ManualLoop loop;
  Terminal terminal(11);
  Progress progress(loop, true, nothing, terminal.descriptor());
  loop.advance(seconds(1));
  CHECK(terminal.seen() == "\r0 records,\x1b[K");
}

TEST_CASE("there is no progress for who does not want it, and none into a pipe") {
  ManualLoop loop;
  Terminal terminal;
  {
    Progress progress(loop, false, nothing, terminal.descriptor());
    loop.advance(seconds(5));
  }
  CHECK(terminal.seen().empty());
  int ends[2];
  REQUIRE(pipe2(ends, O_NONBLOCK) == 0);
  {
    Progress progress(loop, true, nothing, ends[1]);
    loop.advance(seconds(5));
  }
  char byte = 0;
  CHECK(read(ends[0], &byte, 1) == -1);
  close(ends[0]);
  close(ends[1]);
}
