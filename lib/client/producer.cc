// SPDX-License-Identifier: Apache-2.0
#include "lib/client/producer.h"

#include <algorithm>
#include <random>
#include <utility>

#include "lib/base/text.h"
#include "lib/client/partitioner.h"
#include "lib/wire/messages/produce.h"
#include "lib/wire/messages/producer_id.h"

namespace eventd {

namespace {

constexpr size_t kInFlightMax = 5;
// A record this large has a batch of its own; how large it may be is the broker's to say.
constexpr size_t kRecordMax = size_t{1} << 30;

}  // namespace

Producer::Producer(Client& client, ProducerConfig config,
                   std::function<void(const Delivery&)> delivered)
    : client_(client), config_(config), delivered_(std::move(delivered)) {}

Producer::~Producer() = default;

Task<Result<void>> Producer::begin() {
  Instant give_up = client_.request_deadline();
  while (true) {
    Result<std::shared_ptr<ClientConnection>> connection = co_await client_.any();
    if (!connection) co_return pass(connection);
    InitProducerIdRequest request;
    request.transaction_timeout_ms = INT32_MAX;
    Instant deadline = client_.request_deadline();
    auto answer = co_await (*connection)->ask(request, deadline);
    if (!answer) co_return pass(answer);
    Code code{answer->message.error_code};
    if (code == Code::none) {
      id_ = ProducerId{answer->message.producer_id};
      epoch_ = ProducerEpoch{answer->message.producer_epoch};
      co_return Result<void>{};
    }
    bool passes = code == Code::coordinator_load_in_progress ||
                  code == Code::coordinator_not_available || code == Code::concurrent_transactions;
    if (!passes || client_.loop().now() >= give_up) {
      co_return fail(code, text("get a producer id: ", name_of(code)));
    }
    Instant next = client_.loop().now() + client_.config().retry_backoff;
    co_await sleep_until(client_.loop(), next);
  }
}

Producer::Lane& Producer::lane(const TopicPartition& name) {
  std::unique_ptr<Lane>& known = lanes_[name];
  if (!known) {
    known = std::make_unique<Lane>();
    known->name = name;
  }
  return *known;
}

int32_t Producer::choose(const std::string& topic, int32_t count, std::optional<Bytes> key) {
  if (key) return key_partition(*key, count);
  Sticky& sticky = sticky_[topic];
  if (sticky.bytes >= config_.batch_bytes || sticky.partition >= count || sticky.bytes == 0) {
    static std::minstd_rand random(std::random_device{}());
    sticky = {static_cast<int32_t>(random() % static_cast<uint32_t>(count)), 0};
  }
  return sticky.partition;
}

Result<void> Producer::append(const std::string& topic, int32_t partition_count, int32_t partition,
                              int64_t timestamp, std::optional<Bytes> key,
                              std::optional<Bytes> value, std::span<const RecordHeader> headers,
                              uint64_t token) {
  size_t size = BatchBuilder::record_size_max(key ? key->size() : 0, value ? value->size() : 0);
  for (const RecordHeader& header : headers) {
    size += header.key.size() + (header.value ? header.value->size() : 0) + 10;
  }
  if (size > kRecordMax) return fail(Code::too_large, text("a record of ", size, " bytes"));
  if (partition < 0) {
    partition = choose(topic, partition_count, key);
    if (!key) sticky_[topic].bytes += size;
  }
  Lane& into = lane({topic, partition});
  if (!into.builder.empty() && into.builder.size_bytes() + size > config_.batch_bytes) {
    close_batch(into);
  }
  if (into.builder.empty()) {
    into.builder_born = client_.loop().now();
    arm(into);
  }
  into.builder.append(timestamp, key, value, headers);
  into.tokens.push_back(token);
  if (into.builder.size_bytes() >= config_.batch_bytes) close_batch(into);
  return {};
}

void Producer::arm(Lane& lane) {
  if (lane.timer_armed) return;
  lane.timer_armed = true;
  client_.loop().call_at(lane.builder_born + config_.linger, [this, &lane] {
    lane.timer_armed = false;
    if (lane.builder.empty()) return;
    if (lane.builder_born + config_.linger <= client_.loop().now()) {
      close_batch(lane);
    } else {
      arm(lane);
    }
  });
}

void Producer::close_batch(Lane& lane) {
  if (lane.builder.empty()) return;
  auto batch = std::make_shared<Batch>();
  batch->record_count = lane.builder.record_count();
  BatchOptions options{.codec = config_.codec};
  options.producer_id = id_;
  options.producer_epoch = epoch_;
  options.base_sequence = lane.next_sequence;
  Result<Buffer> bytes = lane.builder.finish(options);
  batch->tokens = std::exchange(lane.tokens, {});
  batch->born = client_.loop().now();
  if (bytes) {
    batch->bytes = std::move(*bytes);
    lane.next_sequence = advance_sequence(lane.next_sequence, batch->record_count);
  } else {
    batch->error = bytes.error();
    batch->answered = true;
  }
  batch->size_bytes = batch->bytes.size();
  buffered_ += batch->size_bytes;
  lane.batches.push_back(std::move(batch));
  if (lane.running) {
    lane.changed.notify();
  } else {
    lane.running = true;
    spawn(run(lane));
  }
}

Task<void> Producer::run(Lane& lane) {
  while (!lane.batches.empty()) {
    if (lane.broken) {
      // Those behind the failed one are answered first: with out_of_order_sequence_number, most of
      // them.
      auto under_way = [&] {
        return std::any_of(lane.batches.begin(),
                           lane.batches.begin() + static_cast<ptrdiff_t>(lane.sent),
                           [](const auto& batch) { return !batch->answered; });
      };
      while (under_way()) co_await lane.changed.wait();
      renew(lane);
      Instant next = client_.loop().now() + client_.config().retry_backoff;
      co_await sleep_until(client_.loop(), next);
      continue;
    }
    if (lane.sent == lane.batches.size() || lane.sent >= kInFlightMax) {
      co_await lane.changed.wait();
      continue;
    }
    Result<std::shared_ptr<ClientConnection>> leads = co_await client_.leader(lane.name);
    std::shared_ptr<Batch> batch = lane.batches[lane.sent++];
    if (leads) {
      spawn(send(lane, *leads, std::move(batch)));
    } else {
      batch->error = leads.error();
      batch->answered = true;
      lane.broken = true;
    }
  }
  lane.running = false;
  freed_.notify();
}

Task<void> Producer::send(Lane& lane, std::shared_ptr<ClientConnection> connection,
                          std::shared_ptr<Batch> batch) {
  ProduceRequest request;
  request.acks = config_.acks;
  request.timeout_ms = static_cast<int32_t>(client_.config().request_timeout.count());
  auto& topic = request.topic_data.emplace_back();
  topic.name = lane.name.topic;
  if (const TopicInfo* known = client_.known(lane.name.topic)) topic.topic_id = known->id;
  auto& data = topic.partition_data.emplace_back();
  data.index = lane.name.partition;
  data.records.bytes = Bytes(batch->bytes);
  Instant deadline = client_.request_deadline() + std::chrono::seconds(5);
  auto answer = co_await connection->ask(request, deadline);
  batch->answered = true;
  if (!answer) {
    batch->error = answer.error();
  } else if (answer->message.responses.empty() ||
             answer->message.responses[0].partition_responses.empty()) {
    batch->error = Error{Code::bad_data, "the broker's answer lacks the partition", 0};
  } else {
    const auto& told = answer->message.responses[0].partition_responses[0];
    Code code{told.error_code};
    if (code == Code::none || code == Code::duplicate_sequence_number) {
      batch->acknowledged = true;
      Delivery delivery{lane.name, std::move(batch->tokens), std::nullopt, told.base_offset,
                        told.log_append_time_ms};
      delivered_(delivery);
    } else {
      std::string why = text(lane.name, ": ", name_of(code));
      if (told.error_message) why += text(": ", printable(*told.error_message));
      batch->error = Error{code, std::move(why), 0};
    }
  }
  if (!batch->acknowledged) lane.broken = true;
  finish_front(lane);
  lane.changed.notify();
  freed_.notify();
}

// Acknowledged batches at the front are done with.
void Producer::finish_front(Lane& lane) {
  while (!lane.batches.empty() && lane.batches.front()->acknowledged) {
    buffered_ -= lane.batches.front()->size_bytes;
    lane.batches.pop_front();
    lane.sent--;
  }
}

// Nothing is under way: gives up what cannot be helped, and lets the rest be sent again.
void Producer::renew(Lane& lane) {
  finish_front(lane);
  lane.broken = false;
  lane.sent = 0;
  client_.forget(lane.name.topic);
  bool lost = false;
  Instant now = client_.loop().now();
  std::deque<std::shared_ptr<Batch>> kept;
  for (std::shared_ptr<Batch>& batch : lane.batches) {
    if (batch->acknowledged) {
      buffered_ -= batch->size_bytes;
      continue;
    }
    bool behind =
        batch->error && batch->error->code == Code::out_of_order_sequence_number && !kept.empty();
    bool helpless = batch->error && !behind && !lost &&
                    (remedy_for(batch->error->code) == Remedy::give_up ||
                     now - batch->born > config_.delivery_timeout);
    if (helpless) {
      lost = true;
      buffered_ -= batch->size_bytes;
      Delivery delivery{lane.name, std::move(batch->tokens), batch->error, -1, -1};
      delivered_(delivery);
      continue;
    }
    batch->error.reset();
    batch->answered = false;
    kept.push_back(std::move(batch));
  }
  lane.batches = std::move(kept);
  if (!lost) return;
  // The sequence has a hole now: a new epoch begins one without it (KIP-360).
  epoch_ = ProducerEpoch{static_cast<int16_t>(epoch_.value + 1)};
  for (auto& [name, other] : lanes_) {
    if (other.get() != &lane) continue;
    int32_t sequence = 0;
    for (std::shared_ptr<Batch>& batch : other->batches) {
      Result<BatchHeader> header = parse_batch_header(batch->bytes);
      if (!header) continue;
      header->producer_epoch = epoch_;
      header->base_sequence = sequence;
      encode_batch_header(*header, batch->bytes);
      refresh_crc(batch->bytes);
      sequence = advance_sequence(sequence, batch->record_count);
    }
    other->next_sequence = sequence;
  }
}

Task<void> Producer::room() {
  while (is_full()) co_await freed_.wait();
}

void Producer::hurry() {
  for (auto& [name, lane] : lanes_) close_batch(*lane);
}

Task<void> Producer::flush() {
  hurry();
  auto busy = [this] {
    return std::ranges::any_of(lanes_, [](const auto& lane) { return lane.second->running; });
  };
  while (busy()) co_await freed_.wait();
}

}  // namespace eventd
