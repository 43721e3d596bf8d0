// SPDX-License-Identifier: Apache-2.0
// The APIs that this broker serves: one row each, with what it takes to be allowed.
//
// ApiVersions advertises exactly these rows. A row cannot be written without a right.
#pragma once

#include <span>

#include "lib/base/result.h"
#include "lib/broker/authorizer.h"
#include "lib/broker/request.h"
#include "lib/net/task.h"
#include "lib/wire/api.h"

namespace eventd {

struct HandlerRow {
  using Handler = Task<Reply> (*)(Request&);

  Api api;
  Right right;
  Handler handler;

  constexpr HandlerRow(Api row_api, Right row_right, Handler row_handler)
      : api(row_api), right(row_right), handler(row_handler) {}
};

std::span<const HandlerRow> handler_rows();

// Fills in what the header says. An error where the connection must be closed without an answer: a
// header that cannot be parsed, an API or a version that is not served (ApiVersions answers those
// itself).
Result<void> parse_request(Request& request);

// Whether the request may begin while others of its connection are under way.
bool may_overlap(const Request& request);

// Runs the request's handler. The request outlives the task.
Task<Reply> handle(Request& request);

// Whether the peer may do that to a topic.
bool allows(const Request& request, Operation operation, std::string_view topic);

// The handlers: the body is decoded from request.body().
Task<Reply> handle_produce(Request& request);
Task<Reply> handle_fetch(Request& request);
Task<Reply> handle_list_offsets(Request& request);
Task<Reply> handle_offset_for_leader_epoch(Request& request);
Task<Reply> handle_metadata(Request& request);
Task<Reply> handle_describe_cluster(Request& request);
Task<Reply> handle_describe_topic_partitions(Request& request);
Task<Reply> handle_api_versions(Request& request);
Task<Reply> handle_find_coordinator(Request& request);
Task<Reply> handle_init_producer_id(Request& request);
Task<Reply> handle_describe_producers(Request& request);
Task<Reply> handle_create_topics(Request& request);
Task<Reply> handle_delete_topics(Request& request);
Task<Reply> handle_create_partitions(Request& request);
Task<Reply> handle_delete_records(Request& request);
Task<Reply> handle_describe_configs(Request& request);
Task<Reply> handle_alter_configs(Request& request);
Task<Reply> handle_incremental_alter_configs(Request& request);
Task<Reply> handle_list_config_resources(Request& request);
Task<Reply> handle_describe_log_dirs(Request& request);

}  // namespace eventd
