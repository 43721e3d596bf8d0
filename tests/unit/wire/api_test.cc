// SPDX-License-Identifier: Apache-2.0
// Which versions of which APIs lib/wire can code.
#include "lib/wire/api.h"

#include <doctest/doctest.h>

#include <map>

#include "lib/wire/messages/metadata.h"
#include "lib/wire/messages/produce.h"
#include "tests/support/messages.h"

using namespace eventd;

namespace {

const std::map<int16_t, VersionRange> kVersions = {
    {0, {3, 13}}, {1, {4, 17}}, {2, {1, 11}}, {3, {0, 13}}, {10, {0, 6}}, {18, {0, 4}},
    {19, {2, 7}}, {20, {1, 6}}, {21, {0, 2}}, {22, {0, 5}}, {23, {2, 4}}, {32, {1, 4}},
    {33, {0, 2}}, {35, {1, 5}}, {37, {0, 3}}, {44, {0, 1}}, {60, {0, 2}}, {61, {0, 0}},
    {74, {0, 1}}, {75, {0, 0}},  {17, {0, 1}}, {36, {0, 2}},
};

std::map<int16_t, VersionRange> versions_of(std::span<const MessageKind> kinds) {
  std::map<int16_t, VersionRange> versions;
  for (const MessageKind& kind : kinds) {
    versions[static_cast<int16_t>(*kind.api)] = kind.format.versions;
  }
  return versions;
}

}  // namespace

TEST_CASE("requests and responses exist in exactly the versions that are promised") {
  CHECK(versions_of(request_kinds()) == kVersions);
  CHECK(versions_of(response_kinds()) == kVersions);
}

TEST_CASE("a message is flexible from the same version on as its header") {
  for (auto kinds : {request_kinds(), response_kinds()}) {
    for (const MessageKind& kind : kinds) {
      CAPTURE(kind.name);
      for (int16_t v = kind.format.versions.min; v <= kind.format.versions.max; v++) {
        CHECK(is_flexible(*kind.api, v) == (v >= kind.format.flexible));
      }
    }
  }
}

TEST_CASE("only Produce is advertised from an older version than is served") {
  CHECK(ProduceRequest::api.advertised_min() == 0);
  CHECK(MetadataRequest::api.advertised_min() == 0);
  for (auto [key, range] : kVersions) {
    Api api{.key = static_cast<ApiKey>(key), .versions = range};
    CHECK(api.advertised_min() == (key == 0 ? 0 : range.min));
  }
}
