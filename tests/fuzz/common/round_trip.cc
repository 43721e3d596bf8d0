// SPDX-License-Identifier: Apache-2.0
#include "lib/base/ensure.h"
#include "tests/fuzz/fuzz.h"

namespace eventd {

bool round_trip(const MessageKind& kind, Bytes body, int16_t version) {
  Result<Reading> first = kind.read(body, version);
  Result<size_t> prefix = kind.prefix_size(body, version);
  if (!first) {
    ENSURE(!prefix || *prefix < body.size());
    return false;
  }
  ENSURE(prefix && *prefix == body.size());
  ENSURE(first->encoding);
  ENSURE(first->bytes.size() == first->size_bytes);
  Result<Reading> second = kind.read(first->bytes, version);
  ENSURE(second);
  ENSURE(second->json == first->json);
  ENSURE(second->encoding && equal(second->bytes, first->bytes));
  return true;
}

void round_trip_chosen(std::span<const MessageKind> kinds, Bytes input) {
  if (input.size() < 2) return;
  const MessageKind& kind = kinds[input[0] % kinds.size()];
  const VersionRange& range = kind.format.versions;
  auto version = static_cast<int16_t>(range.min + input[1] % (range.max - range.min + 1));
  round_trip(kind, input.subspan(2), version);
}

std::vector<Buffer> seeds_of(std::span<const MessageKind> kinds,
                             std::initializer_list<const char*> files) {
  std::vector<Buffer> seeds;
  for (const char* file : files) {
    for (const GoldenMessage& message : golden_messages(file)) {
      for (size_t i = 0; i < kinds.size(); i++) {
        if (kinds[i].name != message.name) continue;
        Buffer& seed = seeds.emplace_back();
        seed.push_back(static_cast<uint8_t>(i));
        seed.push_back(static_cast<uint8_t>(message.version - kinds[i].format.versions.min));
        append(seed, message.bytes);
      }
    }
  }
  return seeds;
}

}  // namespace eventd
