// SPDX-License-Identifier: Apache-2.0
#include "lib/client/producer.h"

#include <algorithm>
#include <utility>

#include "lib/base/logger.h"
#include "lib/base/text.h"
#include "lib/wire/messages/producer_id.h"

namespace eventd {

namespace {

constexpr size_t kInFlightMax = 5;
// A record this large has a batch of its own; how large it may be is the broker's to say.
constexpr size_t kRecordMax = size_t{1} << 30;
// The broker may use all of a request's time, and its answer takes a while.
constexpr auto kAnswerGrace = std::chrono::seconds(5);
// A batch that is larger than this is one of many: it waits for more.
constexpr size_t kSmall = 4 << 10;
// Who lets records wait longer wants few batches more than early ones.
constexpr auto kPatience = std::chrono::milliseconds(5);
constexpr size_t kSparesMax = 32;
constexpr size_t kSpareSizeMax = 1 << 20;

// Refused for what is in it: halves of it may be taken.
bool is_about_records(Code code) {
  return code == Code::message_too_large || code == Code::record_list_too_large ||
         code == Code::invalid_record || code == Code::invalid_timestamp;
}

}  // namespace

class Producer::Topic {
 public:
  std::string name;
  size_t batch_max = 0;
  int32_t count = 0;
  std::vector<std::unique_ptr<Lane>> lanes;  // by partition; none where nothing was written yet
  int32_t partition = -1;                    // the sticky one, or the last in turn
  size_t bytes = 0;                          // that it has got
};

Producer::Producer(Client& client, ProducerConfig config,
                   std::function<void(const Delivery&)> delivered)
    : client_(client), config_(config), delivered_(std::move(delivered)) {}

Producer::~Producer() { *alive_ = false; }

Task<Result<void>> Producer::begin() {
  Instant give_up = client_.request_deadline();
  for (size_t failures = 1;; failures++) {
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
    co_await client_.pause(failures);
  }
}

Producer::Topic& Producer::topic(std::string name, int32_t partition_count, size_t batch_max) {
  std::unique_ptr<Topic>& known = topics_[name];
  if (!known) known = std::make_unique<Topic>();
  known->name = std::move(name);
  known->count = partition_count;
  known->batch_max = batch_max;
  known->lanes.resize(static_cast<size_t>(partition_count));
  return *known;
}

Producer::Lane& Producer::lane(Topic& topic, int32_t partition) {
  std::unique_ptr<Lane>& known = topic.lanes.at(static_cast<size_t>(partition));
  if (!known) {
    known = std::make_unique<Lane>();
    known->name = {topic.name, partition};
    known->id = id_;
    known->epoch = epoch_;
  }
  return *known;
}

// Any other partition than the one before, with a leader if one has.
int32_t Producer::next_sticky(const Topic& topic) {
  auto any = static_cast<int32_t>(random_() % static_cast<uint32_t>(topic.count));
  const TopicInfo* told = client_.known(topic.name);
  for (int32_t i = 0; i < topic.count; i++) {
    int32_t one = (any + i) % topic.count;
    auto index = static_cast<size_t>(one);
    bool is_led =
        told == nullptr || index >= told->partitions.size() || told->partitions[index].leader >= 0;
    if (is_led && (one != topic.partition || topic.count == 1)) return one;
  }
  return any;
}

int32_t Producer::choose(Topic& topic, const std::optional<Bytes>& key) {
  Partitioner partitioner = config_.partitioner;
  if (key && goes_by_key(partitioner)) return key_partition(partitioner, *key, topic.count);
  if (partitioner == Partitioner::round_robin) {
    topic.partition = (topic.partition + 1) % topic.count;
    return topic.partition;
  }
  if (partitioner == Partitioner::random) {
    return static_cast<int32_t>(random_() % static_cast<uint32_t>(topic.count));
  }
  if (topic.partition < 0 || topic.bytes >= config_.batch_bytes) {
    topic.partition = next_sticky(topic);
    topic.bytes = 0;
  }
  return topic.partition;
}

Result<void> Producer::append(Topic& topic, int32_t partition, int64_t timestamp,
                              const std::optional<Bytes>& key, const std::optional<Bytes>& value,
                              std::span<const RecordHeader> headers, uint64_t token) {
  size_t bytes = (key ? key->size() : 0) + (value ? value->size() : 0);
  size_t size = BatchBuilder::record_size_max(0, bytes);
  size_t payload = bytes;
  for (const RecordHeader& header : headers) {
    size_t header_bytes = header.key.size() + (header.value ? header.value->size() : 0);
    bytes += header_bytes;
    size += header_bytes + 10;
  }
  if (bytes + kBatchHeaderSize > std::min(topic.batch_max, kRecordMax)) {
    return fail(Code::too_large, text("a record of ", bytes, " bytes; max.message.bytes of topic ",
                                      topic.name, " is ", topic.batch_max));
  }
  size_t batch_max = std::min(topic.batch_max, config_.batch_bytes);
  if (partition < 0) partition = choose(topic, key);
  if (partition == topic.partition) topic.bytes += size;
  Lane& into = lane(topic, partition);
  if (!into.builder.empty() && into.builder.size_bytes() + size > batch_max) {
    close_batch(into);
  }
  if (into.builder.empty()) {
    into.builder_born = client_.loop().now();
    open_.push_back({&into, into.builder_born});
    arm();
  }
  into.builder.append(timestamp, key, value, headers);
  into.bytes += payload;
  into.tokens.push_back(token);
  if (config_.keep_timestamps) into.timestamps.push_back(timestamp);
  if (into.builder.size_bytes() >= batch_max) close_batch(into);
  return {};
}

// One timer for all: batches are opened in the order in which they are due.
void Producer::arm() {
  if (armed_ || open_.empty()) return;
  armed_ = true;
  client_.loop().call_at(open_.front().born + config_.linger, [this, alive = alive_] {
    if (!*alive) return;
    armed_ = false;
    Instant now = client_.loop().now();
    while (!open_.empty() && open_.front().born + config_.linger <= now) {
      Open due = open_.front();
      open_.pop_front();
      if (due.lane->builder_born == due.born) close_batch(*due.lane);
    }
    arm();
  });
}

void Producer::close_batch(Lane& lane) {
  if (lane.builder.empty()) return;
  auto batch = std::make_shared<ProducerBatch>();
  batch->record_count = lane.builder.record_count();
  BatchOptions options{.codec = config_.codec};
  options.producer_id = lane.id;
  options.producer_epoch = lane.epoch;
  options.base_sequence = lane.next_sequence;
  Buffer spare;
  if (!spares_.empty()) {
    spare = std::move(spares_.back());
    spares_.pop_back();
  }
  Result<Buffer> bytes = lane.builder.finish(options, std::move(spare));
  batch->tokens = std::exchange(lane.tokens, {});
  lane.tokens.reserve(batch->tokens.size());
  batch->timestamps = std::exchange(lane.timestamps, {});
  batch->payload_bytes = std::exchange(lane.bytes, 0);
  batch->born = lane.builder_born;
  if (!bytes) {
    batch->error = bytes.error();
    return give_up(lane, *batch);
  }
  batch->bytes = std::move(*bytes);
  lane.next_sequence = advance_sequence(lane.next_sequence, batch->record_count);
  buffered_ += batch->bytes.size();
  lane.batches.push_back(std::move(batch));
  if (lane.running) {
    lane.changed.notify();
  } else {
    lane.running = true;
    running_++;
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
      bool must_wait = sort_out(lane);
      if (!must_wait) continue;
      size_t failures = ++lane.failures;
      co_await client_.pause(failures);
      continue;
    }
    if (lane.hole) {
      Result<void> begun = co_await begin_epoch(&lane);
      if (begun) continue;
      lane.batches.front()->error = begun.error();
      lane.broken = true;
      continue;
    }
    if (lane.sent == lane.batches.size() || lane.sent >= (lane.again > 0 ? 1 : kInFlightMax)) {
      co_await lane.changed.wait();
      continue;
    }
    Result<std::shared_ptr<ClientConnection>> leads = co_await client_.leader(lane.name);
    if (lane.broken) continue;  // meanwhile
    std::shared_ptr<ProducerBatch> batch = lane.batches[lane.sent++];
    if (leads) {
      spawn(send(lane, *leads, std::move(batch)));
    } else {
      batch->error = leads.error();
      batch->answered = true;
      lane.broken = true;
    }
  }
  lane.running = false;
  running_--;
  freed_.notify();
}

