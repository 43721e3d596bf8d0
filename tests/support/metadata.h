// SPDX-License-Identifier: Apache-2.0
// Metadata for tests: records as values, images as text.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "lib/cluster/image_builder.h"
#include "lib/wire/messages/metadata_records.h"

namespace eventd {

template <class M>
Buffer metadata_record(const M& record, int16_t version = M::format.versions.max) {
  Buffer value;
  Writer out(value);
  Result<void> encoded = encode_metadata_record(record, version, out);
  REQUIRE(encoded.has_value());
  return value;
}

// An id by its last byte.
inline Uuid id_of(uint8_t number) {
  Uuid id;
  id.bytes[0] = 7;  // none of Kafka's reserved ids
  id.bytes[15] = number;
  return id;
}

// Everything of an image but its position in the log, a line for each thing.
std::string describe(const Image& image);

// The image after these records; a failed check if one is refused.
std::shared_ptr<const Image> image_of(const std::vector<Buffer>& records,
                                      std::shared_ptr<const Image> base = nullptr);
// What the first refused record says; empty if none is.
std::string refusal_of(const std::vector<Buffer>& records);
Code refusal_code(const std::vector<Buffer>& records);

// Two topics (orders: 2 partitions, users: 1), this broker, features, configs.
std::vector<Buffer> small_cluster();

}  // namespace eventd
