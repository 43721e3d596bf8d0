// SPDX-License-Identifier: Apache-2.0
// ListOffsets and OffsetForLeaderEpoch: where a partition begins and ends, where a time or a leader
// epoch is in it.
//
// In durable mode a question for the end is answered once the watermark has reached the log's end
// as it was when the question arrived: who was acknowledged with acks=1 finds its own record
// counted.
#include "lib/wire/messages/list_offsets.h"

#include <algorithm>
#include <set>
#include <utility>

#include "lib/broker/broker.h"
#include "lib/broker/handlers/handlers.h"
#include "lib/broker/handlers/lookup.h"
#include "lib/broker/handlers/reply.h"
#include "lib/net/disk_pool.h"

namespace eventd {

namespace {

constexpr int64_t kLatest = -1;
constexpr int64_t kEarliest = -2;
constexpr int64_t kMaxTimestamp = -3;
constexpr int64_t kEarliestLocal = -4;
constexpr int64_t kLatestTiered = -5;
constexpr int64_t kEarliestPendingUpload = -6;
constexpr auto kWaitMax = std::chrono::seconds(30);

int16_t first_version_of(int64_t timestamp) {
  switch (timestamp) {
    case kMaxTimestamp:
      return 7;
    case kEarliestLocal:
      return 8;
    case kLatestTiered:
      return 9;
    case kEarliestPendingUpload:
      return 11;
    default:
      return 0;
  }
}

using Asked = ListOffsetsRequest::ListOffsetsPartition;
using Answer = ListOffsetsResponse::ListOffsetsPartitionResponse;

bool asks_for_the_end(int64_t timestamp) {
  return timestamp == kLatest || timestamp == kMaxTimestamp || timestamp >= 0;
}

void tell(Answer& answer, const TimedOffset& found) {
  answer.offset = found.offset.value;
  answer.timestamp = found.timestamp;
  answer.leader_epoch = found.leader_epoch.value;
}

// `end` is how far the reader may see.
Result<void> look_up(const Partition& partition, int64_t timestamp, Offset end, Answer& answer) {
  switch (timestamp) {
    case kLatest:
      tell(answer, {end, kNoTimestamp, partition.leader_epoch()});
      return {};
    case kEarliest:
    case kEarliestLocal: {
      Offset start = partition.log_start();
      tell(answer, {start, kNoTimestamp, partition.log().epoch_at(start)});
      return {};
    }
    case kLatestTiered:
    case kEarliestPendingUpload:
      return {};
    default:
      break;
  }
  Result<std::optional<TimedOffset>> found = timestamp == kMaxTimestamp
                                                 ? partition.log().find_max_timestamp()
                                                 : partition.log().find_time(timestamp, end);
  if (!found) return pass(found);
  if (*found && (*found)->offset < end) tell(answer, **found);
  return {};
}

Task<void> answer_one(Request& request, const ListOffsetsRequest& body, std::string_view topic,
                      const Asked& asked, Answer& answer) {
  constexpr int8_t kReadUncommitted = 0;
  constexpr int8_t kReadCommitted = 1;
  if (body.isolation_level != kReadUncommitted && body.isolation_level != kReadCommitted) {
    answer.error_code = wire_code(Code::invalid_request);
    co_return;
  }
  if (asked.timestamp < kEarliestPendingUpload ||
      request.version < first_version_of(asked.timestamp)) {
    answer.error_code = wire_code(Code::unsupported_version);
    co_return;
  }
  auto partition = find_partition(request, {topic, std::nullopt}, asked.partition_index);
  if (!partition) {
    answer.error_code = wire_code(partition.error().code);
    co_return;
  }
  Result<void> epoch = check_leader_epoch(**partition, asked.current_leader_epoch);
  if (!epoch) {
    answer.error_code = wire_code(epoch.error().code);
    co_return;
  }
  std::shared_ptr<Partition> log = std::move(*partition);
  if (asks_for_the_end(asked.timestamp) && log->is_durable()) {
    Instant deadline = request.arrived + kWaitMax;
    Offset end = log->log_end();
    bool reached = co_await request.wait_for(*log, end, deadline);
    if (!reached) {
      answer.error_code =
          wire_code(log->failed() ? Code::kafka_storage_error : Code::request_timed_out);
      co_return;
    }
  }
  bool is_replica = body.replica_id >= 0;
  Isolation isolation = is_replica                  ? Isolation::log_end
                        : body.isolation_level == kReadCommitted ? Isolation::last_stable
                                                    : Isolation::high_watermark;
  Offset seen = log->end(isolation);
  Result<void> found;
  if (asked.timestamp >= 0 || asked.timestamp == kMaxTimestamp) {
    // Reads batches, perhaps from the device, and opens them.
    auto work = [&] { return look_up(*log, asked.timestamp, seen, answer); };
    DiskPool& pool = request.broker.pool();
    found = co_await run_on(pool, DiskPool::Lane::read, request.loop, std::move(work));
  } else {
    found = look_up(*log, asked.timestamp, seen, answer);
  }
  if (!found) answer.error_code = wire_code(found.error().code);
  constexpr int16_t kFirstWithEpochs = 4;
  if (request.version < kFirstWithEpochs) answer.leader_epoch = -1;
}

}  // namespace

Task<Reply> handle_list_offsets(Request& request) {
  Result<ListOffsetsRequest> body = read_body<ListOffsetsRequest>(request);
  if (!body) {
    Reply refused = refused_body(request, body.error());
    co_return std::move(refused);
  }
  std::set<std::pair<std::string_view, int32_t>> seen;
  std::set<std::pair<std::string_view, int32_t>> twice;
  for (const auto& topic : body->topics) {
    for (const auto& asked : topic.partitions) {
      std::pair name{topic.name, asked.partition_index};
      if (!seen.insert(name).second) twice.insert(name);
    }
  }
  std::set<std::pair<std::string_view, int32_t>> refused;  // once each
  ListOffsetsResponse response;
  for (const auto& topic : body->topics) {
    if (topic.partitions.empty()) continue;  // Kafka does not tell of it
    auto& told = response.topics.emplace_back();
    told.name = topic.name;
    for (const Asked& asked : topic.partitions) {
      std::pair name{topic.name, asked.partition_index};
      if (twice.contains(name) && !refused.insert(name).second) continue;
      Answer& answer = told.partitions.emplace_back();
      answer.partition_index = asked.partition_index;
      if (!allows(request, Operation::describe, topic.name)) {
        answer.error_code = wire_code(Code::topic_authorization_failed);
      } else if (twice.contains(name)) {
        answer.error_code = wire_code(Code::invalid_request);
      } else {
        co_await answer_one(request, *body, topic.name, asked, answer);
      }
    }
  }
  Reply reply = reply_with(request, response);
  co_return std::move(reply);
}

Task<Reply> handle_offset_for_leader_epoch(Request& request) {
  auto body = read_body<OffsetForLeaderEpochRequest>(request);
  if (!body) {
    Reply refused = refused_body(request, body.error());
    co_return std::move(refused);
  }
  OffsetForLeaderEpochResponse response;
  for (const auto& topic : body->topics) {
    auto& told = response.topics.emplace_back();
    told.topic = topic.topic;
    for (const auto& asked : topic.partitions) {
      auto& answer = told.partitions.emplace_back();
      answer.partition = asked.partition;
      auto partition = find_partition(request, {topic.topic, std::nullopt}, asked.partition);
      if (!allows(request, Operation::describe, topic.topic)) {
        answer.error_code = wire_code(Code::topic_authorization_failed);
        continue;
      }
      if (!partition) {
        answer.error_code = wire_code(partition.error().code);
        continue;
      }
      Result<void> epoch = check_leader_epoch(**partition, asked.current_leader_epoch);
      if (!epoch) {
        answer.error_code = wire_code(epoch.error().code);
        continue;
      }
      EpochEnd end = (*partition)->log().end_of_epoch(LeaderEpoch{asked.leader_epoch});
      answer.leader_epoch = end.epoch.value;
      answer.end_offset = end.end.value;
    }
  }
  Reply reply = reply_with(request, response);
  co_return std::move(reply);
}

}  // namespace eventd
