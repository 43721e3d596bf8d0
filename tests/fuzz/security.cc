// SPDX-License-Identifier: Apache-2.0
// What a hostile broker says in a SCRAM exchange, and what stands in a properties file or behind
// sasl.jaas.config. The first byte chooses.
#include <algorithm>

#include "lib/base/ensure.h"
#include "lib/cli/jaas.h"
#include "lib/cli/property_file.h"
#include "lib/security/scram.h"
#include "tests/fuzz/fuzz.h"

using namespace eventd;

namespace {

constexpr const char* kNonce = "rOprNGfwEbeRWgbNEkqO";

Buffer seed(uint8_t kind, std::string_view text) {
  Buffer out{kind};
  append(out, bytes_of(text));
  return out;
}

// Two messages, with a NUL between them. Nobody who does not know the password is believed.
void scram(std::string_view text) {
  size_t split = text.find('\0');
  // A million rounds take a second, and nothing else becomes of them than of 4096.
  for (size_t at = text.find("i="); at != text.npos; at = text.find("i=", at + 1)) {
    size_t digits = text.find_first_not_of("0123456789", at + 2);
    size_t size = std::min(digits, text.size()) - at - 2;
    if (size == 5 || size == 6 || size == 7) return;
  }
  ScramClient client(ScramHash::sha256, "user", "pencil", kNonce);
  Result<std::string> final = client.final(text.substr(0, split));
  if (final) ENSURE(final->starts_with("c=biws,r=rOprNGfwEbeRWgbNEkqO"));
  if (split == std::string_view::npos) return;
  Result<void> verified = client.verify(text.substr(split + 1));
  ENSURE(final || !verified);
}

void properties(std::string_view text) {
  Result<std::vector<PropertyLine>> lines = parse_properties(text, "f");
  if (!lines) return;
  ENSURE(lines->size() <= text.size());
  for (const PropertyLine& line : *lines) ENSURE(line.line >= 1);
}

}  // namespace

std::vector<Buffer> eventd::seeds() {
  return {
      seed(0, std::string("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                          "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096") +
                  '\0' + "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="),
      seed(0, std::string("r=rOprNGfwEbeRWgbNEkqOx,s=W22Z,i=2147483647") + '\0' + "e=other-error"),
      seed(1, "# a\nb=c\\\n  d\\u00fc\\ud83d\\ude00\r\ne : f\\t\n"),
      seed(2, "a.ScramLoginModule required username=\"u\" password='p\\'' tokenauth=true;"),
  };
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string_view text = text_of(Bytes(data + 1, size - 1));
  switch (data[0] % 3) {
    case 0:
      scram(text);
      break;
    case 1:
      properties(text);
      break;
    default:
      (void)parse_jaas(text);  // only that it ends
  }
  return 0;
}
