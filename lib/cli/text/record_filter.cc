// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/text/record_filter.h"

#include <algorithm>

#include "lib/record/record.h"

namespace eventd {

namespace {

bool has_header(const Record& record, const std::string& name,
                const std::optional<std::string>& value) {
  std::optional<std::optional<Bytes>> last = last_header(record, name);
  if (!last || !value) return last.has_value();
  return *last && text_of(**last) == *value;
}

}  // namespace

bool RecordFilter::passes(const FetchedRecord& record) const {
  if (key && (!record.key || text_of(*record.key) != *key)) return false;
  for (const auto& [name, value] : headers) {
    if (!has_header(*record.record, name, value)) return false;
  }
  for (const Pattern& pattern : values) {
    if (!record.value || !pattern.found_in(text_of(*record.value))) return false;
  }
  return std::ranges::all_of(expressions, [&](const auto& where) { return where.holds(record); });
}

}  // namespace eventd
