// SPDX-License-Identifier: Apache-2.0
// InitProducerId and DescribeProducers.
#include <set>

#include "lib/broker/broker.h"
#include "lib/broker/handlers/handlers.h"
#include "lib/broker/handlers/lookup.h"
#include "lib/broker/handlers/reply.h"
#include "lib/cluster/controller.h"
#include "lib/wire/messages/producer_id.h"

namespace eventd {

Task<Reply> handle_init_producer_id(Request& request) {
  Result<InitProducerIdRequest> body = read_body<InitProducerIdRequest>(request);
  if (!body) {
    Reply refused = refused_body(request, body.error());
    co_return std::move(refused);
  }
  InitProducerIdResponse response;
  response.producer_epoch = -1;
  if (body->transactional_id) {
    // An empty one is wrong for everybody; others wait for the transaction coordinator.
    response.error_code = wire_code(body->transactional_id->empty() ? Code::invalid_request
                                                                    : Code::unsupported_version);
    Reply reply = reply_with(request, response);
    co_return std::move(reply);
  }
  constexpr int64_t kNone = -1;
  if ((body->producer_id == kNone) != (body->producer_epoch == kNone)) {
    // Either both of the producer's own, or none.
    response.error_code = wire_code(Code::invalid_request);
    Reply reply = reply_with(request, response);
    co_return std::move(reply);
  }
  Result<ProducerId> id = co_await request.broker.next_producer_id(request.loop);
  if (id) {
    response.producer_id = id->value;
    response.producer_epoch = 0;
  } else {
    response.error_code = wire_code(id.error().code);
  }
  Reply reply = reply_with(request, response);
  co_return std::move(reply);
}

namespace {

Result<std::shared_ptr<Partition>> find_to_describe(const Request& request, std::string_view topic,
                                                    int32_t partition) {
  Result<void> legal = check_topic_name(topic);
  if (!legal) return pass(legal);
  if (!allows(request, Operation::read, topic)) {
    return fail(Code::topic_authorization_failed, "the topic may not be read");
  }
  return find_partition(request, {topic, std::nullopt}, partition);
}

}  // namespace

Task<Reply> handle_describe_producers(Request& request) {
  auto body = read_body<DescribeProducersRequest>(request);
  if (!body) {
    Reply refused = refused_body(request, body.error());
    co_return std::move(refused);
  }
  DescribeProducersResponse response;
  // Each once: a few bytes of a question may stand for thousands of producers.
  std::set<std::pair<std::string_view, int32_t>> seen;
  for (const auto& topic : body->topics) {
    auto& told = response.topics.emplace_back();
    told.name = topic.name;
    for (int32_t index : topic.partition_indexes) {
      if (!seen.emplace(topic.name, index).second) continue;
      auto& answer = told.partitions.emplace_back();
      answer.partition_index = index;
      Result<std::shared_ptr<Partition>> partition = find_to_describe(request, topic.name, index);
      if (!partition) {
        answer.error_code = wire_code(partition.error().code);
        // Kafka says no more of a partition that is not there.
        bool silent = request.view.image->topic(topic.name) != nullptr;
        if (!silent) answer.error_message = request.keep(partition.error().message);
        continue;
      }
      for (const ProducerSummary& producer : (*partition)->log().producers()) {
        auto& active = answer.active_producers.emplace_back();
        active.producer_id = producer.id.value;
        active.producer_epoch = producer.epoch.value;
        active.last_sequence = producer.last_sequence;
        active.last_timestamp = producer.last_timestamp;
        active.coordinator_epoch = producer.coordinator_epoch;
        active.current_txn_start_offset = producer.transaction_start;
      }
    }
  }
  Reply reply = reply_with(request, response);
  co_return std::move(reply);
}

}  // namespace eventd
