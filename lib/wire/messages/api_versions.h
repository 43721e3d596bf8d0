// SPDX-License-Identifier: Apache-2.0
// ApiVersions: which APIs a broker serves, and which features are finalised.
#pragma once

#include "lib/wire/message.h"

namespace eventd {

// Its header has no tagged fields in any version, and a version that the broker does not know is
// answered as 0.
struct ApiVersionsResponse {
  static constexpr Api api{.key = ApiKey::api_versions, .versions = {0, 4}, .flexible = 3};

  struct ApiVersion {
    int16_t api_key = 0;
    int16_t min_version = 0;
    int16_t max_version = 0;
    bool operator==(const ApiVersion&) const = default;
    static void describe(auto& m, auto& f) {
      f("ApiKey", m.api_key);
      f("MinVersion", m.min_version);
      f("MaxVersion", m.max_version);
    }
  };
  struct SupportedFeatureKey {
    std::string_view name;
    int16_t min_version = 0;
    int16_t max_version = 0;
    bool operator==(const SupportedFeatureKey&) const = default;
    static void describe(auto& m, auto& f) {
      f("Name", m.name, since(3));
      f("MinVersion", m.min_version, since(3));
      f("MaxVersion", m.max_version, since(3));
    }
  };
  struct FinalizedFeatureKey {
    std::string_view name;
    int16_t max_version_level = 0;
    int16_t min_version_level = 0;
    bool operator==(const FinalizedFeatureKey&) const = default;
    static void describe(auto& m, auto& f) {
      f("Name", m.name, since(3));
      f("MaxVersionLevel", m.max_version_level, since(3));
      f("MinVersionLevel", m.min_version_level, since(3));
    }
  };

  int16_t error_code = 0;
  std::vector<ApiVersion> api_keys;
  int32_t throttle_time_ms = 0;
  std::vector<SupportedFeatureKey> supported_features;
  int64_t finalized_features_epoch = -1;
  std::vector<FinalizedFeatureKey> finalized_features;
  bool zk_migration_ready = false;

  static void describe(auto& m, auto& f) {
    f("ErrorCode", m.error_code);
    f("ApiKeys", m.api_keys);
    f("ThrottleTimeMs", m.throttle_time_ms, since(1), ignorable);
    f("SupportedFeatures", m.supported_features, tagged(0, since(3)), ignorable);
    f("FinalizedFeaturesEpoch", m.finalized_features_epoch, tagged(1, since(3)), ignorable);
    f("FinalizedFeatures", m.finalized_features, tagged(2, since(3)), ignorable);
    f("ZkMigrationReady", m.zk_migration_ready, tagged(3, since(3)), ignorable);
  }
};

// 3 is flexible and names the client's software.
struct ApiVersionsRequest {
  static constexpr Api api{.key = ApiKey::api_versions, .versions = {0, 4}, .flexible = 3};
  using Response = ApiVersionsResponse;

  std::string_view client_software_name;
  std::string_view client_software_version;

  static void describe(auto& m, auto& f) {
    f("ClientSoftwareName", m.client_software_name, since(3), ignorable);
    f("ClientSoftwareVersion", m.client_software_version, since(3), ignorable);
  }
};

}  // namespace eventd
