// SPDX-License-Identifier: Apache-2.0
// stdin, stdout and stderr of a program that was started without one of them (`cmd >&-`).
#pragma once

namespace eventd {

// The first thing that a main does. Otherwise the next file or socket that is opened gets the free
// number, and what is meant for stdout goes into it. A closed stream becomes one that fails as a
// closed one does: nothing can be read from it, nothing written.
void hold_standard_streams();

}  // namespace eventd
