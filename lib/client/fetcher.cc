// SPDX-License-Identifier: Apache-2.0
#include "lib/client/fetcher.h"

#include <algorithm>
#include <utility>

#include "lib/base/text.h"
#include "lib/record/codec.h"
#include "lib/record/control.h"
#include "lib/wire/messages/fetch.h"

namespace eventd {

namespace {
constexpr size_t kDecompressedMax = size_t{1} << 30;
}

void Fetcher::stop() { stopped_ = true; }

Task<Result<void>> Fetcher::run() {
  while (!stopped_) {
    Result<bool> more = co_await round();
    if (!more) co_return pass(more);
    if (!*more) break;
  }
  if (error_) co_return std::unexpected(*error_);
  co_return Result<void>{};
}

// Asks every leader once. False when nothing is left to read.
Task<Result<bool>> Fetcher::round() {
  std::map<int32_t, std::vector<TopicPartition>> by_leader;
  std::vector<TopicPartition> wanted;
  for (const auto& [name, position] : positions_) {
    if (!position.done) wanted.push_back(name);
  }
  if (wanted.empty()) co_return false;
  troubled_ = false;
  for (const TopicPartition& name : wanted) {
    Result<std::shared_ptr<ClientConnection>> leads = co_await client_.leader(name);
    if (!leads) {
      troubled_ = true;
      bool goes_on = callbacks_.on_trouble(leads.error());
      if (!goes_on) co_return pass(leads);
      client_.forget(name.topic);
      continue;
    }
    auto index = static_cast<size_t>(name.partition);
    by_leader[client_.known(name.topic)->partitions[index].leader].push_back(name);
  }
  size_t left = by_leader.size();
  Signal done;
  for (auto& [broker, partitions] : by_leader) {
    spawn(fetch_from(broker, std::move(partitions), &left, &done));
  }
  while (left > 0) co_await done.wait();
  if (error_) co_return std::unexpected(*error_);
  if (troubled_ && !stopped_) {
    Instant next = client_.loop().now() + client_.config().retry_backoff;
    co_await sleep_until(client_.loop(), next);
  }
  co_return true;
}

Task<void> Fetcher::fetch_from(int32_t broker, std::vector<TopicPartition> partitions, size_t* left,
                               Signal* done) {
  FetchRequest request;
  request.max_wait_ms = static_cast<int32_t>(config_.wait_max.count());
  request.min_bytes = 1;
  request.max_bytes = config_.bytes_max;
  request.isolation_level = config_.committed_only ? 1 : 0;
  request.session_epoch = -1;
  for (const TopicPartition& name : partitions) {
    if (request.topics.empty() || request.topics.back().topic != name.topic) {
      auto& topic = request.topics.emplace_back();
      topic.topic = name.topic;
      topic.topic_id = client_.known(name.topic)->id;
    }
    auto& asked = request.topics.back().partitions.emplace_back();
    asked.partition = name.partition;
    asked.fetch_offset = positions_[name].offset;
    asked.partition_max_bytes = config_.partition_bytes_max;
  }
  Result<std::shared_ptr<ClientConnection>> connection = co_await client_.broker(broker);
  Instant deadline = client_.request_deadline();
  Result<Answer<FetchResponse>> answer = std::unexpected(Error{});
  if (connection) {
    answer = co_await (*connection)->ask(request, deadline);
  } else {
    answer = pass(connection);
  }
  if (!answer) {
    troubled_ = true;
    if (!callbacks_.on_trouble(answer.error())) {
      error_ = answer.error();
      stopped_ = true;
    }
    for (const TopicPartition& name : partitions) client_.forget(name.topic);
  } else {
    for (const auto& topic : answer->message.responses) {
      for (const auto& data : topic.partitions) {
        auto matches = [&](const TopicPartition& name) {
          if (name.partition != data.partition_index) return false;
          if (topic.topic_id.is_zero()) return name.topic == topic.topic;
          const TopicInfo* known = client_.known(name.topic);
          return known != nullptr && known->id == topic.topic_id;
        };
        auto name = std::ranges::find_if(partitions, matches);
        if (name == partitions.end() || stopped_) continue;
        Code code{data.error_code};
        if (code != Code::none) {
          co_await handle_error(*name, code);
          continue;
        }
        std::vector<Aborted> aborted;
        if (data.aborted_transactions) {
          for (const auto& transaction : *data.aborted_transactions) {
            aborted.push_back({transaction.producer_id, transaction.first_offset});
          }
        }
        hand_out(*name, positions_[*name], data.records.bytes.value_or(Bytes{}),
                 std::move(aborted));
      }
    }
  }
  if (--*left == 0) done->notify();
}

Task<void> Fetcher::handle_error(TopicPartition partition, Code code) {
  if (code == Code::offset_out_of_range) {
    // Records before the log's start were deleted; past its end there is nothing yet.
    std::vector<std::pair<TopicPartition, int64_t>> wanted{{partition, -2}};
    auto start = co_await client_.offsets(std::move(wanted), config_.committed_only);
    if (!start) {
      troubled_ = true;
      co_return;
    }
    Position& position = positions_[partition];
    if (position.offset < (*start)[partition]) {
      callbacks_.on_gap(partition, position.offset, (*start)[partition]);
      position.offset = (*start)[partition];
      if (!callbacks_.on_position(partition, position.offset)) position.done = true;
    } else {
      troubled_ = true;
    }
    co_return;
  }
  Error error{code, text(partition, ": ", name_of(code)), 0};
  troubled_ = true;
  if (remedy_for(code) == Remedy::give_up || !callbacks_.on_trouble(error)) {
    error_ = std::move(error);
    stopped_ = true;
  }
  client_.forget(partition.topic);
}

void Fetcher::hand_out(const TopicPartition& name, Position& position, Bytes records,
                       std::vector<Aborted> aborted) {
  std::ranges::sort(aborted, {}, &Aborted::first_offset);
  size_t next_aborted = 0;
  while (!stopped_ && !position.done && !records.empty()) {
    Result<BatchHeader> header = parse_batch_header(records);
    // The last batch may be cut short: it comes whole next time.
    if (!header || header->size_bytes() > records.size()) break;
    Bytes batch = records.first(header->size_bytes());
    records = records.subspan(header->size_bytes());
    Result<void> sound = check_batch(*header, batch);
    if (!sound) {
      error_ = sound.error().during(text(name, " at offset ", header->base_offset));
      stopped_ = true;
      return;
    }
    while (next_aborted < aborted.size() &&
           aborted[next_aborted].first_offset <= header->last_offset().value) {
      position.aborted_now.insert(aborted[next_aborted++].producer_id);
    }
    if (header->is_control()) {
      position.aborted_now.erase(header->producer_id.value);
    } else if (!header->is_transactional() ||
               !position.aborted_now.contains(header->producer_id.value)) {
      if (!hand_out_batch(name, position, *header, batch)) return;
    }
    position.offset = header->next_offset().value;
    if (!callbacks_.on_position(name, position.offset)) position.done = true;
  }
  if (!stopped_) callbacks_.on_drained();
}

bool Fetcher::hand_out_batch(const TopicPartition& name, Position& position,
                             const BatchHeader& header, Bytes batch) {
  Bytes payload = records_of(batch);
  if (header.codec() != Codec::none) {
    Result<void> opened = decompress(header.codec(), payload, plain_, kDecompressedMax);
    if (!opened) {
      error_ = opened.error().during(text(name, " at offset ", header.base_offset));
      stopped_ = true;
      return false;
    }
    payload = plain_;
  }
  RecordReader reader(payload, header.record_count);
  Record record;
  FetchedRecord fetched;
  fetched.partition = &name;
  fetched.record = &record;
  while (reader.next(record)) {
    fetched.offset = header.base_offset.value + record.offset_delta;
    if (fetched.offset < position.offset) continue;
    fetched.timestamp = header.is_log_append_time()
                            ? header.max_timestamp
                            : header.base_timestamp + record.timestamp_delta;
    fetched.key = record.key;
    fetched.value = record.value;
    if (!callbacks_.on_record(fetched)) {
      stopped_ = true;
      return false;
    }
    // Where the end lies within the batch.
    if (!callbacks_.on_position(name, fetched.offset + 1)) {
      position.done = true;
      return true;
    }
  }
  Result<void> finished = reader.finished();
  if (!finished) {
    error_ = finished.error().during(text(name, " at offset ", header.base_offset));
    stopped_ = true;
  }
  return !stopped_;
}

}  // namespace eventd
