// SPDX-License-Identifier: Apache-2.0
// Files that a template names: each record exactly once, whatever stops a run and wherever.
#include "lib/cli/replay/template_sink.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include "lib/base/text.h"
#include "tests/support/memory_disk.h"

using namespace eventd;

namespace {

constexpr int64_t kDayMs = int64_t{24} * 3600 * 1000;
constexpr int64_t kFirstDay = 20'000 * kDayMs;
constexpr const char* kTemplate = "/backup/%Y/%m/%d/{topic}-{partition}-{first_offset}.txt";

using Strings = std::vector<std::string>;

// Two partitions, whose records go from day to day, some of them late.
int64_t time_of(int64_t offset) {
  int64_t day = offset / 10;
  return kFirstDay + (offset % 7 == 3 ? 0 : day) * kDayMs;
}
std::string value_of(int32_t partition, int64_t offset) {
  return text(partition, ":", offset, " of day ", time_of(offset) / kDayMs);
}

TemplateSink::Options options(const std::string& roll = "", const char* names = kTemplate) {
  Result<FileTemplate> parsed = FileTemplate::parse(names);
  REQUIRE(parsed.has_value());
  TemplateSink::Options options{.names = std::move(*parsed)};
  if (!roll.empty()) {
    Result<RollOptions> limits = parse_roll(roll);
    REQUIRE(limits.has_value());
    options.roll = *limits;
  }
  options.command = {"t", "--to", names, roll};
  options.now = [] { return Instant{}; };
  return options;
}

// Reads both partitions up to `end`, as a run would. False where the disk says no.
bool run(MemoryDisk& disk, int64_t end, const std::string& roll, std::string* why = nullptr) {
  auto sink = TemplateSink::open(disk, options(roll));
  if (!sink && why != nullptr) *why = sink.error().message;
  if (!sink) return false;
  Record record;
  static const TopicPartition kNames[] = {{"t", 0}, {"t", 1}};
  for (const TopicPartition& name : kNames) {
    Result<int64_t> from = (*sink)->begin(name, 0, end);
    if (!from) return false;
    for (int64_t offset = *from; offset < end; offset++) {
      std::string value = value_of(name.partition, offset);
      FetchedRecord fetched{&name, offset, time_of(offset), {}, bytes_of(value), &record};
      // A marker of a transaction stands between: nothing that is handed over.
      if (offset % 9 == 8) continue;
      if (Result<void> taken = (*sink)->take(fetched); !taken) {
        if (why != nullptr) *why = taken.error().message;
        return false;
      }
      if (!(*sink)->reached(name, offset + 1)) return false;
    }
    if (!(*sink)->reached(name, end)) return false;
  }
  return (*sink)->finish(true).has_value();
}

// The records in all files, each with the day of its folder checked.
Strings records(const MemoryDisk& disk) {
  Strings found;
  for (const std::string& path : disk.paths()) {
    if (path == "/backup/.event-replay.json") continue;
    CAPTURE(path);
    REQUIRE(path.ends_with(".txt"));
    std::string contents = *disk.contents(path);
    std::vector<std::string_view> lines = split(contents, '\n');
    REQUIRE(lines.back().empty());
    lines.pop_back();
    int64_t before = -1;
    for (std::string_view line : lines) {
      auto offset = parse_number<int64_t>(line.substr(2, line.find(' ') - 2));
      REQUIRE(offset.has_value());
      CHECK(*offset > before);
      before = *offset;
      CHECK(path.find(text("/t-", line.substr(0, 1), "-")) != std::string::npos);
      Result<FileTemplate> names =
          FileTemplate::parse("/backup/%Y/%m/%d/{partition}{first_offset}");
      std::string folder = parent_of(names->name({"t", 0}, 0, time_of(*offset)));
      CHECK(path.starts_with(folder + "/"));
      found.emplace_back(line);
    }
  }
  std::ranges::sort(found);
  return found;
}

Strings expected(int64_t end) {
  Strings all;
  for (int32_t number : {0, 1}) {
    for (int64_t offset = 0; offset < end; offset++) {
      if (offset % 9 != 8) all.push_back(value_of(number, offset));
    }
  }
  std::ranges::sort(all);
  return all;
}

}  // namespace

