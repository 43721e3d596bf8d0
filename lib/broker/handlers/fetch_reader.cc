// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/handlers/fetch_reader.h"

#include <algorithm>
#include <utility>

#include "lib/base/ensure.h"
#include "lib/broker/broker.h"
#include "lib/broker/handlers/handlers.h"
#include "lib/broker/handlers/lookup.h"
#include "lib/net/disk_pool.h"

namespace eventd {

namespace {

// Then the loop serves others first.
constexpr size_t kReadsPerTurn = 1000;

// A batch that the disk has damaged is told as what it is: a fault of our storage.
Code told_as(Code code) {
  return code == Code::corrupt_message ? Code::kafka_storage_error : code;
}

}  // namespace

FetchReader::~FetchReader() {
  for (FetchFound& found : found_) {
    if (found.watched) found.partition->forget(ticket_);
  }
}

Task<void> FetchReader::read_or_wait() {
  co_await read_all();
  while (true) {
    if (std::ranges::any_of(found_, &FetchFound::cold)) co_await read_cold();
    if (is_enough() || request_.gave_up() || request_.loop.now() >= rules_.deadline) co_return;
    co_await wait_for_more();
    read_moved();
  }
}

int64_t FetchReader::total_bytes() const {
  int64_t total = 0;
  for (const FetchFound& found : found_) total += found.slice.size_bytes;
  return total;
}

bool FetchReader::is_enough() const {
  auto hurries = [](const FetchFound& found) {
    return found.error != Code::none || found.diverging.has_value();
  };
  return wants_.empty() || total_bytes() >= rules_.bytes_min ||
         std::ranges::any_of(found_, hurries);
}

Task<void> FetchReader::read_all() {
  int64_t total = 0;
  found_.reserve(wants_.size());
  for (const FetchWant& want : wants_) {
    if (found_.size() % kReadsPerTurn == kReadsPerTurn - 1) co_await next_turn(request_.loop);
    found_.push_back(read(want, rules_.bytes_max - total, total == 0, Patience::resident_only));
    total += found_.back().slice.size_bytes;
  }
}

bool FetchReader::has_moved(const FetchFound& found) const {
  return found.partition && (found.partition->high_watermark() != found.high_watermark ||
                             found.partition->failed() || found.partition->retired());
}

void FetchReader::read_moved() {
  int64_t total = total_bytes();
  for (size_t i = 0; i < found_.size(); i++) {
    if (!has_moved(found_[i])) continue;
    total -= found_[i].slice.size_bytes;
    // A ticket that is still there fires once too often, which harms nobody.
    if (found_[i].watched) found_[i].partition->forget(ticket_);
    found_[i] = read(wants_[i], rules_.bytes_max - total, total == 0, Patience::resident_only);
    total += found_[i].slice.size_bytes;
  }
}

FetchFound FetchReader::read(const FetchWant& want, int64_t budget, bool first,
                             Patience patience) const {
  FetchFound found;
  auto refuse = [&](Code code) {
    found.error = told_as(code);
    found.high_watermark = found.last_stable = found.log_start = kNoOffset;
    return std::move(found);
  };
  auto partition =
      find_partition(request_, topic_name(request_, want.name.topic, want.name.topic_id),
                     want.name.partition);
  if (!partition) return refuse(partition.error().code);
  if (!allows(request_, Operation::read, (*partition)->name().topic)) {
    return refuse(Code::topic_authorization_failed);
  }
  found.partition = std::move(*partition);
  const Partition& log = *found.partition;
  Result<void> epoch = check_leader_epoch(log, want.current_leader_epoch);
  if (!epoch) return refuse(epoch.error().code);
  if (want.last_fetched_epoch >= 0) {
    EpochEnd end = log.log().end_of_epoch(LeaderEpoch{want.last_fetched_epoch});
    if (end.epoch == kNoLeaderEpoch) return refuse(Code::offset_out_of_range);
    if (end.epoch.value < want.last_fetched_epoch || end.end.value < want.fetch_offset) {
      found.diverging = end;
    }
  }
  // The watermark first: what is read after it can only be newer.
  found.high_watermark = log.high_watermark();
  found.last_stable = log.end(Isolation::last_stable);
  found.log_start = log.log_start();
  if (found.diverging) return found;
  auto size_max =
      static_cast<uint32_t>(std::clamp<int64_t>(want.bytes_max, 0, std::max<int64_t>(budget, 0)));
  Result<LogSlice> slice =
      log.read(Offset{want.fetch_offset}, size_max, rules_.isolation, first, patience);
  bool unchecked = patience == Patience::resident_only;
  if (slice && unchecked && log.is_suspect() && !slice->empty()) {
    found.cold = true;
  } else if (slice) {
    found.slice = std::move(*slice);
  } else if (slice.error().code == Code::would_block) {
    found.cold = true;
  } else {
    return refuse(slice.error().code);
  }
  return found;
}

// All cold partitions in one go: their number is the peer's, that of the pool's threads is not.
Task<void> FetchReader::read_cold() {
  auto work = [this] {
    for (size_t i = 0; i < found_.size(); i++) {
      if (found_[i].cold) read_from_disk(i);
    }
    return true;
  };
  DiskPool& pool = request_.broker.pool();
  bool done = co_await run_on(pool, DiskPool::Lane::read, request_.loop, std::move(work));
  ENSURE(done);
}

// On a thread of the pool, while the coroutine waits for it.
void FetchReader::read_from_disk(size_t index) {
  FetchFound& found = found_[index];
  int64_t total = total_bytes();
  found = read(wants_[index], rules_.bytes_max - total, total == 0, Patience::waits);
  if (found.slice.empty()) return;
  Result<uint32_t> sound = sound_bytes(found.slice);
  if (sound && *sound == found.slice.size_bytes) return;
  request_.broker.complaints().error(
      found.partition->name(), " at offset ", wants_[index].fetch_offset, ": ",
      sound ? "a batch is damaged on the disk" : sound.error().message);
  found.partition->suspect();
  // Perhaps the device reads better the next time.
  found.slice.file->drop_cache(found.slice.position);
  // Whole batches before it are good.
  found.slice.size_bytes = sound ? *sound : 0;
  if (!found.slice.empty()) return;
  found.slice = {};
  found.error = Code::kafka_storage_error;
  found.high_watermark = found.last_stable = found.log_start = kNoOffset;
}

Task<void> FetchReader::wait_for_more() {
  if (!ticket_) ticket_ = std::make_shared<Ticket>(request_.loop);
  request_.broker.counters(request_.loop_index).waits.add(1);
  ticket_->arm();
  request_.set_ticket(ticket_);
  for (FetchFound& found : found_) {
    if (!found.partition || std::exchange(found.watched, true)) continue;
    found.partition->await_watermark(found.high_watermark + 1, ticket_);
  }
  // What moved between the read and the arming has fired a ticket that was not armed.
  if (!std::ranges::any_of(found_, [&](const FetchFound& f) { return has_moved(f); })) {
    co_await ticket_->wait(rules_.deadline);
  }
  request_.set_ticket(nullptr);
}

}  // namespace eventd
