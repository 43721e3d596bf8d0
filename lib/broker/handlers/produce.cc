// SPDX-License-Identifier: Apache-2.0
// Produce: each batch is checked, appended to its partition, and, with acks=all, waited for until
// the watermark covers it.
#include "lib/wire/messages/produce.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>
#include <vector>

#include "lib/base/text.h"
#include "lib/broker/append_check.h"
#include "lib/broker/broker.h"
#include "lib/broker/handlers/handlers.h"
#include "lib/broker/handlers/lookup.h"
#include "lib/broker/handlers/reply.h"

namespace eventd {

namespace {

using Answer = ProduceResponse::PartitionProduceResponse;

constexpr auto kWaitMin = std::chrono::seconds(1);
constexpr auto kWaitMax = std::chrono::minutes(5);
constexpr int16_t kAcksAll = -1;

// A batch whose answer waits until the watermark reaches its end.
struct Uncovered {
  std::shared_ptr<Partition> partition;
  Offset end;
  size_t topic;
  size_t index;
};

void refuse(Answer& answer, Code code) {
  answer.error_code = wire_code(code);
  answer.base_offset = -1;
}

void refuse(Request& request, Answer& answer, Refusal refusal, const Partition* partition) {
  refuse(answer, refusal.code);
  if (refusal.message) answer.error_message = request.keep(std::move(*refusal.message));
  for (RecordError& error : refusal.records) {
    auto& told = answer.record_errors.emplace_back();
    told.batch_index = error.index;
    told.batch_index_error_message = request.keep(std::move(error.message));
  }
  if (refusal.tells_log_start && partition != nullptr) {
    answer.log_start_offset = partition->log_start().value;
  }
}

// Why a wait for the partition's watermark ended without it.
Code refusal_after_wait(const Partition& partition) {
  if (partition.failed()) return Code::kafka_storage_error;
  if (partition.retired()) return Code::not_leader_or_follower;
  return Code::request_timed_out;
}

// What concerns the request as a whole.
Code request_error(const ProduceRequest& body) {
  if (body.acks < -1 || body.acks > 1) return Code::invalid_required_acks;
  // Transactions are not served yet; accepting such a batch would show it before its commit.
  if (body.transactional_id) return Code::unsupported_version;
  return Code::none;
}

// Of several batches for one partition the last counts, as in Kafka: the positions of those.
std::vector<size_t> last_of_each(const std::vector<ProduceRequest::PartitionProduceData>& data) {
  std::vector<size_t> positions(data.size());
  std::iota(positions.begin(), positions.end(), size_t{0});
  auto not_ascending = [](const auto& a, const auto& b) { return a.index >= b.index; };
  if (std::ranges::adjacent_find(data, not_ascending) == data.end()) return positions;
  std::map<int32_t, size_t> last;
  for (size_t p : positions) last[data[p].index] = p;
  std::erase_if(positions, [&](size_t p) { return last[data[p].index] != p; });
  return positions;
}

class Produce {
 public:
  Produce(Request& request, const ProduceRequest& body)
      : request_(request), body_(body), deadline_(request.arrived + timeout()) {}

  Task<void> append_all();
  Task<void> await_all();
  ProduceResponse response;

  bool any_error() const;

 private:
  Duration timeout() const {
    // A single node of Kafka's waits for nobody, and so answers whatever the timeout: a sync must
    // not fail for one that is shorter than it.
    auto asked = std::chrono::milliseconds(body_.timeout_ms);
    return std::clamp<Duration>(asked, kWaitMin, kWaitMax);
  }
  // The partition to append to, or nothing after the answer has been given.
  std::shared_ptr<Partition> find(const ProduceRequest::TopicProduceData& topic,
                                  const ProduceRequest::PartitionProduceData& data, Answer& answer);
  void append(Partition& partition, Bytes records, Answer& answer);

