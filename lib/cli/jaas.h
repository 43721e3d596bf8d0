// SPDX-License-Identifier: Apache-2.0
// sasl.jaas.config: one login module of Java's with its options.
//
//   CLASS required|requisite|sufficient|optional NAME=VALUE NAME="VALUE" ..;
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace eventd {

struct JaasEntry {
  std::string module;  // the class, with its package
  std::map<std::string, std::string, std::less<>> options;
};

// bad_config with what is wrong; the text itself, which holds a password, is not repeated.
Result<JaasEntry> parse_jaas(std::string_view text);

}  // namespace eventd
