// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/text/escapes.h"

#include <charconv>

#include "lib/base/text.h"

namespace eventd {

Result<std::string> unescape(std::string_view in) {
  std::string out;
  for (size_t i = 0; i < in.size(); i++) {
    if (in[i] != '\\') {
      out += in[i];
      continue;
    }
    char next = ++i < in.size() ? in[i] : '\0';
    switch (next) {
      case 'n':
        out += '\n';
        continue;
      case 't':
        out += '\t';
        continue;
      case 'r':
        out += '\r';
        continue;
      case '0':
        out += '\0';
        continue;
      case '\\':
        out += '\\';
        continue;
      default:
        break;
    }
    unsigned value = 0;
    bool hex = next == 'x' && i + 2 < in.size();
    if (hex) {
      auto [end, error] = std::from_chars(&in[i + 1], &in[i + 1] + 2, value, 16);
      hex = error == std::errc{} && end == &in[i + 1] + 2;
    }
    if (!hex) {
      return fail(Code::bad_usage, text("'", printable(in),
                                        "': the escapes are \\n \\t \\r \\0 "
                                        "\\\\ \\xHH"));
    }
    out += static_cast<char>(value);
    i += 2;
  }
  return out;
}

}  // namespace eventd
