// SPDX-License-Identifier: Apache-2.0
#include "lib/client/producer_batch.h"

#include "lib/base/ensure.h"
#include "lib/record/builder.h"
#include "lib/record/codec.h"
#include "lib/record/record.h"

namespace eventd {

namespace {
// We compressed it ourselves, from no more than this.
constexpr size_t kPlainMax = size_t{2} << 30;
}  // namespace

void number_batch(ProducerBatch& batch, ProducerId id, ProducerEpoch epoch, int32_t sequence) {
  Result<BatchHeader> header = parse_batch_header(batch.bytes);
  ENSURE(header.has_value());
  header->producer_id = id;
  header->producer_epoch = epoch;
  header->base_sequence = sequence;
  encode_batch_header(*header, batch.bytes);
  refresh_crc(batch.bytes);
}

Result<ProducerBatchHalves> halve_batch(const ProducerBatch& batch) {
  Result<BatchHeader> header = parse_batch_header(batch.bytes);
  if (!header) return pass(header);
  ENSURE(header->record_count > 1);
  Bytes payload = records_of(batch.bytes);
  Buffer plain;
  if (header->codec() != Codec::none) {
    Result<void> opened = decompress(header->codec(), payload, plain, kPlainMax);
    if (!opened) return pass(opened);
    payload = plain;
  }
  RecordReader reader(payload, header->record_count);
  Record record;
  size_t at = 0;
  auto take = [&](int32_t count) -> Result<std::shared_ptr<ProducerBatch>> {
    BatchBuilder builder;
    auto half = std::make_shared<ProducerBatch>();
    for (; half->record_count < count && reader.next(record); half->record_count++) {
      builder.append(header->base_timestamp + record.timestamp_delta, record.key, record.value,
                     record.headers());
      half->tokens.push_back(batch.tokens[at]);
      if (!batch.timestamps.empty()) half->timestamps.push_back(batch.timestamps[at]);
      at++;
      half->payload_bytes += record.key.value_or(Bytes()).size();
      half->payload_bytes += record.value.value_or(Bytes()).size();
    }
    Result<Buffer> bytes = builder.finish({.codec = header->codec()});
    if (!bytes) return pass(bytes);
    half->bytes = std::move(*bytes);
    half->born = batch.born;
    return half;
  };
  auto first = take(header->record_count / 2);
  if (!first) return pass(first);
  auto second = take(header->record_count - (*first)->record_count);
  if (!second) return pass(second);
  return ProducerBatchHalves{std::move(*first), std::move(*second)};
}

}  // namespace eventd
