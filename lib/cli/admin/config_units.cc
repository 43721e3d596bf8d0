// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/admin/config_units.h"

#include "lib/base/text.h"
#include "lib/cli/position.h"
#include "lib/cli/size.h"

namespace eventd {

Result<std::string> in_kafka_units(std::string_view key, std::string_view value) {
  bool is_duration = key.ends_with(".ms");
  bool is_size = key.ends_with(".bytes");
  if ((!is_duration && !is_size) || parse_number<int64_t>(value)) return std::string(value);
  if (is_duration) {
    Result<int64_t> ms = parse_duration_ms(value);
    if (!ms) return pass(ms, key);
    return std::to_string(*ms);
  }
  Result<uint64_t> bytes = parse_size_bytes(value);
  if (!bytes) return pass(bytes, key);
  return std::to_string(*bytes);
}

}  // namespace eventd
