// SPDX-License-Identifier: Apache-2.0
// The value of a control record of the metadata log or of a snapshot, in every version.
#include "tests/fuzz/fuzz.h"

using namespace eventd;

std::vector<Buffer> eventd::seeds() {
  return seeds_of(control_record_kinds(), {"kafka-4.3.1/control-records.txt"});
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  round_trip_chosen(control_record_kinds(), Bytes(data, size));
  return 0;
}
