// SPDX-License-Identifier: Apache-2.0
// The body of a request, of every API in every version.
#include "tests/fuzz/fuzz.h"

using namespace eventd;

std::vector<Buffer> eventd::seeds() {
  return seeds_of(request_kinds(), {"kafka-4.3.1/requests.txt", "kmsg-1.15.0/requests.txt"});
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  round_trip_chosen(request_kinds(), Bytes(data, size));
  return 0;
}
