// SPDX-License-Identifier: Apache-2.0
// Which records pass: -k, -H, --grep, --where. All must hold.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/cli/text/filter_expression.h"
#include "lib/cli/text/pattern.h"

namespace eventd {

struct RecordFilter {
  std::optional<std::string> key;
  // A header of that name, of several the last, with that value; without a value any, null or not.
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;
  std::vector<Pattern> values;
  std::vector<FilterExpression> expressions;

  bool passes(const FetchedRecord& record) const;
};

}  // namespace eventd