Task<void> Producer::send(Lane& lane, std::shared_ptr<ClientConnection> connection,
                          std::shared_ptr<ProducerBatch> batch) {
  ProduceRequest request;
  request.acks = config_.acks;
  request.timeout_ms = static_cast<int32_t>(client_.config().request_timeout.count());
  auto& topic = request.topic_data.emplace_back();
  topic.name = lane.name.topic;
  if (const TopicInfo* known = client_.known(lane.name.topic)) topic.topic_id = known->id;
  auto& data = topic.partition_data.emplace_back();
  data.index = lane.name.partition;
  data.records.bytes = Bytes(batch->bytes);
  // What has not been delivered by then is given up in any case.
  Instant deadline =
      std::min(client_.request_deadline() + kAnswerGrace, batch->born + config_.delivery_timeout);
  auto answered = co_await connection->ask(request, deadline);
  answer(lane, *batch, answered);
  finish_front(lane);
  lane.changed.notify();
  freed_.notify();
}

// What the broker said of a batch.
void Producer::answer(Lane& lane, ProducerBatch& batch,
                      const Result<Answer<ProduceResponse>>& answer) {
  batch.answered = true;
  if (!answer) {
    batch.error = answer.error();
  } else if (answer->message.responses.empty() ||
             answer->message.responses[0].partition_responses.empty()) {
    batch.error = Error{Code::bad_data, "the broker's answer lacks the partition", 0};
  } else {
    const auto& told = answer->message.responses[0].partition_responses[0];
    Code code{told.error_code};
    if (code == Code::none || code == Code::duplicate_sequence_number) {
      batch.acknowledged = true;
      lane.failures = 0;
      Delivery delivery{lane.name,
                        std::move(batch.tokens),
                        std::move(batch.timestamps),
                        batch.payload_bytes,
                        std::nullopt,
                        code == Code::none ? told.base_offset : -1,
                        told.log_append_time_ms};
      delivered_(delivery);
      return;
    }
    std::string why = text(lane.name, ": ", name_of(code));
    if (told.error_message) why += text(": ", printable(*told.error_message));
    batch.error = Error{code, std::move(why), 0};
  }
  lane.broken = true;
}

