// SPDX-License-Identifier: Apache-2.0
#include "lib/log/producer_state.h"

#include <algorithm>

#include "lib/base/crc32c.h"
#include "lib/base/reader.h"
#include "lib/base/text.h"
#include "lib/record/control.h"
#include "lib/record/record.h"

namespace eventd {

namespace {

constexpr int16_t kSnapshotVersion = 1;
constexpr size_t kSnapshotHeaderSize = 10;
constexpr size_t kSnapshotChecksummedFrom = 6;
constexpr size_t kSnapshotEntrySize = 46;

// Writes and moves on.
template <class T>
void put(uint8_t*& at, T value) {
  store_big_endian(at, value);
  at += sizeof value;
}

// Sequences wrap after 2147483647.
int32_t first_sequence_of(int32_t last, int32_t offset_delta) {
  int64_t first = int64_t{last} - offset_delta;
  return static_cast<int32_t>(first < 0 ? first + (int64_t{1} << 31) : first);
}

bool follows(int32_t next, int32_t last) {
  return next == (last == kNoSequence ? 0 : advance_sequence(last, 1));
}

}  // namespace

void ProducerState::Producer::add(const Batch& batch) {
  if (batch_count == kBatchesKept) {
    std::move(batches.begin() + 1, batches.end(), batches.begin());
    batch_count--;
  }
  batches[batch_count++] = batch;
  last_timestamp = batch.timestamp;
}

Result<std::optional<OriginalBatch>> ProducerState::check(const BatchHeader& header,
                                                          AppendOrigin origin) const {
  std::optional<OriginalBatch> nothing;
  if (!header.has_producer() || origin == AppendOrigin::replica) return nothing;
  auto found = producers_.find(header.producer_id);
  if (found == producers_.end()) return nothing;
  const Producer& known = found->second;
  if (header.producer_epoch < known.epoch) {
    return fail(Code::invalid_producer_epoch, text("producer ", header.producer_id, " has epoch ",
                                                   known.epoch, ", not ", header.producer_epoch));
  }
  if (header.is_control()) return nothing;
  if (header.producer_epoch > known.epoch) {
    if (header.base_sequence == 0) return nothing;
    return fail(Code::out_of_order_sequence_number,
                text("producer ", header.producer_id, " begins epoch ", header.producer_epoch,
                     " with sequence ", header.base_sequence));
  }
  for (size_t i = 0; i < known.batch_count; i++) {
    const Batch& batch = known.batches[i];
    if (batch.first_sequence == header.base_sequence &&
        batch.last_sequence == header.last_sequence()) {
      return OriginalBatch{batch.last_offset - batch.offset_delta, batch.last_offset,
                           batch.timestamp};
    }
  }
  // A producer of which only a marker is known begins with 0.
  if (follows(header.base_sequence, known.last_sequence())) return nothing;
  return fail(Code::out_of_order_sequence_number,
              text("producer ", header.producer_id, " sent sequence ", header.base_sequence,
                   " after ", known.last_sequence()));
}

void ProducerState::apply(const BatchHeader& header, Bytes records) {
  if (!header.has_producer()) return;
  Producer& producer = producers_[header.producer_id];
  if (header.producer_epoch > producer.epoch) {
    producer.epoch = header.producer_epoch;
    producer.batch_count = 0;
  }
  if (header.is_control()) return end_transaction(producer, header, records);
  Batch batch;
  batch.first_sequence = header.base_sequence;
  batch.last_sequence = header.last_sequence();
  batch.last_offset = header.last_offset();
  batch.offset_delta = header.last_offset_delta;
  batch.timestamp = header.max_timestamp;
  producer.add(batch);
  if (header.is_transactional() && producer.transaction_start < 0) {
    producer.transaction_start = header.base_offset.value;
  }
}

void ProducerState::end_transaction(Producer& producer, const BatchHeader& header, Bytes records) {
  RecordReader reader(records, header.record_count);
  Record record;
  if (!reader.next(record) || !record.value) return;
  Result<EndTransaction> marker = parse_end_transaction(*record.value);
  if (!marker) return;
  producer.coordinator_epoch = marker->coordinator_epoch;
  producer.transaction_start = -1;
  producer.last_timestamp = header.max_timestamp;
}

void ProducerState::expire(int64_t now_ms, int64_t expiration_ms) {
  std::erase_if(producers_, [&](const auto& entry) {
    const Producer& producer = entry.second;
    return producer.transaction_start < 0 && producer.last_timestamp < now_ms - expiration_ms;
  });
}

std::optional<Offset> ProducerState::first_unstable() const {
  std::optional<Offset> first;
  for (const auto& [id, producer] : producers_) {
    if (producer.transaction_start < 0) continue;
    Offset start{producer.transaction_start};
    first = first ? std::min(*first, start) : start;
  }
  return first;
}

std::vector<ProducerSummary> ProducerState::summaries() const {
  std::vector<ProducerSummary> out;
  for (const auto& [id, producer] : producers_) {
    out.push_back({id, producer.epoch, producer.last_sequence(), producer.last_timestamp,
                   producer.coordinator_epoch, producer.transaction_start});
  }
  std::ranges::sort(out, {}, &ProducerSummary::id);
  return out;
}

Buffer ProducerState::encode() const {
  std::vector<ProducerId> ids;
  for (const auto& [id, producer] : producers_) ids.push_back(id);
  std::ranges::sort(ids);
  Buffer snapshot(kSnapshotHeaderSize + ids.size() * kSnapshotEntrySize);
  uint8_t* out = snapshot.data();
  put(out, kSnapshotVersion);
  put(out, uint32_t{0});
  put(out, static_cast<int32_t>(ids.size()));
  for (ProducerId id : ids) {
    const Producer& producer = producers_.at(id);
    bool any = producer.batch_count > 0;
    Batch last;
    if (any) last = producer.batches[producer.batch_count - 1];
    put(out, id.value);
    put(out, producer.epoch.value);
    put(out, any ? last.last_sequence : int32_t{-1});
    put(out, any ? last.last_offset.value : int64_t{-1});
    put(out, any ? last.offset_delta : int32_t{0});
    put(out, producer.last_timestamp);
    put(out, producer.coordinator_epoch);
    put(out, producer.transaction_start);
  }
  uint32_t crc = crc32c(Bytes(snapshot).subspan(kSnapshotChecksummedFrom));
  store_big_endian(snapshot.data() + sizeof(int16_t), crc);
  return snapshot;
}

Result<ProducerState> ProducerState::decode(Bytes snapshot) {
  Reader read(snapshot);
  auto version = read.number<int16_t>();
  auto crc = read.number<uint32_t>();
  auto count = read.number<int32_t>();
  if (read.failed() || version != kSnapshotVersion || count < 0 ||
      static_cast<uint64_t>(count) != read.left() / kSnapshotEntrySize ||
      snapshot.size() != kSnapshotHeaderSize + static_cast<size_t>(count) * kSnapshotEntrySize) {
    return fail(Code::bad_data, "a producer snapshot has another size or version");
  }
  if (crc != crc32c(snapshot.subspan(kSnapshotChecksummedFrom))) {
    return fail(Code::bad_data, "a producer snapshot fails its checksum");
  }
  ProducerState state;
  for (int32_t i = 0; i < count; i++) {
    ProducerId id{read.number<int64_t>()};
    Producer& producer = state.producers_[id];
    producer.epoch = ProducerEpoch{read.number<int16_t>()};
    Batch last;
    last.last_sequence = read.number<int32_t>();
    last.last_offset = Offset{read.number<int64_t>()};
    last.offset_delta = read.number<int32_t>();
    last.timestamp = read.number<int64_t>();
    producer.coordinator_epoch = read.number<int32_t>();
    producer.transaction_start = read.number<int64_t>();
    producer.last_timestamp = last.timestamp;
    bool has_batch = last.last_sequence >= 0;
    if (has_batch && (last.offset_delta < 0 || last.last_offset.value < last.offset_delta)) {
      return fail(Code::bad_data, "a producer snapshot has an offset that cannot be");
    }
    if (!has_batch) continue;
    last.first_sequence = first_sequence_of(last.last_sequence, last.offset_delta);
    producer.add(last);
  }
  return state;
}

}  // namespace eventd
