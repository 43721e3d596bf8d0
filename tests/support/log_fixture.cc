// SPDX-License-Identifier: Apache-2.0
#include "tests/support/log_fixture.h"

#include "lib/record/codec.h"
#include "lib/record/record.h"

namespace eventd {

Result<void> LogFixture::try_open(bool clean) {
  log.reset();
  OpenLog how{files,          directory, config,         clean,
              recovery_point, start,     WallTime{5000}, partition_metadata};
  auto opened = Log::open(how, found);
  if (!opened) return pass(opened);
  log = std::move(*opened);
  return {};
}

void LogFixture::open(bool clean) {
  Result<void> opened = try_open(clean);
  REQUIRE_MESSAGE(opened.has_value(), (opened ? "" : opened.error().message));
}

Result<Appended> LogFixture::try_append(Buffer batch, LeaderEpoch epoch, WallTime now) {
  BatchHeader header = *check_batch(batch);
  return log->append(batch, header, AppendOrigin::client, epoch, now);
}

Appended LogFixture::append(Buffer batch, LeaderEpoch epoch, WallTime now) {
  Result<Appended> appended = try_append(std::move(batch), epoch, now);
  REQUIRE_MESSAGE(appended.has_value(), (appended ? "" : appended.error().message));
  return *appended;
}

void LogFixture::append_numbered(int count) {
  for (int i = 0; i < count; i++) append(batch_of({text("value-", i)}, 1000 + i));
}

Result<void> LogFixture::try_sync() {
  SyncPlan plan = log->begin_sync();
  Result<void> synced = run_sync(disk, plan);
  if (synced) log->finish_sync(std::move(plan));
  return synced;
}

void LogFixture::sync() { REQUIRE(try_sync().has_value()); }

size_t LogFixture::retain(WallTime now, Offset limit) {
  REQUIRE(log->apply_retention(now, limit).has_value());
  Result<size_t> gone = log->delete_segments(log->log_start());
  REQUIRE(gone.has_value());
  return *gone;
}

Strings LogFixture::values(Offset from, uint32_t size_max) const {
  Strings out;
  while (from < log->log_end()) {
    Result<LogSlice> slice = log->read(from, size_max, log->log_end(), true);
    REQUIRE_MESSAGE(slice.has_value(), (slice ? "" : slice.error().message));
    if (slice->empty()) break;
    Buffer bytes(slice->size_bytes);
    REQUIRE(slice->file->read_at(slice->position, bytes).value() == bytes.size());
    for (Bytes left = bytes; !left.empty();) {
      BatchHeader header = *parse_batch_header(left);
      Buffer plain;
      Bytes whole = left.first(header.size_bytes());
      REQUIRE(check_batch(header, whole).has_value());
      REQUIRE(decompress(header.codec(), records_of(whole), plain, 1 << 20).has_value());
      RecordReader records(plain, header.record_count);
      Record record;
      while (records.next(record)) {
        if (header.base_offset + record.offset_delta < from) continue;
        out.emplace_back(text_of(*record.value));
      }
      from = header.next_offset();
      left = left.subspan(header.size_bytes());
    }
  }
  return out;
}

std::string LogFixture::bytes(Offset from) const {
  std::string out;
  while (from < log->log_end()) {
    Result<LogSlice> slice = log->read(from, 4096, log->log_end(), true);
    REQUIRE_MESSAGE(slice.has_value(), (slice ? "" : slice.error().message));
    if (slice->empty()) break;
    Buffer bytes(slice->size_bytes);
    REQUIRE(slice->file->read_at(slice->position, bytes).value() == bytes.size());
    out += text_of(bytes);
    for (Bytes left = bytes; !left.empty();) {
      BatchHeader header = *check_batch(left.first(*batch_size(left)));
      from = header.next_offset();
      left = left.subspan(header.size_bytes());
    }
  }
  return out;
}

}  // namespace eventd
