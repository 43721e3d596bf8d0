// SPDX-License-Identifier: Apache-2.0
#include "tests/support/batches.h"

#include "lib/base/text.h"
#include "lib/record/builder.h"

namespace eventd {

Buffer batch_of(const Strings& values, int64_t timestamp, Codec codec, TestProducer producer) {
  BatchBuilder builder;
  for (const std::string& value : values) {
    builder.append(timestamp++, std::nullopt, bytes_of(value));
  }
  BatchOptions options{.codec = codec};
  if (producer.id >= 0) {
    options.producer_id = ProducerId{producer.id};
    options.producer_epoch = ProducerEpoch{producer.epoch};
    options.base_sequence = producer.sequence;
  }
  return *builder.finish(options);
}

Strings numbered(int from, int to) {
  Strings out;
  for (int i = from; i < to; i++) out.push_back(text("value-", i));
  return out;
}

}  // namespace eventd
