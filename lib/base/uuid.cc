// SPDX-License-Identifier: Apache-2.0
#include "lib/base/uuid.h"

#include <sys/random.h>

#include <cstring>

#include "lib/base/bytes.h"
#include "lib/base/ensure.h"
#include "lib/base/text.h"

namespace eventd {

Uuid Uuid::random() {
  while (true) {
    Uuid id;
    ENSURE(getrandom(id.bytes.data(), id.bytes.size(), 0) == ssize_t{16});
    id.bytes[6] = static_cast<uint8_t>((id.bytes[6] & 0x0f) | 0x40);
    id.bytes[8] = static_cast<uint8_t>((id.bytes[8] & 0x3f) | 0x80);
    if (to_string(id).front() != '-') return id;
  }
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() != 22) return std::nullopt;
  std::string standard(text);
  for (char& c : standard) {
    if (c == '+' || c == '/') return std::nullopt;
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  std::optional<std::string> raw = from_base64(standard + "==");
  if (!raw || raw->size() != 16) return std::nullopt;
  Uuid id;
  std::memcpy(id.bytes.data(), raw->data(), 16);
  return id;
}

std::string to_string(const Uuid& id) {
  std::string text = to_base64(Bytes(id.bytes)).substr(0, 22);
  for (char& c : text) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  return text;
}

}  // namespace eventd

size_t std::hash<eventd::Uuid>::operator()(const eventd::Uuid& id) const noexcept {
  uint64_t halves[2];
  std::memcpy(halves, id.bytes.data(), sizeof halves);
  return halves[0] ^ (halves[1] * 0x9e3779b97f4a7c15u);
}
