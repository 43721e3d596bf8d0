// SPDX-License-Identifier: Apache-2.0
// The program eventd: its command line, its signals, and `eventd run`.
#pragma once

namespace eventd {

// Exit status: 0 after a clean stop, 2 for a bad config or command line, 3 where the directory or
// the port is taken, 4 where the disk fails.
int eventd_main(int argc, char** argv);

}  // namespace eventd
