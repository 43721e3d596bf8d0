// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/handlers/handlers.h"

#include <algorithm>
#include <array>

#include "lib/base/text.h"
#include "lib/broker/broker.h"
#include "lib/wire/frame.h"
#include "lib/wire/messages/api_versions.h"
#include "lib/wire/messages/configs.h"
#include "lib/wire/messages/fetch.h"
#include "lib/wire/messages/find_coordinator.h"
#include "lib/wire/messages/list_offsets.h"
#include "lib/wire/messages/log_dirs.h"
#include "lib/wire/messages/metadata.h"
#include "lib/wire/messages/produce.h"
#include "lib/wire/messages/producer_id.h"
#include "lib/wire/messages/topics.h"

namespace eventd {

namespace {

using enum Operation;

constexpr std::array kRows = {
    HandlerRow{ProduceRequest::api, Right::per_item(write), handle_produce},
    HandlerRow{FetchRequest::api, Right::per_item(read), handle_fetch},
    HandlerRow{ListOffsetsRequest::api, Right::per_item(describe), handle_list_offsets},
    HandlerRow{MetadataRequest::api, Right::per_item(describe), handle_metadata},
    HandlerRow{FindCoordinatorRequest::api, Right::per_item(describe), handle_find_coordinator},
    HandlerRow{ApiVersionsRequest::api, Right::open(), handle_api_versions},
    HandlerRow{CreateTopicsRequest::api, Right::per_item(create), handle_create_topics},
    HandlerRow{DeleteTopicsRequest::api, Right::per_item(remove), handle_delete_topics},
    HandlerRow{DeleteRecordsRequest::api, Right::per_item(remove), handle_delete_records},
    HandlerRow{InitProducerIdRequest::api, Right::cluster(idempotent_write),
               handle_init_producer_id},
    HandlerRow{OffsetForLeaderEpochRequest::api, Right::per_item(describe),
               handle_offset_for_leader_epoch},
    HandlerRow{DescribeConfigsRequest::api, Right::per_item(describe_configs),
               handle_describe_configs},
    HandlerRow{AlterConfigsRequest::api, Right::per_item(alter_configs), handle_alter_configs},
    HandlerRow{DescribeLogDirsRequest::api, Right::cluster(describe), handle_describe_log_dirs},
    HandlerRow{CreatePartitionsRequest::api, Right::per_item(alter), handle_create_partitions},
    HandlerRow{IncrementalAlterConfigsRequest::api, Right::per_item(alter_configs),
               handle_incremental_alter_configs},
    HandlerRow{DescribeClusterRequest::api, Right::cluster(describe), handle_describe_cluster},
    HandlerRow{DescribeProducersRequest::api, Right::per_item(read), handle_describe_producers},
    HandlerRow{ListConfigResourcesRequest::api, Right::cluster(describe_configs),
               handle_list_config_resources},
    HandlerRow{DescribeTopicPartitionsRequest::api, Right::per_item(describe),
               handle_describe_topic_partitions},
};

const HandlerRow* find_row(ApiKey key) {
  auto found =
      std::ranges::find_if(kRows, [&](const HandlerRow& row) { return row.api.key == key; });
  return found == kRows.end() ? nullptr : &*found;
}

}  // namespace

std::span<const HandlerRow> handler_rows() { return kRows; }

Result<void> parse_request(Request& request) {
  Result<RequestHeader> header = parse_request_header(request.frame());
  if (!header) return pass(header);
  std::optional<ApiKey> api = api_key_of(header->api);
  const HandlerRow* row = api ? find_row(*api) : nullptr;
  if (row == nullptr) {
    return fail(Code::invalid_request, text("API ", header->api, " is not served"));
  }
  bool answers_anyway = *api == ApiKey::api_versions;
  if (!row->api.versions.contains(header->version) && !answers_anyway) {
    return fail(Code::invalid_request,
                text(name_of(*api), " v", header->version, " is not served"));
  }
  request.api = *api;
  request.version = header->version;
  request.correlation_id = header->correlation_id;
  request.client_id = header->client_id;
  request.set_body_at(header->size_bytes);
  return {};
}

bool may_overlap(const Request& request) { return request.api == ApiKey::produce; }

bool allows(const Request& request, Operation operation, std::string_view topic) {
  return request.broker.authorizer().allows(request.peer.principal, operation, ResourceType::topic,
                                            topic);
}

Task<Reply> handle(Request& request) {
  const HandlerRow& row = *find_row(request.api);
  if (row.right.scope == Right::Scope::cluster &&
      !request.broker.authorizer().allows(request.peer.principal, row.right.operation,
                                          ResourceType::cluster, "kafka-cluster")) {
    // Without an authenticator this cannot happen; a handler with an error field will tell it.
    co_return Reply::close();
  }
  Reply reply = co_await row.handler(request);
  co_return std::move(reply);
}

}  // namespace eventd
