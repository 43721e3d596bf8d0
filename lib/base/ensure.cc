// SPDX-License-Identifier: Apache-2.0
#include "lib/base/ensure.h"

#include <cstdio>
#include <cstdlib>

namespace eventd {

void ensure_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: this must hold, and does not: %s\n", file, line, condition);
  std::abort();
}

}  // namespace eventd
