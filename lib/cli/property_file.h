// SPDX-License-Identifier: Apache-2.0
// Java's properties files, as java.util.Properties reads them.
//
//   # and ! begin a comment; KEY=VALUE, KEY:VALUE or KEY VALUE; a backslash at the end of a line
//   goes on with the next one, without the space it begins with; \t \n \r \f \uXXXX are known,
//   before any other character a backslash is left out.
//
// Java reads ISO 8859-1. A file that is UTF-8 as a whole is taken as that, any other as Java does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace eventd {

struct PropertyLine {
  std::string name;
  std::string value;  // without the space around it, as Kafka takes it
  int line = 0;       // where it begins, from 1 on
};

// In the order of the file, each time a key occurs. bad_config with the line number, behind `name`.
Result<std::vector<PropertyLine>> parse_properties(std::string_view text, std::string_view name);

// The whole of a small file, at most a MiB; bad_config if it cannot be read.
Result<std::string> read_config_file(const std::string& path);

}  // namespace eventd
