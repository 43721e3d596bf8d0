// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/consume/merge.h"

#include <algorithm>

#include "lib/base/ensure.h"

namespace eventd {

namespace {
// Less makes no sense beside what one answer of a broker brings.
constexpr size_t kShareMin = 64 << 10;
}  // namespace

size_t Merge::share() const {
  return std::max(kShareMin, bytes_max_ / std::max<size_t>(1, queues_.size()));
}

// An empty queue that may get more is one that others wait for.
void Merge::count_waiting(const Queue& queue, int by) {
  if (!queue.records.empty() || queue.finished) return;
  (queue.silent ? silent_ : waiting_) += static_cast<size_t>(by);
}

void Merge::add(const TopicPartition& partition) {
  auto [place, is_new] = queues_.try_emplace(&partition);
  if (is_new) count_waiting(place->second, 1);
}

bool Merge::is_full(const TopicPartition& partition, int64_t offset) {
  Queue& queue = queues_.at(&partition);
  if (queue.bytes < share()) return false;
  queue.full_at = offset;
  return true;
}

void Merge::push(const FetchedRecord& record, Instant now) {
  auto place = queues_.find(record.partition);
  ENSURE(place != queues_.end());
  Queue& queue = place->second;
  count_waiting(queue, -1);
  bool was_empty = queue.records.empty();
  queue.records.push_back({HeldRecord(record), now});
  queue.bytes += queue.records.back().record.size_bytes();
  if (was_empty) heads_.insert(&*place);
}

void Merge::set_silent(const TopicPartition& partition, bool is_silent) {
  Queue& queue = queues_.at(&partition);
  if (queue.silent == is_silent) return;
  count_waiting(queue, -1);
  queue.silent = is_silent;
  count_waiting(queue, 1);
}

void Merge::finish(const TopicPartition& partition) {
  Queue& queue = queues_.at(&partition);
  count_waiting(queue, -1);
  queue.finished = true;
}

const HeldRecord* Merge::next(Instant now, bool impatient) const {
  if (heads_.empty()) return nullptr;
  const Held& head = (*heads_.begin())->second.records.front();
  bool is_old = now - head.since >= patience_;
  if (waiting_ > 0 && !(impatient && is_old)) return nullptr;
  if (silent_ > 0 && !is_old) return nullptr;
  return &head.record;
}

void Merge::pop() {
  auto place = *heads_.begin();
  heads_.erase(heads_.begin());
  Queue& queue = queues_.at(place->first);
  queue.bytes -= queue.records.front().record.size_bytes();
  queue.records.pop_front();
  if (!queue.records.empty()) heads_.insert(place);
  count_waiting(queue, 1);
  any_room_ = any_room_ || (queue.full_at && queue.bytes < share() / 2);
}

std::optional<Instant> Merge::due() const {
  if (heads_.empty()) return std::nullopt;
  return (*heads_.begin())->second.records.front().since + patience_;
}

std::vector<std::pair<const TopicPartition*, int64_t>> Merge::room() {
  std::vector<std::pair<const TopicPartition*, int64_t>> found;
  if (!any_room_) return found;
  any_room_ = false;
  for (auto& [partition, queue] : queues_) {
    if (!queue.full_at || queue.bytes >= share() / 2) continue;
    found.emplace_back(partition, *queue.full_at);
    queue.full_at.reset();
  }
  return found;
}

std::optional<int64_t> Merge::first_held(const TopicPartition& partition) const {
  auto place = queues_.find(&partition);
  if (place == queues_.end() || place->second.records.empty()) return std::nullopt;
  return place->second.records.front().record.offset();
}

}  // namespace eventd
