// SPDX-License-Identifier: Apache-2.0
#include "lib/client/fetcher.h"

#include <algorithm>
#include <utility>

#include "lib/base/text.h"
#include "lib/record/codec.h"
#include "lib/record/control.h"

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
  std::map<int32_t, std::vector<Wanted>> by_leader;
  std::vector<TopicPartition> names;
  for (const auto& [name, position] : positions_) {
    if (!position.done) names.push_back(name);
  }
  if (names.empty()) co_return false;
  std::ranges::rotate(names, names.begin() + static_cast<ptrdiff_t>(rounds_++ % names.size()));
  troubled_ = false;
  for (const TopicPartition& name : names) {
    Result<std::shared_ptr<ClientConnection>> leads = co_await client_.leader(name);
    if (stopped_) co_return true;
    if (!leads) {
      trouble(leads.error());
      client_.forget(name.topic);
      continue;
    }
    const TopicInfo& topic = *client_.known(name.topic);
    int32_t leader = topic.partitions[static_cast<size_t>(name.partition)].leader;
    by_leader[leader].push_back({name, topic.id});
  }
  size_t left = by_leader.size();
  Signal done;
  for (auto& [broker, wanted] : by_leader) {
    spawn(fetch_from(broker, std::move(wanted), &left, &done));
  }
  while (left > 0) co_await done.wait();
  if (error_) co_return std::unexpected(*error_);
  if (!troubled_) callbacks_.on_answer();
  if (troubled_ && !stopped_) {
    co_await client_.pause(1);
  }
  co_return true;
}

FetchRequest Fetcher::question(const std::vector<Wanted>& wanted) const {
  FetchRequest request;
  request.max_wait_ms = static_cast<int32_t>(config_.wait_max.count());
  request.min_bytes = 1;
  request.max_bytes = config_.bytes_max;
  request.isolation_level = config_.committed_only ? 1 : 0;
  request.session_epoch = -1;
  for (const Wanted& one : wanted) {
    if (request.topics.empty() || request.topics.back().topic != one.name.topic) {
      auto& topic = request.topics.emplace_back();
      topic.topic = one.name.topic;
      topic.topic_id = one.topic_id;
    }
    auto& asked = request.topics.back().partitions.emplace_back();
    asked.partition = one.name.partition;
    asked.fetch_offset = positions_.at(one.name).offset;
    asked.partition_max_bytes = config_.partition_bytes_max;
  }
  return request;
}

// Something that may pass; what does not, and what the caller has had enough of, ends the run.
void Fetcher::trouble(const Error& error) {
  troubled_ = true;
  if (stopped_) return;
  bool passes = remedy_for(error.code) != Remedy::give_up || error.code == Code::bad_data ||
                error.code == Code::offset_out_of_range;
  if (passes && callbacks_.on_trouble(error)) return;
  error_ = error;
  stopped_ = true;
}

Task<void> Fetcher::fetch_from(int32_t broker, std::vector<Wanted> wanted, size_t* left,
                               Signal* done) {
  FetchRequest request = question(wanted);
  Result<std::shared_ptr<ClientConnection>> connection = co_await client_.broker(broker);
  Instant deadline = client_.request_deadline();
  Result<Answer<FetchResponse>> answer = std::unexpected(Error{});
  if (connection) {
    answer = co_await (*connection)->ask(request, deadline);
  } else {
    answer = pass(connection);
  }
  if (answer) {
    const FetchResponse* response = &answer->message;
    const std::vector<Wanted>* asked = &wanted;
    Code code{response->error_code};
    if (code != Code::none) trouble({code, text("fetch: ", name_of(code)), 0});
    co_await take(asked, response);
  } else {
    trouble(answer.error());
    for (const Wanted& one : wanted) client_.forget(one.name.topic);
  }
  if (--*left == 0) done->notify();
}

