// SPDX-License-Identifier: Apache-2.0
// Known bugs that a test may plant with EVENTD_MUTANT=name, to see that other tests notice. A build
// without EVENTD_MUTANTS has none of them.
#pragma once

#include <cstdlib>
#include <string_view>

namespace eventd {

#ifdef EVENTD_MUTANTS
inline bool is_mutant(std::string_view name) {
  static const char* const chosen = std::getenv("EVENTD_MUTANT");
  return chosen != nullptr && name == chosen;
}
#else
constexpr bool is_mutant(std::string_view) { return false; }
#endif

}  // namespace eventd
