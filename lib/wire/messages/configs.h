// SPDX-License-Identifier: Apache-2.0
// DescribeConfigs, AlterConfigs, IncrementalAlterConfigs and ListConfigResources.
#pragma once

#include "lib/wire/message.h"

namespace eventd {

struct DescribeConfigsResponse {
  static constexpr Api api{.key = ApiKey::describe_configs, .versions = {1, 4}, .flexible = 4};

  struct DescribeConfigsSynonym {
    std::string_view name;
    std::optional<std::string_view> value;
    int8_t source = 0;
    bool operator==(const DescribeConfigsSynonym&) const = default;
    static void describe(auto& m, auto& f) {
      f("Name", m.name);
      f("Value", m.value);
      f("Source", m.source);
    }
  };
  struct DescribeConfigsResourceResult {
    std::string_view name;
    std::optional<std::string_view> value;
    bool read_only = false;
    int8_t config_source = -1;  // 1 topic, 2 broker, 3 all brokers, 4 the broker's file, 5 default.
    bool is_sensitive = false;
    std::vector<DescribeConfigsSynonym> synonyms;
    int8_t config_type = 0;
    std::optional<std::string_view> documentation;
    static void describe(auto& m, auto& f) {
      f("Name", m.name);
      f("Value", m.value);
      f("ReadOnly", m.read_only);
      f("ConfigSource", m.config_source, ignorable);
      f("IsSensitive", m.is_sensitive);
      f("Synonyms", m.synonyms, ignorable);
      f("ConfigType", m.config_type, since(3), ignorable);
      f("Documentation", m.documentation, since(3), ignorable);
    }
  };
  struct DescribeConfigsResult {
    int16_t error_code = 0;
    std::optional<std::string_view> error_message;
    int8_t resource_type = 0;
    std::string_view resource_name;
    std::vector<DescribeConfigsResourceResult> configs;
    static void describe(auto& m, auto& f) {
      f("ErrorCode", m.error_code);
      f("ErrorMessage", m.error_message);
      f("ResourceType", m.resource_type);
      f("ResourceName", m.resource_name);
      f("Configs", m.configs);
    }
  };

  int32_t throttle_time_ms = 0;
  std::vector<DescribeConfigsResult> results;

  static void describe(auto& m, auto& f) {
    f("ThrottleTimeMs", m.throttle_time_ms);
    f("Results", m.results);
  }
};

struct DescribeConfigsRequest {
  static constexpr Api api{.key = ApiKey::describe_configs, .versions = {1, 4}, .flexible = 4};
  using Response = DescribeConfigsResponse;

  struct DescribeConfigsResource {
    int8_t resource_type = 0;
    std::string_view resource_name;
    std::optional<std::vector<std::string_view>> configuration_keys;  // Null: all.
    static void describe(auto& m, auto& f) {
      f("ResourceType", m.resource_type);
      f("ResourceName", m.resource_name);
      f("ConfigurationKeys", m.configuration_keys);
    }
  };

  std::vector<DescribeConfigsResource> resources;
  bool include_synonyms = false;
  bool include_documentation = false;

  static void describe(auto& m, auto& f) {
    f("Resources", m.resources);
    f("IncludeSynonyms", m.include_synonyms);
    f("IncludeDocumentation", m.include_documentation, since(3));
  }
};

struct AlterConfigsResponse {
  static constexpr Api api{.key = ApiKey::alter_configs, .versions = {0, 2}, .flexible = 2};

  struct AlterConfigsResourceResponse {
    int16_t error_code = 0;
    std::optional<std::string_view> error_message;
    int8_t resource_type = 0;
    std::string_view resource_name;
    bool operator==(const AlterConfigsResourceResponse&) const = default;
    static void describe(auto& m, auto& f) {
      f("ErrorCode", m.error_code);
      f("ErrorMessage", m.error_message);
      f("ResourceType", m.resource_type);
      f("ResourceName", m.resource_name);
    }
  };

  int32_t throttle_time_ms = 0;
  std::vector<AlterConfigsResourceResponse> responses;