  Request& request_;
  const ProduceRequest& body_;
  const Instant deadline_;
  std::vector<Uncovered> uncovered_;
  int64_t record_span_ = 0;  // of the batch appended last
};

Task<void> Produce::append_all() {
  for (const auto& topic : body_.topic_data) {
    if (topic.partition_data.empty()) continue;  // Kafka does not mention it either
    auto& told = response.responses.emplace_back();
    told.name = topic.name;
    told.topic_id = topic.topic_id;
    for (size_t position : last_of_each(topic.partition_data)) {
      const auto& data = topic.partition_data[position];
      Answer& answer = told.partition_responses.emplace_back();
      answer.index = data.index;
      std::shared_ptr<Partition> partition = find(topic, data, answer);
      if (!partition) continue;
      if (partition->is_clogged()) {
        bool room = co_await request_.wait_for_room(*partition, deadline_);
        if (!room) {
          refuse(answer, refusal_after_wait(*partition));
          continue;
        }
      }
      if (partition->needs_new_epoch()) {
        Broker& broker = request_.broker;
        Result<void> raised = co_await broker.raise_leader_epoch(request_.loop, *partition);
        if (!raised) {
          refuse(answer, raised.error().code);
          continue;
        }
      }
      append(*partition, *data.records.bytes, answer);
      if (answer.error_code != 0 || body_.acks != kAcksAll) continue;
      Offset end = Offset{answer.base_offset} + record_span_;
      if (partition->high_watermark() < end) {
        uncovered_.push_back({std::move(partition), end, response.responses.size() - 1,
                              told.partition_responses.size() - 1});
      }
    }
  }
}

std::shared_ptr<Partition> Produce::find(const ProduceRequest::TopicProduceData& topic,
                                         const ProduceRequest::PartitionProduceData& data,
                                         Answer& answer) {
  Code whole = request_error(body_);
  if (whole != Code::none) {
    refuse(answer, whole);
    return nullptr;
  }
  if (is_internal(topic.name)) {
    refuse(answer, Code::invalid_topic_exception);
    return nullptr;
  }
  auto partition =
      find_partition(request_, topic_name(request_, topic.name, topic.topic_id), data.index);
  if (!partition) {
    refuse(answer, partition.error().code);
    return nullptr;
  }
  if (is_internal((*partition)->name().topic)) {
    refuse(answer, Code::invalid_topic_exception);
    return nullptr;
  }
  if (!allows(request_, Operation::write, (*partition)->name().topic)) {
    refuse(answer, Code::topic_authorization_failed);
    return nullptr;
  }
  auto format = check_format(data.records.bytes.value_or(Bytes{}), request_.version);
  if (!format) {
    refuse(request_, answer, std::move(format.error()), nullptr);
    return nullptr;
  }
  return std::move(*partition);
}

void Produce::append(Partition& partition, Bytes records, Answer& answer) {
  WallTime now = request_.wall_now();
  std::shared_ptr<const TopicConfig> config = partition.config();
  auto batch = check_produced_batch(request_.mutable_view(records), config->append, now);
  if (!batch) return refuse(request_, answer, std::move(batch.error()), &partition);
  if (batch->header.is_transactional()) return refuse(answer, Code::unsupported_version);
  Result<Appended> appended = partition.append(*batch, AppendOrigin::client, now);
  if (!appended) {
    const Error& error = appended.error();
    bool is_disk = error.code == Code::disk_full || error.code == Code::io_error;
    if (is_disk) request_.broker.complaints().error(partition.name(), ": ", error.message);
    refuse(answer, error.code);
    answer.log_start_offset = partition.log_start().value;
    return;
  }
  answer.base_offset = appended->base_offset.value;
  // Kafka tells a retry when its original was made.
  answer.log_append_time_ms =
      appended->duplicate ? appended->original_timestamp : batch->log_append_time_ms;
  answer.log_start_offset = partition.log_start().value;
  record_span_ = appended->last_offset - appended->base_offset + 1;
}

Task<void> Produce::await_all() {
  for (Uncovered& wait : uncovered_) {
    bool covered = co_await request_.wait_for(*wait.partition, wait.end, deadline_);
    if (covered) continue;
    refuse(response.responses[wait.topic].partition_responses[wait.index],
           refusal_after_wait(*wait.partition));
  }
}

bool Produce::any_error() const {
  return std::ranges::any_of(response.responses, [](const auto& topic) {
    return std::ranges::any_of(topic.partition_responses,
                               [](const Answer& answer) { return answer.error_code != 0; });
  });
}

}  // namespace

Task<Reply> handle_produce(Request& request) {
  Result<ProduceRequest> body = read_body<ProduceRequest>(request);
  if (!body) {
    Reply refused = refused_body(request, body.error());
    co_return std::move(refused);
  }
  Produce produce(request, *body);
  co_await produce.append_all();
  request.appends_done();
  if (body->acks == 0) {
    // There is no answer to tell an error in; a closed connection makes the client ask again.
    Reply silent = produce.any_error() ? Reply::close() : Reply::none();
    co_return std::move(silent);
  }
  co_await produce.await_all();
  Reply reply = reply_with(request, produce.response);
  co_return std::move(reply);
}

}  // namespace eventd
