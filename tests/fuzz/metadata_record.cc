// SPDX-License-Identifier: Apache-2.0
// The whole value of a record of the metadata log: frame version, type, version and message.
#include "lib/wire/messages/metadata_records.h"

#include "lib/base/ensure.h"
#include "tests/fuzz/fuzz.h"

using namespace eventd;

std::vector<Buffer> eventd::seeds() {
  std::vector<Buffer> seeds;
  for (const GoldenMessage& record : golden_messages("kafka-4.3.1/metadata-records.txt")) {
    seeds.push_back(record.bytes);
  }
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Bytes value(data, size);
  Result<MetadataRecordHead> head = parse_metadata_record_head(value);
  if (!head) return 0;
  Buffer written;
  Writer writer(written);
  write_metadata_record_head(head->type, head->version, writer);
  ENSURE(written.size() <= head->size_bytes);  // the head that came may be longer than it need be
  for (const MessageKind& kind : metadata_record_kinds()) {
    if (kind.record_type != head->type) continue;
    round_trip(kind, value.subspan(head->size_bytes), head->version);
  }
  return 0;
}
