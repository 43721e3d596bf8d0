// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/size.h"

#include "lib/base/text.h"

namespace eventd {

Result<uint64_t> parse_size_bytes(std::string_view given) {
  constexpr std::string_view kLetters = "KMGTPE";
  auto bad = [&](std::string_view why) {
    return fail(Code::bad_usage, text("'", printable(given), "': ", why));
  };
  std::string_view unit =
      given.substr(std::min(given.find_first_not_of("0123456789"), given.size()));
  auto number = parse_number<uint64_t>(given.substr(0, given.size() - unit.size()));
  if (!number) return bad("a size is as 10M, 4KB or 512");
  if (unit.empty()) return *number;
  size_t power = kLetters.find(unit.front() == 'k' ? 'K' : unit.front());
  std::string_view rest = unit.substr(1);
  if (power == std::string_view::npos || (!rest.empty() && rest != "B" && rest != "iB")) {
    return bad("the units of a size are K M G T P E (1024) and KB MB .. (1000)");
  }
  uint64_t factor = rest == "B" ? 1000 : 1024;
  uint64_t size = *number;
  for (size_t i = 0; i <= power; i++) {
    if (__builtin_mul_overflow(size, factor, &size)) return bad("the size is too large");
  }
  return size;
}

}  // namespace eventd
