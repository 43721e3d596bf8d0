// SPDX-License-Identifier: Apache-2.0
// The program eventd, once its command line is read.
#pragma once

#include "lib/broker/options.h"

namespace eventd {

// Serves until a signal. The exit status: see eventd_main().
int serve(const Options& options);

}  // namespace eventd
