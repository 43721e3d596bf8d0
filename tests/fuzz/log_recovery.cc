// SPDX-License-Identifier: Apache-2.0
// The folder of a log with anything in its files: it is opened, read, appended to and opened again.
// Whatever stood there, the second opening finds what the first one left.
//
// Input: flags, a recovery point, then files: one byte chooses the name, two the length. Where a
// flag says so, checksums of batches are made right, so that mutants get past them.
#include <cstdlib>
#include <string>

#include "lib/base/logger.h"
#include "lib/base/reader.h"
#include "lib/base/text.h"
#include "lib/log/log.h"
#include "tests/support/batches.h"
#include "tests/support/memory_disk.h"

namespace eventd {
std::vector<Buffer> seeds();
}

using namespace eventd;

namespace {

constexpr const char* kDirectory = "/d/t-0";
constexpr uint8_t kClean = 1;
constexpr uint8_t kRightChecksums = 2;
constexpr const char* kNames[] = {
    "00000000000000000000.log",      "00000000000000000000.index",
    "00000000000000000000.timeindex", "00000000000000000005.log",
    "00000000000000000005.index",    "00000000000000000005.timeindex",
    "00000000000000000005.snapshot", "leader-epoch-checkpoint",
    "00000000000000000000.log.swap", "00000000000000000009.snapshot",
    "09223372036854775800.log",      "partition.metadata"};

void check(bool holds) {
  if (!holds) abort();
}

void make_checksums_right(Buffer& log) {
  MutableBytes left = log;
  while (true) {
    Result<size_t> size = batch_size(left);
    if (!size || *size > left.size()) return;
    refresh_crc(left.first(*size));
    left = left.subspan(*size);
  }
}

void fill(MemoryDisk& disk, Reader& input, bool right_checksums) {
  while (!input.failed() && input.left() > 0) {
    auto which = input.number<uint8_t>();
    auto length = input.number<uint16_t>();
    Bytes bytes = input.bytes(std::min<size_t>(length, input.left()));
    std::string name = kNames[which % std::size(kNames)];
    Buffer contents(bytes.begin(), bytes.end());
    if (right_checksums && name.find(".log") != std::string::npos) make_checksums_right(contents);
    disk.set_contents(text(kDirectory, "/", name), std::string(text_of(contents)));
  }
}

// Everything that can be asked. What was checked is whole batches; what a clean stop or a recovery
// point vouched for may be an error or other bytes, nothing worse.
void read_all(const Log& log, bool is_checked) {
  Offset from = log.log_start();
  while (from < log.log_end()) {
    Result<LogSlice> slice = log.read(from, 1000, log.log_end(), true);
    if (!slice || slice->empty()) break;
    Buffer bytes(slice->size_bytes);
    Result<size_t> got = slice->file->read_at(slice->position, bytes);
    check(got && *got == bytes.size());
    Offset before = from;
    for (Bytes left = bytes; !left.empty();) {
      Result<BatchHeader> header = parse_batch_header(left);
      bool is_whole = header && header->size_bytes() <= left.size();
      check(is_whole || !is_checked);
      if (!is_whole) return;
      if (!fits_segment(*header, header->base_offset)) return;
      from = header->next_offset();
      left = left.subspan(header->size_bytes());
    }
    check(from > before || !is_checked);
    if (from <= before) return;
  }
  (void)log.find_time(1002, log.log_end());
  (void)log.find_max_timestamp();
  (void)log.first_unstable();
  (void)log.producers();
  (void)log.end_of_epoch(log.latest_epoch());
}

void append_one(Log& log, Disk& disk) {
  Buffer batch = batch_of({"one more"}, 2000);
  Result<BatchHeader> header = check_batch(batch);
  Result<Appended> appended =
      log.append(batch, *header, AppendOrigin::client, LeaderEpoch{9}, WallTime{5000});
  if (!appended) return;
  SyncPlan plan = log.begin_sync();
  check(run_sync(disk, plan).has_value());
  log.finish_sync(std::move(plan));
  check(log.synced() == log.log_end());
}

void open_twice(MemoryDisk& disk, bool clean, Offset point) {
  auto files = std::make_shared<OpenFiles>(disk, 8);
  OpenLog how;
  how.files = files;
  how.directory = kDirectory;
  how.clean = clean;
  how.recovery_point = point;
  Recovery found;
  Result<std::unique_ptr<Log>> log = Log::open(how, found);
  if (!log) return;
  read_all(**log, !clean && point == Offset{0});
  append_one(**log, disk);
  if (clean) return;
  Offset end = (*log)->log_end();
  log->reset();
  how.recovery_point = Offset{0};
  Result<std::unique_ptr<Log>> again = Log::open(how, found);
  check(again.has_value());
  // What a recovery point had vouched for is looked at only now.
  check(point > Offset{0} || (*again)->log_end() == end);
  read_all(**again, true);
}

void add_file(Buffer& input, uint8_t which, const std::string& contents) {
  auto size = static_cast<uint16_t>(contents.size());
  for (int byte : {int{which}, size >> 8, size & 255}) input.push_back(static_cast<uint8_t>(byte));
  append(input, bytes_of(contents));
}

}  // namespace

std::vector<Buffer> eventd::seeds() {
  MemoryDisk disk;
  LogConfig config;
  config.segment_bytes = 450;
  config.index_interval_bytes = 100;
  OpenLog how;
  how.files = std::make_shared<OpenFiles>(disk, 4);
  how.directory = kDirectory;
  how.config = config;
  Recovery found;
  std::unique_ptr<Log> log = std::move(*Log::open(how, found));
  for (int32_t i = 0; i < 9; i++) {
    TestProducer producer{.id = 7, .sequence = i};
    Buffer batch = batch_of({text("value-", i)}, 1000 + i, Codec::none, producer);
    BatchHeader header = *check_batch(batch);
    LeaderEpoch epoch{i / 5};
    check(log->append(batch, header, AppendOrigin::client, epoch, WallTime{5000}).has_value());
  }
  check(log->close(WallTime{5000}).has_value());
  std::vector<Buffer> seeds;
  for (uint8_t flags : {uint8_t{0}, kClean, kRightChecksums}) {
    Buffer seed{flags, 0, 0, 0, 0, 0, 0, 0, flags == kClean ? uint8_t{9} : uint8_t{0}};
    for (uint8_t which = 0; which < std::size(kNames); which++) {
      std::optional<std::string> contents = disk.contents(text(kDirectory, "/", kNames[which]));
      if (contents) add_file(seed, which, *contents);
    }
    seeds.push_back(std::move(seed));
  }
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  set_log_level(LogLevel::error);
  Reader input(Bytes(data, size));
  auto flags = input.number<uint8_t>();
  auto point = input.number<int64_t>();
  if (input.failed() || point < 0) return 0;
  MemoryDisk disk;
  fill(disk, input, (flags & kRightChecksums) != 0);
  open_twice(disk, (flags & kClean) != 0, Offset{point});
  return 0;
}