TEST_CASE("a run writes each record into the file of its day, the next run what is new") {
  MemoryDisk disk;
  REQUIRE(run(disk, 40, ""));
  CHECK(records(disk) == expected(40));
  size_t files = disk.paths().size();
  REQUIRE(run(disk, 40, ""));
  CHECK(disk.paths().size() == files);
  REQUIRE(run(disk, 65, ""));
  CHECK(records(disk) == expected(65));
}

TEST_CASE("wherever a run is cut off, the next one has each record once") {
  std::mt19937_64 random(3);
  for (const char* roll : {"", "count=5", "bytes=100"}) {
    MemoryDisk disk;
    REQUIRE(run(disk, 24, roll));
    size_t operations = disk.operation_count();
    size_t kept_steps = 0;
    size_t step = std::getenv("EVENTD_LONG") != nullptr ? 1 : 3;
    for (size_t cut = random() % step; cut <= operations; cut += step) {
      for (Survival survival :
           {Survival::nothing, Survival::everything, Survival::prefixes, Survival::any}) {
        CAPTURE(roll);
        CAPTURE(cut);
        CAPTURE(static_cast<int>(survival));
        auto left = disk.after_cut(cut, survival, random);
        auto state = left->contents("/backup/.event-replay.json");
        kept_steps += state && state->find("\"step\"") != std::string::npos ? 1 : 0;
        std::string why;
        bool done = run(*left, 30, roll, &why);
        CAPTURE(why);
        REQUIRE(done);
        REQUIRE(records(*left) == expected(30));
      }
    }
    CHECK(kept_steps > 0);
  }
}

TEST_CASE("a full disk loses nothing: when there is room again the run goes on") {
  for (size_t n = 0; n < 80; n++) {
    CAPTURE(n);
    MemoryDisk disk;
    // What takes room fails from the n-th operation on; what gives some does not.
    disk.fail_if([left = n](const DiskOperation& operation) mutable {
      if (left > 0) left--;
      bool takes =
          operation.kind == DiskOperation::create || operation.kind == DiskOperation::write;
      return left == 0 && takes ? ENOSPC : 0;
    });
    bool done = run(disk, 24, "count=5");
    disk.fail_if({});
    if (!done) {
      auto state = disk.contents("/backup/.event-replay.json");
      bool has_step = state && state->find("\"step\"") != std::string::npos;
      // What lies aside makes room, unless it is promised already.
      for (const std::string& path : disk.paths()) {
        bool is_aside = path.find(".event-replay.part") != std::string::npos;
        CHECK((!is_aside || has_step));
      }
    }
    REQUIRE(run(disk, 24, "count=5"));
    REQUIRE(records(disk) == expected(24));
  }
}

TEST_CASE("another command, and a damaged memory, change nothing") {
  MemoryDisk disk;
  REQUIRE(run(disk, 10, ""));
  size_t before = disk.operation_count();
  std::string why;
  CHECK_FALSE(run(disk, 20, "count=3", &why));
  CHECK(why.find("another command") != std::string::npos);
  for (const char* bytes :
       {"", "{", "{\"version\":2,\"command\":[],\"positions\":[]}",
        "{\"version\":1,\"command\":[],\"positions\":[],\"step\":{\"positions\":"
        "[],\"files\":[{\"part\":\"0\",\"name\":\"../x\"}]}}"}) {
    disk.set_contents("/backup/.event-replay.json", bytes);
    CHECK_FALSE(run(disk, 20, "", &why));
    CHECK(why.find("is damaged") != std::string::npos);
  }
  CHECK(disk.operation_count() == before);
}

TEST_CASE("a file that is there already is never written over") {
  MemoryDisk disk;
  auto sink = TemplateSink::open(disk, options("", "/backup/{partition}-{first_offset}"));
  REQUIRE(sink.has_value());
  TopicPartition name{"t", 0};
  Record record;
  REQUIRE((*sink)->begin(name, 7, 9).has_value());
  REQUIRE((*sink)->take({&name, 7, 0, {}, {}, &record}).has_value());
  disk.set_contents("/backup/0-00000000000000000007", "precious");
  CHECK_FALSE((*sink)->finish(true).has_value());
  CHECK(disk.contents("/backup/0-00000000000000000007") == "precious");
}

