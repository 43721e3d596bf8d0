// SPDX-License-Identifier: Apache-2.0
// `eventd run`: a broker for one command.
#pragma once

#include <string>
#include <vector>

#include "lib/broker/options.h"

namespace eventd {

// Runs the command beside a broker that it finds by its environment, and ends as it ends; returns
// only where the command could not run: the exit status.
int run_command(const Options& options, const std::vector<std::string>& command);

}  // namespace eventd
