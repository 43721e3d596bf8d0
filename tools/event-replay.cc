// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/consume.h"

int main(int argc, char** argv) { return eventd::event_replay(argc, argv); }