// Acknowledged batches at the front are done with.
void Producer::finish_front(Lane& lane) {
  while (!lane.batches.empty() && lane.batches.front()->acknowledged) {
    Buffer& bytes = lane.batches.front()->bytes;
    buffered_ -= bytes.size();
    bool is_usual = bytes.capacity() <= kSpareSizeMax && spares_.size() < kSparesMax;
    if (is_usual) spares_.push_back(std::move(bytes));
    lane.batches.pop_front();
    if (lane.sent > 0) lane.sent--;
    if (lane.again > 0) lane.again--;
  }
}

void Producer::give_up(Lane& lane, ProducerBatch& batch) {
  if (!batch.error) {
    batch.error =
        Error{Code::deadline_passed, text(lane.name, ": not delivered within the timeout"), 0};
  }
  Delivery delivery{
      lane.name, std::move(batch.tokens), std::move(batch.timestamps), 0, batch.error, -1, -1};
  delivered_(delivery);
}

// Nothing is under way: gives up what cannot be helped, and lets the rest be sent again in its
// order. Whether the cluster is to be left alone for a while first.
bool Producer::sort_out(Lane& lane) {
  size_t tried = std::max(lane.sent, lane.again);
  lane.broken = false;
  lane.sent = 0;
  lane.again = 0;
  bool seen = false;
  bool must_wait = false;
  std::deque<std::shared_ptr<ProducerBatch>> kept;
  std::vector<std::shared_ptr<ProducerBatch>> given_up;
  for (std::shared_ptr<ProducerBatch>& batch : std::exchange(lane.batches, {})) {
    buffered_ -= batch->bytes.size();
    bool was_tried = tried > 0 && tried-- > 0;
    if (batch->acknowledged) continue;
    if (batch->error && !std::exchange(seen, true)) {
      // Those behind the first fail because it did.
      Code code = batch->error->code;
      log_debug("not taken: ", batch->error->message);
      must_wait = !is_about_records(code);
      if (remedy_for(code) == Remedy::refresh_and_retry) client_.forget(lane.name.topic);
    }
    if (!put_right(lane, batch, kept)) given_up.push_back(batch);
    if (was_tried) lane.again = kept.size();
  }
  for (const std::shared_ptr<ProducerBatch>& batch : kept) {
    buffered_ += batch->bytes.size();
    batch->error.reset();
    batch->answered = false;
  }
  lane.batches = std::move(kept);
  // Last, for whoever is told may close batches of this lane.
  for (const std::shared_ptr<ProducerBatch>& batch : given_up) give_up(lane, *batch);
  return must_wait;
}