TEST_CASE("more days than files may be open are written all the same") {
  for (const char* ending : {"", ".gz", ".zst", ".lz4"}) {
    MemoryDisk disk;
    std::string names = text("/b/%F-{partition}-{first_offset}", ending);
    auto sink = TemplateSink::open(disk, options("", names.c_str()));
    REQUIRE(sink.has_value());
    TopicPartition name{"t", 0};
    Record record;
    REQUIRE((*sink)->begin(name, 0, 1000).has_value());
    for (int64_t offset = 0; offset < 1000; offset++) {
      std::string value = text(offset);
      int64_t time = (offset * 7 % 200) * kDayMs;
      REQUIRE((*sink)->take({&name, offset, time, {}, bytes_of(value), &record}).has_value());
    }
    REQUIRE((*sink)->finish(true).has_value());
    std::set<std::string> seen;
    for (const std::string& path : disk.paths()) {
      if (path.find("json") != std::string::npos) continue;
      std::string packed = *disk.contents(path);
      Buffer plain(1 << 16);
      size_t size = 0;
      Bytes in = bytes_of(packed);
      if (auto decompressor = Decompressor::make(codec_of_file(path))) {
        while (!in.empty()) {
          Result<size_t> got = decompressor->step(in, MutableBytes(plain).subspan(size));
          REQUIRE(got.has_value());
          size += *got;
        }
        CHECK(decompressor->between_frames());
      } else {
        std::ranges::copy(in, plain.begin());
        size = in.size();
      }
      for (std::string_view line : split(text_of(Bytes(plain).first(size)), '\n')) {
        if (!line.empty()) CHECK(seen.emplace(line).second);
      }
    }
    CHECK(seen.size() == 1000);
  }
}

TEST_CASE("templates name what they must, and stay in their folder") {
  for (const char* bad :
       {"x", "/a/%Y", "/a/{partition}", "/a/{first_offset}", "/a/%c{partition}{first_offset}",
        "/a/{partition}{first_offset}{x}", "/a/{partition}/../{first_offset}", "/a/",
        "%Y/{partition}{first_offset}", "/a/{partition}{first_offset}%", "/a/{partition"}) {
    CAPTURE(bad);
    Result<FileTemplate> parsed = FileTemplate::parse(bad);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().code == Code::bad_usage);
  }
  Result<FileTemplate> plain = FileTemplate::parse("./a.jsonl.gz");
  REQUIRE(plain.has_value());
  CHECK(plain->is_plain());
  CHECK(plain->folder() == "./");
  Result<FileTemplate> parsed =
      FileTemplate::parse("/a/b-%Y/%m%%/{topic}/{partition}-{first_offset}.%H%M%S.%s");
  REQUIRE(parsed.has_value());
  CHECK(parsed->folder() == "/a/");
  CHECK(parsed->name({"o.k", 3}, 42, 1'790'000'000'123) ==
        "/a/b-2026/09%/o.k/3-00000000000000000042.141320.1790000000");
  CHECK(parsed->name({"t", 0}, 0, -86'400'001) ==
        "/a/b-1969/12%/t/0-00000000000000000000.235959.-86401");
  CHECK(parsed->instant(-5) != parsed->instant(5));
  // No time, and times that no calendar has.
  CHECK(parsed->name({"t", 0}, 0, -1) == "/a/b-1970/01%/t/0-00000000000000000000.000000.0");
  CHECK(parsed->name({"t", 0}, 0, INT64_MAX).starts_with("/a/b-9999/12%/"));
}

TEST_CASE("only topics that Kafka allows become names") {
  MemoryDisk disk;
  for (const char* topic : {"..", "a/b", "", "x\n"}) {
    auto sink = TemplateSink::open(disk, options());
    REQUIRE(sink.has_value());
    CHECK_FALSE((*sink)->begin({topic, 0}, 0, 1).has_value());
  }
  auto sink = TemplateSink::open(disk, options("", "/backup/{partition}-{first_offset}"));
  REQUIRE(sink.has_value());
  CHECK((*sink)->begin({"a", 0}, 0, 1).has_value());
  CHECK_FALSE((*sink)->begin({"b", 0}, 0, 1).has_value());
}
