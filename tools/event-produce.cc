// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/produce.h"

int main(int argc, char** argv) { return eventd::event_produce(argc, argv); }