  static void describe(auto& m, auto& f) {
    f("ThrottleTimeMs", m.throttle_time_ms);
    f("Responses", m.responses);
  }
};

struct AlterConfigsRequest {
  static constexpr Api api{.key = ApiKey::alter_configs, .versions = {0, 2}, .flexible = 2};
  using Response = AlterConfigsResponse;

  struct AlterableConfig {
    std::string_view name;
    std::optional<std::string_view> value;
    bool operator==(const AlterableConfig&) const = default;
    static void describe(auto& m, auto& f) {
      f("Name", m.name);
      f("Value", m.value);
    }
  };
  struct AlterConfigsResource {
    int8_t resource_type = 0;
    std::string_view resource_name;
    std::vector<AlterableConfig> configs;
    static void describe(auto& m, auto& f) {
      f("ResourceType", m.resource_type);
      f("ResourceName", m.resource_name);
      f("Configs", m.configs);
    }
  };

  std::vector<AlterConfigsResource> resources;
  bool validate_only = false;

  static void describe(auto& m, auto& f) {
    f("Resources", m.resources);
    f("ValidateOnly", m.validate_only);
  }
};

struct IncrementalAlterConfigsResponse {
  static constexpr Api api{
      .key = ApiKey::incremental_alter_configs, .versions = {0, 1}, .flexible = 1};

  using AlterConfigsResourceResponse = AlterConfigsResponse::AlterConfigsResourceResponse;

  int32_t throttle_time_ms = 0;
  std::vector<AlterConfigsResourceResponse> responses;

  static void describe(auto& m, auto& f) {
    f("ThrottleTimeMs", m.throttle_time_ms);
    f("Responses", m.responses);
  }
};

struct IncrementalAlterConfigsRequest {
  static constexpr Api api{
      .key = ApiKey::incremental_alter_configs, .versions = {0, 1}, .flexible = 1};
  using Response = IncrementalAlterConfigsResponse;

  struct AlterableConfig {
    std::string_view name;
    int8_t config_operation = 0;  // 0 set, 1 delete, 2 append, 3 subtract.
    std::optional<std::string_view> value;
    bool operator==(const AlterableConfig&) const = default;
    static void describe(auto& m, auto& f) {
      f("Name", m.name);
      f("ConfigOperation", m.config_operation);
      f("Value", m.value);
    }
  };
  struct AlterConfigsResource {
    int8_t resource_type = 0;
    std::string_view resource_name;
    std::vector<AlterableConfig> configs;
    static void describe(auto& m, auto& f) {
      f("ResourceType", m.resource_type);
      f("ResourceName", m.resource_name);
      f("Configs", m.configs);
    }
  };

  std::vector<AlterConfigsResource> resources;
  bool validate_only = false;

  static void describe(auto& m, auto& f) {
    f("Resources", m.resources);
    f("ValidateOnly", m.validate_only);
  }
};

struct ListConfigResourcesResponse {
  static constexpr Api api{.key = ApiKey::list_config_resources, .versions = {0, 1}, .flexible = 0};

  struct ConfigResource {
    std::string_view resource_name;
    int8_t resource_type = 16;
    bool operator==(const ConfigResource&) const = default;
    static void describe(auto& m, auto& f) {
      f("ResourceName", m.resource_name);
      f("ResourceType", m.resource_type, since(1), ignorable);
    }
  };

  int32_t throttle_time_ms = 0;
  int16_t error_code = 0;
  std::vector<ConfigResource> config_resources;

  static void describe(auto& m, auto& f) {
    f("ThrottleTimeMs", m.throttle_time_ms);
    f("ErrorCode", m.error_code);
    f("ConfigResources", m.config_resources);
  }
};

struct ListConfigResourcesRequest {
  static constexpr Api api{.key = ApiKey::list_config_resources, .versions = {0, 1}, .flexible = 0};
  using Response = ListConfigResourcesResponse;

  std::vector<int8_t> resource_types;

  static void describe(auto& m, auto& f) { f("ResourceTypes", m.resource_types, since(1)); }
};

}  // namespace eventd
