// SPDX-License-Identifier: Apache-2.0
// ApiVersions: what this broker serves, and which features are finalised here.
#include "lib/wire/messages/api_versions.h"

#include <algorithm>

#include "lib/broker/broker.h"
#include "lib/broker/handlers/handlers.h"
#include "lib/broker/handlers/reply.h"

namespace eventd {

namespace {

// Kafka's: a letter or digit, then also '.' and '-' within.
bool is_software_name(std::string_view name) {
  auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !name.empty() && plain(name.front()) && plain(name.back()) &&
         std::ranges::all_of(name, [&](char c) { return plain(c) || c == '.' || c == '-'; });
}

void add_rows(ApiVersionsResponse& response) {
  for (const HandlerRow& row : handler_rows()) {
    auto& told = response.api_keys.emplace_back();
    told.api_key = static_cast<int16_t>(row.api.key);
    told.min_version = row.api.advertised_min();
    told.max_version = row.api.versions.max;
  }
  std::ranges::sort(response.api_keys, {}, &ApiVersionsResponse::ApiVersion::api_key);
}

void add_features(Request& request, ApiVersionsResponse& response) {
  const Image& image = *request.view.image;
  auto self = image.brokers.find(request.broker.node_id());
  if (self == image.brokers.end()) return;
  response.finalized_features_epoch = image.last_offset.value;
  for (const FeatureRange& feature : self->second.features) {
    auto& supported = response.supported_features.emplace_back();
    supported.name = feature.name;
    // Kafka 4 clients refuse a range that begins at 0, unless they ask for it.
    supported.min_version = std::max<int16_t>(feature.min, request.version >= 4 ? 0 : 1);
    supported.max_version = feature.max;
    int16_t level = std::min(image.feature(feature.name), feature.max);
    if (feature.name == "kraft.version") {
      level = std::min(image.quorum.kraft_version, feature.max);
    }
    if (level <= 0) continue;
    auto& finalized = response.finalized_features.emplace_back();
    finalized.name = feature.name;
    finalized.min_version_level = level;
    finalized.max_version_level = level;
  }
  request.keep(request.view.image);
}

}  // namespace

Task<Reply> handle_api_versions(Request& request) {
  ApiVersionsResponse response;
  if (!ApiVersionsRequest::api.versions.contains(request.version)) {
    // Answered in version 0, which every client can read.
    request.version = 0;
    response.error_code = wire_code(Code::unsupported_version);
    auto& told = response.api_keys.emplace_back();
    told.api_key = static_cast<int16_t>(ApiKey::api_versions);
    told.max_version = ApiVersionsRequest::api.versions.max;
    Reply reply = reply_with(request, response);
    co_return std::move(reply);
  }
  Result<ApiVersionsRequest> body = read_body<ApiVersionsRequest>(request);
  if (!body) {
    Reply refused = refused_body(request, body.error());
    co_return std::move(refused);
  }
  if (request.version >= 3 && (!is_software_name(body->client_software_name) ||
                               !is_software_name(body->client_software_version))) {
    response.error_code = wire_code(Code::invalid_request);
    Reply reply = reply_with(request, response);
    co_return std::move(reply);
  }
  request.peer.software = body->client_software_name;
  add_rows(response);
  add_features(request, response);
  Reply reply = reply_with(request, response);
  co_return std::move(reply);
}

}  // namespace eventd
