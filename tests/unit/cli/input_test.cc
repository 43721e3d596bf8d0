// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/input.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <random>

#include "lib/net/uv_loop.h"

using namespace eventd;

namespace {

constexpr const char* kTooLong = "<too long>";

std::vector<std::string> cut(const std::string& input, const std::string& delimiter,
                             size_t record_max, size_t step) {
  RecordSplitter splitter(delimiter, record_max);
  std::vector<std::string> records;
  std::optional<std::string_view> record;
  auto take = [&] {
    while (splitter.next(record)) records.push_back(record ? std::string(*record) : kTooLong);
  };
  for (size_t at = 0; at < input.size(); at += step) {
    splitter.feed(std::string_view(input).substr(at, step));
    take();
  }
  splitter.finish();
  take();
  take();
  return records;
}

// The same, without any cleverness.
std::vector<std::string> plainly(std::string input, const std::string& delimiter,
                                 size_t record_max) {
  std::vector<std::string> records;
  while (!input.empty()) {
    size_t found = input.find(delimiter);
    std::string record = input.substr(0, found);
    records.push_back(record.size() > record_max ? kTooLong : record);
    if (found == std::string::npos) break;
    input.erase(0, found + delimiter.size());
  }
  return records;
}

}  // namespace

TEST_CASE("the last record needs no delimiter, and an empty line is an empty record") {
  CHECK(cut("a\n\nb", "\n", 100, 100) == std::vector<std::string>{"a", "", "b"});
  CHECK(cut("a\n", "\n", 100, 100) == std::vector<std::string>{"a"});
  CHECK(cut("\n", "\n", 100, 100) == std::vector<std::string>{""});
  CHECK(cut("", "\n", 100, 100).empty());
  CHECK(cut(std::string("a\r\0b\n", 5), "\n", 100, 1) ==
        std::vector<std::string>{std::string("a\r\0b", 4)});
}

TEST_CASE("records are the same however the input is cut into chunks") {
  std::mt19937 random(3);
  for (int round = 0; round < 3000; round++) {
    std::string input;
    for (size_t n = random() % 60; n > 0; n--) input += "ab-="[random() % 4];
    for (const std::string delimiter : {"-", "--", "-=-"}) {
      size_t record_max = 1 + random() % 8;
      std::vector<std::string> expected = plainly(input, delimiter, record_max);
      for (size_t step : {1, 2, 3, 7, 100}) {
        REQUIRE(cut(input, delimiter, record_max, step) == expected);
      }
    }
  }
}

TEST_CASE("a record of gigabytes takes no more memory than the limit allows") {
  RecordSplitter splitter("\n", 1000);
  std::string chunk(100'000, 'x');
  std::optional<std::string_view> record;
  for (int i = 0; i < 20'000; i++) {
    splitter.feed(chunk);
    REQUIRE(!splitter.next(record));
  }
  splitter.feed("\nnext\n");
  REQUIRE(splitter.next(record));
  CHECK(!record);
  REQUIRE(splitter.next(record));
  CHECK(*record == "next");
}

TEST_CASE("a reader hands over what a pipe holds, its end, and stops when it is told to") {
  UvLoop loop;
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  std::string got;
  bool stopped = false;
  auto read = [](UvLoop& on, int* pipe_ends, std::string& into, bool& was_stopped) -> Task<void> {
    InputReader reader(on, pipe_ends[0]);
    REQUIRE(write(pipe_ends[1], "abc", 3) == 3);
    Result<std::string> chunk = co_await reader.next();
    into = *chunk;
    reader.stop();  // although the pipe is open
    chunk = co_await reader.next();
    was_stopped = chunk && chunk->empty();
    co_await next_turn(on);
    on.stop();
  };
  loop.post([&] { spawn(read(loop, ends, got, stopped)); });
  loop.run();
  CHECK(got == "abc");
  CHECK(stopped);
  close(ends[1]);
}

TEST_CASE("a descriptor that cannot be read is an error with the system's word") {
  UvLoop loop;
  int folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  std::string why;
  auto read = [](UvLoop& on, int descriptor, std::string& into) -> Task<void> {
    InputReader reader(on, descriptor);
    Result<std::string> chunk = co_await reader.next();
    into = chunk ? "" : chunk.error().message;
    co_await next_turn(on);
    on.stop();
  };
  loop.post([&] { spawn(read(loop, folder, why)); });
  loop.run();
  CHECK(why.find("Is a directory") != std::string::npos);
}
