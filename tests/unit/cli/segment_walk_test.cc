// SPDX-License-Identifier: Apache-2.0
// Segments as they are found: whole, torn, damaged, with transactions.
#include "lib/cli/replay/segment_walk.h"

#include <doctest/doctest.h>

#include "lib/base/text.h"
#include "lib/base/units.h"
#include "lib/cli/replay/paced_sink.h"
#include "lib/cli/replay/partition_log.h"
#include "lib/record/builder.h"
#include "lib/record/control.h"
#include "tests/support/batches.h"
#include "tests/support/memory_disk.h"

using namespace eventd;

namespace {

constexpr const char* kFirst = "/l/t-0/00000000000000000000.log";

struct Built {
  std::string bytes;
  int64_t next = 0;
  std::vector<size_t> positions;

  void add(Buffer batch) {
    Result<BatchHeader> header = parse_batch_header(batch);
    REQUIRE(header.has_value());
    stamp(batch, Offset{next}, LeaderEpoch{0});
    positions.push_back(bytes.size());
    bytes += text_of(batch);
    next += header->last_offset_delta + 1;
  }
  void transactional(int64_t producer, const std::string& value) {
    BatchBuilder batch;
    batch.append(1000, std::nullopt, bytes_of(value));
    BatchOptions options{.producer_id = ProducerId{producer}, .producer_epoch = ProducerEpoch{0}};
    options.base_sequence = 0;
    options.transactional = true;
    add(*batch.finish(options));
  }
  void marker(int64_t producer, ControlType type) {
    BatchBuilder batch;
    append_control(batch, 1000, type, encode_end_transaction({}));
    BatchOptions options{.producer_id = ProducerId{producer}, .producer_epoch = ProducerEpoch{0}};
    options.transactional = true;
    options.control = true;
    add(*batch.finish(options));
  }
};

// The base offsets that a walk hands out, and "from-until" of each damage.
std::string walk(const std::string& bytes, Offset limit = Offset{INT64_MAX}) {
  MemoryDisk disk;
  disk.set_contents(kFirst, bytes);
  auto file = disk.open(kFirst, Open::read);
  REQUIRE(file.has_value());
  SegmentWalk walk(**file, {.limit = limit, .end = bytes.size()}, SegmentWalk::Check::all);
  std::string out;
  while (true) {
    auto batch = walk.next();
    if (auto damage = walk.take_damage()) {
      out += text(" ", damage->from, "-", damage->until, damage->is_tail ? "!" : "");
    }
    if (!batch) return text(out, " ", name_of(batch.error().code));
    if (!*batch) return out;
    out += text(" ", (*batch)->header.base_offset);
  }
}

Built three() {
  Built built;
  for (const char* value : {"a", "bb", "ccc"}) built.add(batch_of({value, value}));
  return built;
}

}  // namespace

TEST_CASE("a walk goes over damage to the next whole batch, and tells a torn tail from it") {
  Built built = three();
  size_t second = built.positions[1];
  size_t third = built.positions[2];
  CHECK(walk(built.bytes) == " 0 2 4");
  CHECK(walk("") == "");
  std::string flipped = built.bytes;
  flipped[second + 65] ^= 1;
  CHECK(walk(flipped) == text(" 0 ", second, "-", third, " 4"));
  // A length that cannot be, and one that leaps over what follows.
  flipped = built.bytes;
  flipped[second + 8] ^= 0x40;
  CHECK(walk(flipped) == text(" 0 ", second, "-", third, " 4"));
  for (size_t cut = third + 1; cut < built.bytes.size(); cut++) {
    CHECK(walk(built.bytes.substr(0, cut)) == text(" 0 2 ", third, "-", cut, "!"));
  }
}

TEST_CASE("a base offset is in no checksum: one that its neighbours contradict is damage") {
  Built built = three();
  size_t second = built.positions[1];
  size_t third = built.positions[2];
  for (int bit = 0; bit < 63; bit++) {
    CAPTURE(bit);
    std::string flipped = built.bytes;
    flipped[second + 7 - static_cast<size_t>(bit / 8)] ^= static_cast<char>(1 << (bit % 8));
    CHECK(walk(flipped) == text(" 0 ", second, "-", third, " 4"));
  }
  // The last one reaches into the segment behind.
  CHECK(walk(built.bytes, Offset{5}) == text(" 0 2 ", third, "-", built.bytes.size(), "!"));
  CHECK(walk(built.bytes, Offset{6}) == " 0 2 4");
}

TEST_CASE("transactions: what was aborted is told, an open one ends what is stable") {
  Built built;
  built.add(batch_of({"plain"}));         // 0
  built.transactional(7, "aborted");      // 1
  built.transactional(8, "committed");    // 2
  built.marker(7, ControlType::abort);    // 3
  built.transactional(7, "of the next");  // 4
  built.marker(8, ControlType::commit);   // 5
  built.add(batch_of({"behind"}));        // 6
  MemoryDisk disk;
  disk.set_contents(kFirst, built.bytes);
  std::string told;
  auto report = [&](const std::string& line) { told += line; };
  auto log = PartitionLog::open(disk, "/l/t-0", {"t", 0}, std::nullopt, report);
  REQUIRE(log.has_value());
  CHECK(told == "");
  CHECK(log->end(false) == Offset{7});
  CHECK(log->end(true) == Offset{4});
  for (size_t i = 0; i < built.positions.size(); i++) {
    Bytes bytes = bytes_of(built.bytes).subspan(built.positions[i]);
    BatchHeader header = *parse_batch_header(bytes);
    CHECK(log->is_aborted(header) == (i == 1));
    CHECK(log->is_open(header) == (i == 4));
  }
  // A flipped bit that makes an open transaction of a plain batch is seen to be one.
  std::string flipped = built.bytes;
  flipped[built.positions[0] + 22] ^= BatchHeader::kTransactionalBit;
  disk.set_contents(kFirst, flipped);
  log = PartitionLog::open(disk, "/l/t-0", {"t", 0}, std::nullopt, report);
  REQUIRE(log.has_value());
  CHECK(log->end(true) == Offset{4});
  CHECK(told.find("damaged at byte 0") != std::string::npos);
}

TEST_CASE("sizes are those of coreutils") {
  CHECK(parse_size_bytes("512") == 512u);
  CHECK(parse_size_bytes("10M") == 10u << 20);
  CHECK(parse_size_bytes("4KB") == 4000u);
  CHECK(parse_size_bytes("4KiB") == 4096u);
  for (const char* bad : {"", "M", "-1", "1X", "1.5M", "99999999999999999999", "16E", "1MBs"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_size_bytes(bad).has_value());
  }
}

TEST_CASE("a pace keeps gaps in proportion, adds up no delay, and cuts silence") {
  using std::chrono::milliseconds;
  Instant start{};
  Pace pace({.times = 10, .gap_max = milliseconds(500)});
  CHECK(pace.due(1000, start) == start);
  CHECK(pace.due(2000, start + milliseconds(30)) == start + milliseconds(100));
  CHECK(pace.due(1500, start) == start + milliseconds(100));  // late: at once
  CHECK(pace.due(3000, start) == start + milliseconds(200));
  CHECK(pace.due(INT64_MAX, start) == start + milliseconds(700));
  CHECK(parse_pace("0.5x") == 0.5);
  for (const char* bad : {"", "x", "1", "0x", "-1x", "1xx", "infx", "nanx"}) {
    CHECK_FALSE(parse_pace(bad).has_value());
  }
}