// Appends to `kept` what of the batch is to be sent again. False: nothing can be done for it.
bool Producer::put_right(Lane& lane, std::shared_ptr<ProducerBatch> batch,
                         std::deque<std::shared_ptr<ProducerBatch>>& kept) {
  bool is_first = kept.empty() && !lane.hole;
  bool late = client_.loop().now() - batch->born >= config_.delivery_timeout;
  Code code = batch->error ? batch->error->code : Code::none;
  if (is_about_records(code) && batch->record_count > 1 && !late) {
    Result<ProducerBatchHalves> halves = halve_batch(*batch);
    lane.hole = true;
    if (!halves) return false;
    kept.push_back(std::move(halves->first));
    kept.push_back(std::move(halves->second));
    return true;
  }
  bool forgotten = code == Code::out_of_order_sequence_number || code == Code::unknown_producer_id;
  bool fenced = code == Code::invalid_producer_epoch || code == Code::producer_fenced;
  if (!late && (forgotten || fenced)) {
    // Behind one that failed that is no wonder. Alone it says that the broker has lost track of us.
    if (fenced) lane.spent = true;
    if (fenced || is_first) lane.hole = true;
    kept.push_back(std::move(batch));
    return true;
  }
  if (late || remedy_for(code) == Remedy::give_up) {
    lane.hole = true;
    return false;
  }
  kept.push_back(std::move(batch));
  return true;
}

// Numbers what waits from 0 on, in an epoch in which nothing was sent (KIP-360).
Task<Result<void>> Producer::begin_epoch(Lane* lane) {
  if (lane->spent || lane->epoch.value == INT16_MAX) {
    if (lane->id == id_) {  // else another lane has got a new one already
      Result<void> begun = co_await begin();
      if (!begun) co_return pass(begun);
    }
    lane->id = id_;
    lane->epoch = epoch_;
    lane->spent = false;
  } else {
    lane->epoch = ProducerEpoch{static_cast<int16_t>(lane->epoch.value + 1)};
  }
  lane->hole = false;
  lane->again = 0;
  lane->next_sequence = 0;
  for (const std::shared_ptr<ProducerBatch>& batch : lane->batches) {
    number_batch(*batch, lane->id, lane->epoch, lane->next_sequence);
    lane->next_sequence = advance_sequence(lane->next_sequence, batch->record_count);
  }
  co_return Result<void>{};
}

Task<void> Producer::room() {
  while (is_full()) co_await freed_.wait();
}

Task<void> Producer::progress() {
  hurry();
  if (running_ > 0) co_await freed_.wait();
}

void Producer::hurry() {
  for (const Open& open : std::exchange(open_, {})) close_batch(*open.lane);
}

void Producer::drained() {
  // Where so many are open, their timer has less to do than we.
  constexpr size_t kFew = 32;
  if (open_.size() > kFew || config_.linger > kPatience) return;
  Lane* idle[kFew];
  size_t count = 0;
  for (const Open& open : open_) {
    Lane& lane = *open.lane;
    if (lane.batches.empty() && lane.builder.size_bytes() <= kSmall) idle[count++] = &lane;
  }
  // Closing one may tell the caller of a failure, who may hurry the others.
  for (size_t i = 0; i < count; i++) close_batch(*idle[i]);
}

Task<void> Producer::flush() {
  hurry();
  while (running_ > 0) co_await freed_.wait();
}

}  // namespace eventd
