// SPDX-License-Identifier: Apache-2.0
// A record batch from a peer: header, checksum, every codec, records and headers. The first byte
// chooses whether the rest is a batch or the compressed records of one.
#include <cstdlib>
#include <fstream>

#include "lib/record/codec.h"
#include "lib/record/control.h"
#include "lib/record/record.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/hex.h"

using namespace eventd;

namespace {

constexpr size_t kOutputMax = 1 << 20;

// What is built from the records that were read must be read again.
void rebuild(const std::vector<Record>& records) {
  BatchBuilder builder;
  for (const Record& record : records) {
    builder.append(record.timestamp_delta, record.key, record.value, record.headers());
  }
  Result<Bytes> batch = builder.finish_view({});
  if (!batch || !check_batch(*batch)) abort();
  auto count = static_cast<int32_t>(records.size());
  if (!walk_records(records_of(*batch), count)) abort();
}

void read_records(Bytes payload, int32_t count) {
  RecordReader reader(payload, count);
  std::vector<Record> records;
  Record record;
  while (reader.next(record)) {
    records.push_back(record);
    Result<ControlType> type = control_type(record);
    if (type && record.value) (void)parse_end_transaction(*record.value);  // only for its reads
  }
  bool walked = walk_records(payload, count).has_value();
  if (walked && !reader.finished()) abort();
  if (reader.finished()) rebuild(records);
}

}  // namespace

// Kafka's batches, whole, and their records by themselves.
std::vector<Buffer> eventd::seeds() {
  std::vector<Buffer> seeds;
  std::ifstream file(TEST_SOURCE_DIR "/golden/batches/kafka-4.3.1.txt");
  std::string line;
  while (std::getline(file, line)) {
    if (!line.starts_with("bytes ")) continue;
    Buffer batch = from_hex(std::string_view(line).substr(6));
    Result<BatchHeader> header = check_batch(batch);
    if (!header) abort();
    Buffer& whole = seeds.emplace_back(1, uint8_t{7});
    append(whole, batch);
    auto codec = static_cast<uint8_t>(header->codec());
    Buffer& records = seeds.emplace_back();
    records.push_back(static_cast<uint8_t>(codec + 8 * header->record_count));
    append(records, records_of(batch));
  }
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  Bytes rest(data + 1, size - 1);
  Buffer payload;
  if (data[0] % 8 < 5) {
    Result<void> done = decompress(static_cast<Codec>(data[0] % 8), rest, payload, kOutputMax);
    if (done && payload.size() > kOutputMax) abort();
    if (done) read_records(payload, data[0] / 8);
    return 0;
  }
  Buffer batch(rest.begin(), rest.end());
  if (batch.size() >= kBatchHeaderSize) refresh_crc(batch);
  Result<BatchHeader> header = check_batch(batch);
  if (!header) return 0;
  Result<void> done = decompress(header->codec(), records_of(batch), payload, kOutputMax);
  if (done) read_records(payload, header->record_count);
  return 0;
}
