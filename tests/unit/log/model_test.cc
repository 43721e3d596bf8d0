// SPDX-License-Identifier: Apache-2.0
// A log against a plain model, a vector of records: random appends, rolls, reads, searches by time,
// truncations, deletions and restarts.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "tests/support/log_fixture.h"
#include "tests/support/memory_disk.h"

using namespace eventd;

namespace {

struct ModelRecord {
  std::string value;
  int64_t timestamp = 0;
  int64_t batch = 0;  // base offset of its batch
};

class Model {
 public:
  explicit Model(uint64_t seed) : random_(seed), log_(disk_, "/d/t-0", config()) {
    REQUIRE(disk_.make_directory("/d").has_value());
    log_.open(false);
  }

  void step() {
    switch (pick(14)) {
      case 0: return truncate();
      case 1: return delete_records();
      case 2: return restart();
      case 3: return retain();
      case 4: log_.sync(); return;
      case 5: return find_times();
      case 6:
      case 7: return read();
      default: append();
    }
  }

  // All that a reader can ask holds against the model.
  void compare() {
    CHECK(log_.log->log_end() == Offset{end()});
    CHECK(log_.log->log_start() == Offset{start_});
    Strings expected;
    for (int64_t i = start_; i < end(); i++) expected.push_back(at(i).value);
    CHECK(log_.values(Offset{start_}, 700) == expected);
  }

 private:
  static LogConfig config() {
    LogConfig config;
    config.segment_bytes = 1200;
    config.index_interval_bytes = 200;
    config.producer_snapshot_bytes = 900;
    config.retention_ms = -1;
    return config;
  }

  size_t pick(size_t below) { return static_cast<size_t>(random_() % below); }
  int64_t end() const { return static_cast<int64_t>(records_.size()); }
  const ModelRecord& at(int64_t offset) const { return records_[static_cast<size_t>(offset)]; }
  int64_t any_offset() { return start_ + static_cast<int64_t>(pick(size_t(end() - start_ + 1))); }

  void append() {
    size_t count = 1 + pick(5);
    int64_t time = 1000 + static_cast<int64_t>(pick(500));
    Codec codec = static_cast<Codec>(pick(5));
    Strings values;
    int64_t base = end();
    TestProducer producer{pick(2) == 0 ? -1 : int64_t(pick(3)), 0, 0};
    // Each starts a new epoch now and then, and sends the right sequence otherwise.
    if (producer.id >= 0) {
      auto& next = next_[static_cast<size_t>(producer.id)];
      if (pick(6) == 0) next = {int16_t(next.first + 1), 0};
      producer.epoch = next.first;
      producer.sequence = next.second;
      next.second += static_cast<int32_t>(count);
    }
    for (size_t i = 0; i < count; i++) {
      values.push_back(text("v", base + int64_t(i), std::string(pick(60), 'x')));
      records_.push_back({values.back(), time + int64_t(i), base});
    }
    Appended appended = log_.append(batch_of(values, time, codec, producer), LeaderEpoch{0});
    CHECK(appended.base_offset == Offset{base});
    CHECK_FALSE(appended.duplicate);
  }

  void truncate() {
    if (pick(3) != 0 || end() == start_) return;
    Offset to{std::max(start_, end() - static_cast<int64_t>(pick(30)))};
    REQUIRE(log_.log->truncate(to).has_value());
    int64_t cut = to.value < end() ? at(to.value).batch : end();
    records_.resize(static_cast<size_t>(cut));
    start_ = std::min(start_, cut);
    log_.recovery_point = std::min(log_.recovery_point, Offset{cut});
    // What the producers know is what the batches that are left say: epochs go up, so that any
    // sequence may follow.
    for (auto& next : next_) next = {int16_t(next.first + 1), 0};
  }

  void delete_records() {
    if (pick(3) != 0) return;
    start_ = any_offset();
    REQUIRE(log_.log->delete_records(Offset{start_}).has_value());
  }

  void retain() {
    LogConfig by_size = config();
    by_size.retention_bytes = 2500;
    log_.log->set_config(by_size);
    log_.retain(WallTime{2000}, Offset{end()});
    log_.log->set_config(config());
    CHECK(log_.log->log_start() >= Offset{start_});
    CHECK(log_.log->size_bytes() < 2500 + 1200 + 400);
    start_ = log_.log->log_start().value;
  }

  void restart() {
    bool clean = pick(2) == 0;
    if (clean) REQUIRE(log_.log->close(WallTime{5000}).has_value());
    if (clean || pick(2) == 0) log_.recovery_point = log_.log->recovery_point();
    log_.start = log_.log->log_start();
    log_.open(clean);
    if (clean) CHECK(log_.found.scanned_bytes == 0);
  }

  void read() {
    int64_t from = any_offset();
    auto limit = Offset{from + static_cast<int64_t>(pick(size_t(end() - from + 1)))};
    auto size_max = static_cast<uint32_t>(pick(2000));
    bool first_whole = pick(2) == 0;
    Result<LogSlice> slice = log_.log->read(Offset{from}, size_max, limit, first_whole);
    REQUIRE(slice.has_value());
    Buffer bytes(slice->size_bytes);
    if (slice->empty()) return;
    REQUIRE(slice->file->read_at(slice->position, bytes).value() == bytes.size());
    Offset next{at(from).batch};
    size_t batches = 0;
    for (Bytes left = bytes; !left.empty(); batches++) {
      Result<BatchHeader> header = check_batch(left.first(*batch_size(left)));
      REQUIRE(header.has_value());
      CHECK(header->base_offset == next);
      next = header->next_offset();
      left = left.subspan(header->size_bytes());
    }
    CHECK(next <= limit);
    bool small_enough = bytes.size() <= size_max || (first_whole && batches == 1);
    CHECK(small_enough);
  }

  void find_times() {
    int64_t time = 990 + static_cast<int64_t>(pick(530));
    Result<std::optional<TimedOffset>> found = log_.log->find_time(time, Offset{end()});
    REQUIRE(found.has_value());
    int64_t expected = start_;
    while (expected < end() && at(expected).timestamp < time) expected++;
    CHECK(found->has_value() == (expected < end()));
    if (!*found || expected == end()) return;
    CHECK((*found)->offset == Offset{expected});
    CHECK((*found)->timestamp == at(expected).timestamp);
  }

  std::mt19937_64 random_;
  MemoryDisk disk_;
  LogFixture log_;
  std::vector<ModelRecord> records_;
  int64_t start_ = 0;
  std::pair<int16_t, int32_t> next_[3];  // epoch and sequence of each producer
};

}  // namespace

TEST_CASE("a log behaves as a plain vector of records does") {
  uint64_t seeds = std::getenv("EVENTD_LONG") != nullptr ? 400 : 12;
  for (uint64_t seed = 1; seed <= seeds; seed++) {
    INFO("seed ", seed);
    Model model(seed);
    for (int i = 0; i < 250; i++) {
      model.step();
      if (i % 25 == 24) model.compare();
    }
  }
}
