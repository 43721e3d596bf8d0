// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/topic_cache.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "lib/base/text.h"
#include "tests/support/temporary_directory.h"

using namespace eventd;

namespace {

std::vector<TopicInfo> topics(std::initializer_list<const char*> names, Code error = Code::none) {
  std::vector<TopicInfo> made;
  for (const char* name : names) {
    made.emplace_back().name = name;
    made.back().error = error;
  }
  return made;
}

std::string contents(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

size_t files_in(const std::filesystem::path& folder) {
  std::filesystem::directory_iterator files(folder);
  return static_cast<size_t>(std::distance(begin(files), end(files)));
}

}  // namespace

TEST_CASE("topics that are there are remembered, unknown ones forgotten, internal ones not told") {
  TemporaryDirectory folder;
  std::string path = text(folder.path(), "/event/topics/h:1");
  remember_topics(path, topics({"b", "a"}), false);
  CHECK(contents(path) == "a\nb\n");
  auto more = topics({"c", "__consumer_offsets"});
  more[1].internal = true;
  remember_topics(path, more, false);
  CHECK(contents(path) == "a\nb\nc\n");
  remember_topics(path, topics({"b"}, Code::unknown_topic_or_partition), false);
  remember_topics(path, topics({"a"}, Code::leader_not_available), false);
  CHECK(contents(path) == "a\nc\n");
  remember_topics(path, topics({"z", "y"}), true);
  CHECK(contents(path) == "y\nz\n");
  struct stat info {};
  REQUIRE(stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  REQUIRE(stat(text(folder.path(), "/event").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0700);
  CHECK(files_in(std::filesystem::path(path).parent_path()) == 1);
}

TEST_CASE("what is no name of a topic does not get into a shell") {
  TemporaryDirectory folder;
  std::string path = text(folder.path(), "/h:1");
  remember_topics(path, topics({"$(id)", "a b", "-x", "", "a\nb", "good.One_2-3", "`id`"}), true);
  CHECK(contents(path) == "good.One_2-3\n");
  std::ofstream(path) << "$(id)\nold\n";
  remember_topics(path, topics({"new"}), false);
  CHECK(contents(path) == "new\nold\n");
}

TEST_CASE("what is known already is not written again") {
  TemporaryDirectory folder;
  std::string path = text(folder.path(), "/h:1");
  remember_topics(path, topics({"a", "b"}), true);
  struct stat before {};
  struct stat after {};
  REQUIRE(stat(path.c_str(), &before) == 0);
  remember_topics(path, topics({"b"}), false);
  remember_topics(path, topics({"b", "a"}), true);
  REQUIRE(stat(path.c_str(), &after) == 0);
  CHECK(before.st_ino == after.st_ino);
}

TEST_CASE("the cache has an end, and what is no cache is replaced") {
  TemporaryDirectory folder;
  std::string path = text(folder.path(), "/h:1");
  std::vector<TopicInfo> many;
  for (int i = 0; i < 5000; i++) many.emplace_back().name = text(std::string(100, 't'), i);
  remember_topics(path, many, true);
  std::string kept = contents(path);
  CHECK(kept.size() <= 256 << 10);
  CHECK(kept.size() > 250 << 10);
  CHECK(kept.ends_with('\n'));
  std::ofstream(path) << std::string(1 << 20, 'x');
  remember_topics(path, topics({"a"}), false);
  CHECK(contents(path) == "a\n");
}

TEST_CASE("brokers that nobody asked for long are forgotten") {
  TemporaryDirectory folder;
  for (int port = 1; port <= 60; port++) {
    std::string path = text(folder.path(), "/h:", port);
    remember_topics(path, topics({"a"}), true);
    auto age = std::filesystem::file_time_type::clock::now() - std::chrono::hours(100 - port);
    std::filesystem::last_write_time(path, age);
  }
  CHECK(files_in(folder.path()) == 50);
  CHECK(std::filesystem::exists(folder / "h:60"));
  CHECK(!std::filesystem::exists(folder / "h:1"));
}

TEST_CASE("where nothing can be kept, nothing is, without a word") {
  remember_topics("", topics({"a"}), true);
  remember_topics("/proc/no/such/folder", topics({"a"}), true);
}

TEST_CASE("the file is named by the brokers, in the user's cache") {
  auto at = [](std::initializer_list<Address> brokers) {
    return topic_cache_path(std::vector<Address>(brokers));
  };
  setenv("XDG_CACHE_HOME", "/c", 1);
  CHECK(at({{"h", 9092}, {"i", 1}}) == "/c/event/topics/h:9092,i:1");
  CHECK(at({{"/run/e.sock", 0, true}}).find('/', std::string("/c/event/topics/").size()) ==
        std::string::npos);
  CHECK(at({{"..", 9092}}).empty());
  CHECK(at({{std::string(300, 'h'), 9092}}).empty());
  CHECK(at({}).empty());
  setenv("EVENT_RUN_BROKER", "127.0.0.1:2", 1);  // nobody asks that one again
  CHECK(at({{"127.0.0.1", 2}}).empty());
  CHECK(at({{"h", 1}, {"127.0.0.1", 2}}).empty());
  CHECK(at({{"127.0.0.1", 22}}) == "/c/event/topics/127.0.0.1:22");
  unsetenv("EVENT_RUN_BROKER");
  setenv("XDG_CACHE_HOME", "relative", 1);
  setenv("HOME", "/home/u", 1);
  CHECK(at({{"h", 1}}) == "/home/u/.cache/event/topics/h:1");
  unsetenv("XDG_CACHE_HOME");
  CHECK(at({{"h", 1}}) == "/home/u/.cache/event/topics/h:1");
  unsetenv("HOME");
  CHECK(at({{"h", 1}}).empty());
}