Task<void> Fetcher::take(const std::vector<Wanted>* wanted, const FetchResponse* response) {
  for (const auto& topic : response->responses) {
    for (const auto& data : topic.partitions) {
      auto one = std::ranges::find_if(*wanted, [&](const Wanted& asked) {
        return asked.name.partition == data.partition_index &&
               (topic.topic_id.is_zero() ? asked.name.topic == topic.topic
                                         : asked.topic_id == topic.topic_id);
      });
      if (one == wanted->end() || stopped_) continue;
      Code code{data.error_code};
      if (code != Code::none) {
        co_await handle_error(one->name, code);
        continue;
      }
      std::vector<Aborted> aborted;
      if (data.aborted_transactions) {
        for (const auto& transaction : *data.aborted_transactions) {
          aborted.push_back({transaction.producer_id, transaction.first_offset});
        }
      }
      auto place = positions_.find(one->name);
      hand_out(place->first, place->second, data.records.bytes.value_or(Bytes{}),
               std::move(aborted));
    }
  }
}

Task<void> Fetcher::handle_error(TopicPartition partition, Code code) {
  if (code == Code::offset_out_of_range) {
    co_await handle_out_of_range(partition);
    co_return;
  }
  trouble({code, text(partition, ": ", name_of(code)), 0});
  client_.forget(partition.topic);
}

// Records before the log's start were deleted; past its end there is nothing yet, or no more.
Task<void> Fetcher::handle_out_of_range(TopicPartition partition) {
  std::vector<std::pair<TopicPartition, int64_t>> wanted{{partition, -2}};
  auto start = co_await client_.offsets(std::move(wanted), config_.committed_only);
  if (!start) {
    trouble(start.error());
    co_return;
  }
  auto& [name, position] = *positions_.find(partition);
  int64_t first = (*start)[partition];
  if (position.offset < first) {
    callbacks_.on_gap(name, position.offset, first);
    position.offset = first;
    if (!callbacks_.on_position(name, position.offset)) position.done = true;
    co_return;
  }
  trouble({Code::offset_out_of_range,
           text(partition, ": the log ends before offset ", position.offset), 0});
}

void Fetcher::stop_for(const Error& error, const TopicPartition& name, int64_t offset) {
  error_ = error.during(text(name, " at offset ", offset));
  stopped_ = true;
}

void Fetcher::hand_out(const TopicPartition& name, Position& position, Bytes records,
                       std::vector<Aborted> aborted) {
  std::ranges::sort(aborted, {}, &Aborted::first_offset);
  size_t next_aborted = 0;
  while (!stopped_ && !position.done && !records.empty()) {
    Result<BatchHeader> header = parse_batch_header(records);
    // The last batch may be cut short: it comes whole next time.
    if (records.size() < kBatchHeaderSize) break;
    if (!header) return stop_for(header.error(), name, position.offset);
    if (header->size_bytes() > records.size()) break;
    Bytes batch = records.first(header->size_bytes());
    records = records.subspan(header->size_bytes());
    Result<void> sound = check_batch(*header, batch);
    if (sound && !header->has_known_codec()) {
      sound = fail(Code::unsupported_compression_type, "a codec that nobody knows");
    }
    if (!sound) return stop_for(sound.error(), name, header->base_offset.value);
    while (next_aborted < aborted.size() &&
           aborted[next_aborted].first_offset <= header->last_offset().value) {
      position.aborted_now.insert(aborted[next_aborted++].producer_id);
    }
    if (header->is_control()) {
      position.aborted_now.erase(header->producer_id.value);
    } else if (!header->is_transactional() ||
               !position.aborted_now.contains(header->producer_id.value)) {
      if (!hand_out_batch(name, position, *header, batch)) break;
    }
    position.offset = std::max(position.offset, header->next_offset().value);
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
      stop_for(opened.error(), name, header.base_offset.value);
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
    switch (callbacks_.on_record(fetched)) {
      case Next::record:
        break;
      case Next::partition:
        position.done = true;
        return false;
      case Next::nothing:
        stopped_ = true;
        return false;
    }
  }
  Result<void> finished = reader.finished();
  if (!finished) stop_for(finished.error(), name, header.base_offset.value);
  return !stopped_;
}

}  // namespace eventd
