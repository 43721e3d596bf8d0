// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/program.h"

int main(int argc, char** argv) { return eventd::eventd_main(argc, argv); }
