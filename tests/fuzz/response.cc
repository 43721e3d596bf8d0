// SPDX-License-Identifier: Apache-2.0
// The body of a response, of every API in every version: what a broker could do to our tools.
#include "tests/fuzz/fuzz.h"

using namespace eventd;

std::vector<Buffer> eventd::seeds() {
  return seeds_of(response_kinds(), {"kafka-4.3.1/responses.txt", "kmsg-1.15.0/responses.txt"});
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  round_trip_chosen(response_kinds(), Bytes(data, size));
  return 0;
}
