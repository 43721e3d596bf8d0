// SPDX-License-Identifier: Apache-2.0
// How systemd and its like start a service: sockets that listen already, and a word when it is
// ready. The formats are those of sd_listen_fds(3) and sd_notify(3).
#pragma once

#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace eventd {

// The descriptors of LISTEN_FDS that are meant for this process, none if there are none; the
// variables are taken out of the environment. bad_config if one is no listening stream socket, or,
// without `anywhere`, if it can be reached from other machines.
Result<std::vector<int>> take_inherited_sockets(bool anywhere);

// Tells whoever waits at NOTIFY_SOCKET, if anybody does: "READY=1", "STOPPING=1".
void notify_supervisor(std::string_view state);

}  // namespace eventd
