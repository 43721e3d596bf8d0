// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/admin.h"

int main(int argc, char** argv) { return eventd::event_admin(argc, argv); }
