// SPDX-License-Identifier: Apache-2.0
#include "lib/client/partitioner.h"

#include <doctest/doctest.h>

#include <fstream>
#include <string>

#include "lib/base/text.h"
#include "tests/support/hex.h"

using namespace eventd;

namespace {

// Holds key_partition() against what others' code has answered: KEY COUNT PARTITION lines.
int compare(Partitioner partitioner, const std::string& file) {
  std::ifstream in(std::string(TEST_SOURCE_DIR) + "/golden/partitions/" + file);
  std::string key;
  int32_t count = 0;
  int32_t expected = 0;
  int compared = 0;
  for (; in >> key >> count >> expected; compared++) {
    Buffer bytes = from_hex(key.substr(1));
    CHECK_MESSAGE(key_partition(partitioner, bytes, count) == expected, key, " of ", count);
  }
  return compared;
}

}  // namespace

TEST_CASE("keys go where Java's, librdkafka's and sarama's own code puts them") {
  CHECK(compare(Partitioner::murmur2, "murmur2-kafka-4.3.1.txt") == 420);
  CHECK(compare(Partitioner::crc32, "crc32-librdkafka-2.0.2.txt") == 420);
  CHECK(compare(Partitioner::fnv1a, "fnv1a-sarama-1.61.1.txt") == 420);
}

TEST_CASE("partitioners have names") {
  CHECK(partitioner_named("round-robin") == Partitioner::round_robin);
  CHECK(partitioner_named("murmur2") == Partitioner::murmur2);
  CHECK(!partitioner_named("murmur"));
}
