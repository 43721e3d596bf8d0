// SPDX-License-Identifier: Apache-2.0
#include "lib/wire/api.h"

namespace eventd {

std::string_view name_of(ApiKey key) {
  switch (key) {
#define EVENTD_API_KEY(name, number, text, flexible) \
  case ApiKey::name:                                 \
    return text;
    EVENTD_API_KEYS(EVENTD_API_KEY)
#undef EVENTD_API_KEY
  }
  return "?";
}

std::optional<ApiKey> api_key_of(int16_t number) {
  ApiKey key = static_cast<ApiKey>(number);
  if (name_of(key) == "?") return std::nullopt;
  return key;
}

namespace {
int16_t first_flexible(ApiKey key) {
  switch (key) {
#define EVENTD_API_KEY(name, number, text, flexible) \
  case ApiKey::name:                                 \
    return flexible;
    EVENTD_API_KEYS(EVENTD_API_KEY)
#undef EVENTD_API_KEY
  }
  return kNeverFlexible;
}
}  // namespace

bool is_flexible(ApiKey key, int16_t version) { return version >= first_flexible(key); }

int16_t request_header_version(ApiKey key, int16_t version) {
  return is_flexible(key, version) ? 2 : 1;
}

int16_t response_header_version(ApiKey key, int16_t version) {
  if (key == ApiKey::api_versions) return 0;
  return is_flexible(key, version) ? 1 : 0;
}

}  // namespace eventd
