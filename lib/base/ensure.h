// SPDX-License-Identifier: Apache-2.0
// ENSURE(condition) ends the process when our own code is wrong, in release builds too. It is never
// used on bytes from a disk, a peer or a person: those get an Error.
#pragma once

namespace eventd {
[[noreturn]] void ensure_failed(const char* condition, const char* file, int line);
}

#define ENSURE(condition) \
  ((condition) ? void() : ::eventd::ensure_failed(#condition, __FILE__, __LINE__))
