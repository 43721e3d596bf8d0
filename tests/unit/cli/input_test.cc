// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/produce/input.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "lib/net/uv_loop.h"
#include "tests/support/temporary_directory.h"

using namespace eventd;

namespace {

// What comes of a path; `stop_after` chunks the reader is told to stop.
struct Reading {
  std::string got;
  std::string why;
  int chunks = 0;
};

Task<void> read_to_end(UvLoop& loop, std::string path, int stop_after, Reading& reading) {
  InputReader reader(loop, path, false);
  while (true) {
    Result<Buffer> chunk = co_await reader.next();
    if (!chunk) reading.why = chunk.error().message;
    if (!chunk || chunk->empty()) break;
    reading.got += text_of(*chunk);
    reader.reuse(std::move(*chunk));
    if (++reading.chunks == stop_after) reader.stop();
  }
  co_await next_turn(loop);
  loop.stop();
}

Reading read_all(const std::string& path, int stop_after = 0) {
  UvLoop loop;
  Reading reading;
  loop.post([&] { spawn(read_to_end(loop, path, stop_after, reading)); });
  loop.run();
  return reading;
}

}  // namespace

TEST_CASE("a file comes whole, in chunks of which few wait") {
  TemporaryDirectory folder;
  std::string content;
  for (int i = 0; i < 1'000'000; i++) content += std::to_string(i);
  std::ofstream(folder / "file") << content;
  CHECK(read_all(folder / "file").got == content);
}

TEST_CASE("of a file that can be read again nothing is given after the stop") {
  TemporaryDirectory folder;
  std::ofstream(folder / "file") << std::string(2'000'000, 'x');
  CHECK(read_all(folder / "file", 1).chunks == 1);
}

TEST_CASE("a pipe that nobody writes into is left behind when the reader is told to stop") {
  TemporaryDirectory folder;
  std::string path = folder / "pipe";
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  std::ofstream writer;
  std::thread opens([&] {
    writer.open(path);  // waits for a reader
    writer << "abc" << std::flush;
  });
  Reading reading = read_all(path, 1);  // ends although the pipe is open
  opens.join();
  CHECK(reading.got == "abc");
}

TEST_CASE("what stands in stdin already needs no thread, what comes later is read behind it") {
  auto threads = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
  };
  int before = dup(STDIN_FILENO);
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  REQUIRE(dup2(ends[0], STDIN_FILENO) == STDIN_FILENO);
  close(ends[0]);
  REQUIRE(write(ends[1], "a\n", 2) == 2);
  SUBCASE("all of it is there") {
    close(ends[1]);
    UvLoop loop;
    auto running = threads();
    InputReader reader(loop, "-", false);
    CHECK(threads() <= running);  // one that ended before may still be counted
    CHECK_FALSE(reader.is_drained());
  }
  SUBCASE("more comes") {
    std::thread writes([&] {
      usleep(20'000);  // input that comes later
      (void)!write(ends[1], "b\n", 2);
      close(ends[1]);
    });
    CHECK(read_all("-").got == "a\nb\n");
    writes.join();
  }
  dup2(before, STDIN_FILENO);
  close(before);
}

TEST_CASE("a file on stdin comes whole, from where its offset stands") {
  TemporaryDirectory folder;
  std::string content(300'000, 'x');
  for (size_t i = 0; i < content.size(); i += 100) content[i] = static_cast<char>('a' + i % 23);
  std::ofstream(folder / "file") << content;
  int before = dup(STDIN_FILENO);
  int file = open((folder / "file").c_str(), O_RDONLY);
  REQUIRE(lseek(file, 50, SEEK_SET) == 50);
  REQUIRE(dup2(file, STDIN_FILENO) == STDIN_FILENO);
  close(file);
  CHECK(read_all("-").got == content.substr(50));
  dup2(before, STDIN_FILENO);
  close(before);
}

TEST_CASE("what cannot be opened or read is an error with its name and the system's word") {
  CHECK(read_all("/").why.find("Is a directory") != std::string::npos);
  Reading absent = read_all("/absent");
  CHECK(absent.why.find("/absent") != std::string::npos);
  CHECK(absent.why.find("No such file") != std::string::npos);
}
