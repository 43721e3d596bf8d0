// SPDX-License-Identifier: Apache-2.0
#include "lib/base/standard_streams.h"
#include "lib/cli/produce/produce.h"

int main(int argc, char** argv) {
  eventd::hold_standard_streams();
  return eventd::event_produce(argc, argv);
}
