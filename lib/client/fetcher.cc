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

void Fetcher::stop() {
  stopped_ = true;
  stop_.notify();
}

Task<Result<void>> Fetcher::run() {
  while (!stopped_) {
    Result<bool> more = co_await round();
    if (!more) co_return pass(more);
    if (!*more) break;
  }
  if (error_) co_return std::unexpected(*error_);
  end_sessions();
  co_return Result<void>{};
}

// Asks every leader once. False when nothing is left to read.
Task<Result<bool>> Fetcher::round() {
  rounds_++;
  troubled_ = false;
  Instant now = client_.loop().now();
  Instant next = Instant::max();
  std::vector<Place*> due;
  for (Place& place : positions_) {
    place.second.asked_of = -1;
    if (place.second.done) continue;
    if (place.second.retry_at <= now) due.push_back(&place);
    next = std::min(next, place.second.retry_at);
  }
  if (next == Instant::max()) co_return false;
  if (due.empty()) {
    co_await stop_.wait_until(client_.loop(), next);
    co_return true;
  }
  std::ranges::rotate(due, due.begin() + static_cast<ptrdiff_t>(rounds_ % due.size()));
  const std::vector<Place*>* wanted = &due;
  co_await find_leaders(wanted);
  if (error_) co_return std::unexpected(*error_);
  if (stopped_) co_return true;
  size_t left = wanted_.size();
  Signal done;
  for (auto& [broker, partitions] : wanted_) spawn(fetch_from(broker, &left, &done));
  while (left > 0) co_await done.wait();
  if (error_) co_return std::unexpected(*error_);
  auto is_put_off = [now](const Place& place) {
    return !place.second.done && place.second.retry_at > now;
  };
  if (!troubled_ && std::ranges::none_of(positions_, is_put_off)) callbacks_.on_answer();
  co_return true;
}

// Fills wanted_, after asking for what is not known, once.
Task<void> Fetcher::find_leaders(const std::vector<Place*>* due) {
  wanted_.clear();
  std::set<std::string> unknown;
  for (const Place* place : *due) {
    if (!client_.leader_of(place->first)) unknown.insert(place->first.topic);
  }
  std::optional<Error> lost;
  std::map<std::string, Code> refused;
  if (!unknown.empty()) {
    std::vector<std::string> names(unknown.begin(), unknown.end());
    Result<std::vector<TopicInfo>> asked = co_await client_.topics(std::move(names));
    if (stopped_) co_return;
    if (asked) {
      for (const TopicInfo& topic : *asked) refused[topic.name] = topic.error;
    } else {
      lost = asked.error();
    }
  }
  for (Place* place : *due) {
    if (stopped_) co_return;
    const std::string& topic = place->first.topic;
    if (lost && unknown.contains(topic)) {
      if (!troubled_) trouble(*lost);
      put_off(place->second);
    } else if (refused[topic] != Code::none) {
      Code code = refused[topic];
      trouble({code, text("topic ", topic, ": ", name_of(code)), 0});
      put_off(place->second);
    } else {
      ask_leader(*place);
    }
  }
}

void Fetcher::ask_leader(Place& place) {
  auto& [name, position] = place;
  Result<int32_t> leader = client_.leader_of(name);
  if (!leader) {
    trouble(leader.error());
    return put_off(position);
  }
  Uuid id = client_.known(name.topic)->id;
  bool is_remade = !position.topic_id.is_zero() && !id.is_zero() && id != position.topic_id;
  if (is_remade) {
    position = {.offset = 0};
    if (!callbacks_.on_remade(name)) return stop();
  }
  position.topic_id = id;
  position.asked_of = *leader;
  wanted_[*leader].push_back({&name, id, position.offset});
}

FetchRequest Fetcher::question() const {
  FetchRequest request;
  request.max_wait_ms = static_cast<int32_t>(config_.wait_max.count());
  request.min_bytes = 1;
  request.max_bytes = config_.bytes_max;
  request.isolation_level = config_.committed_only ? 1 : 0;
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

void Fetcher::put_off(Position& position) {
  position.failed_in = rounds_;
  position.retry_at = client_.retry_at(++position.failures);
}

// Of the question that was put ahead, if it is still what is wanted; else of one that is put now.
Task<Result<Answer<FetchResponse>>> Fetcher::answer_of(int32_t broker) {
  const std::vector<FetchSession::Partition>& wanted = wanted_[broker];
  std::shared_ptr<Ahead> ahead = std::exchange(ahead_[broker], nullptr);
  bool fits = ahead && wanted.size() == 1 && wanted[0].name == ahead->wanted.name &&
              wanted[0].topic_id == ahead->wanted.topic_id &&
              wanted[0].offset == ahead->wanted.offset;
  if (fits) {
    while (!ahead->answer) co_await ahead->came.wait();
    co_return std::move(*ahead->answer);
  }
  FetchRequest request = question();
  sessions_[broker].ask(wanted, config_.partition_bytes_max, request);
  Result<std::shared_ptr<ClientConnection>> connection = co_await client_.broker(broker);
  if (!connection) co_return pass(connection);
  Instant deadline = client_.request_deadline();
  Result<Answer<FetchResponse>> answer = co_await (*connection)->ask(request, deadline);
  co_return std::move(answer);
}

// Asks for what follows the answer, where the broker has it already: it need not wait then.
void Fetcher::look_ahead(int32_t broker, const FetchResponse& response) {
  const std::vector<FetchSession::Partition>& wanted = wanted_[broker];
  std::shared_ptr<ClientConnection> connection = client_.connected(broker);
  bool is_one = wanted.size() == 1 && response.session_id == 0 && response.responses.size() == 1 &&
                response.responses[0].partitions.size() == 1;
  if (!connection || !is_one) return;
  const auto& data = response.responses[0].partitions[0];
  int64_t end = config_.committed_only ? data.last_stable_offset : data.high_watermark;
  int64_t next = wanted[0].offset;
  Bytes records = data.records.bytes.value_or(Bytes{});
  while (Code{data.error_code} == Code::none && records.size() >= kBatchHeaderSize) {
    Result<BatchHeader> header = parse_batch_header(records);
    if (!header || header->size_bytes() > records.size()) break;
    next = std::max(next, header->next_offset().value);
    records = records.subspan(header->size_bytes());
  }
  if (next == wanted[0].offset || next >= end) return;
  auto ahead = std::make_shared<Ahead>();
  ahead->wanted = wanted[0];
  ahead->wanted.offset = next;
  ahead->connection = std::move(connection);
  FetchRequest request = question();
  sessions_[broker].ask({ahead->wanted}, config_.partition_bytes_max, request);
  ahead_[broker] = ahead;
  spawn(ask_ahead(std::move(ahead), std::move(request), client_.request_deadline()));
}

// Its answer may come after the fetcher has gone.
Task<void> Fetcher::ask_ahead(std::shared_ptr<Ahead> ahead, FetchRequest request,
                              Instant deadline) {
  Result<Answer<FetchResponse>> answer = co_await ahead->connection->ask(request, deadline);
  ahead->answer.emplace(std::move(answer));
  ahead->came.notify();
}

Task<void> Fetcher::fetch_from(int32_t broker, size_t* left, Signal* done) {
  const std::vector<FetchSession::Partition>& wanted = wanted_[broker];
  FetchSession& session = sessions_[broker];
  Result<Answer<FetchResponse>> answer = co_await answer_of(broker);
  Code code = answer ? Code{answer->message.error_code} : Code::none;
  std::optional<Error> error;
  if (!answer) {
    session.lost();
    error = answer.error();
  } else if (code == Code::none) {
    const FetchResponse* response = &answer->message;
    session.answered(*response);
    if (config_.ahead) look_ahead(broker, *response);
    co_await take(broker, response);
  } else if (session.refused(code)) {
    troubled_ = true;  // nobody has been told anything
  } else {
    error = Error{code, text("fetch: ", name_of(code)), 0};
  }
  if (error) trouble(*error);
  for (const FetchSession::Partition& one : wanted) {
    Position& position = positions_.find(*one.name)->second;
    if (error) {
      put_off(position);
      if (!answer) client_.forget(one.name->topic);
    } else if (position.failed_in != rounds_) {
      position.failures = 0;
    }
  }
  if (--*left == 0) done->notify();
}

Task<void> Fetcher::take(int32_t broker, const FetchResponse* response) {
  for (const auto& topic : response->responses) {
    // By name, or by id: what was asked for in this round.
    TopicPartition name{std::string(topic.topic), 0};
    if (!topic.topic_id.is_zero()) {
      auto asked =
          std::ranges::find(wanted_[broker], topic.topic_id, &FetchSession::Partition::topic_id);
      if (asked == wanted_[broker].end()) continue;
      name.topic = asked->name->topic;
    }
    for (const auto& data : topic.partitions) {
      name.partition = data.partition_index;
      auto place = positions_.find(name);
      bool was_asked = place != positions_.end() && place->second.asked_of == broker;
      if (!was_asked || place->second.done || stopped_) continue;
      Code code{data.error_code};
      if (code != Code::none) {
        TopicPartition failed = name;
        co_await handle_error(std::move(failed), code);
        continue;
      }
      std::vector<Aborted> aborted;
      if (data.aborted_transactions) {
        for (const auto& transaction : *data.aborted_transactions) {
          aborted.push_back({transaction.producer_id, transaction.first_offset});
        }
      }
      hand_out(place->first, place->second, data.records.bytes.value_or(Bytes{}),
               std::move(aborted));
    }
  }
}

Task<void> Fetcher::handle_error(TopicPartition partition, Code code) {
  if (code == Code::offset_out_of_range) {
    co_await handle_out_of_range(std::move(partition));
    co_return;
  }
  trouble({code, text(partition, ": ", name_of(code)), 0});
  put_off(positions_.find(partition)->second);
  client_.forget(partition.topic);  // who leads it is asked
}

// Records before the log's start were deleted; past its end there is nothing yet, or no more.
Task<void> Fetcher::handle_out_of_range(TopicPartition partition) {
  std::vector<std::pair<TopicPartition, int64_t>> wanted{{partition, -2}};
  auto start = co_await client_.offsets(std::move(wanted), config_.committed_only);
  auto& [name, position] = *positions_.find(partition);
  if (!start) {
    trouble(start.error());
    put_off(position);
    co_return;
  }
  int64_t first = (*start)[partition];
  if (position.offset < first) {
    callbacks_.on_gap(name, position.offset, first);
    position.offset = first;
    if (!callbacks_.on_position(name, position.offset)) position.done = true;
    co_return;
  }
  trouble({Code::offset_out_of_range,
           text(partition, ": the log ends before offset ", position.offset), 0});
  position.failures = 0;  // it is looked for as often as at first
  put_off(position);
}

// A broker that hears of no end keeps a session for a while, in a place that others may want.
void Fetcher::end_sessions() {
  auto end = [](std::shared_ptr<ClientConnection> connection, FetchRequest last,
                Instant deadline) -> Task<void> {
    auto ignored = co_await connection->ask(last, deadline);  // nobody is left to be told
  };
  for (auto& [broker, session] : sessions_) {
    std::optional<FetchRequest> last = session.end();
    std::shared_ptr<ClientConnection> connection = client_.connected(broker);
    if (last && connection) spawn(end(connection, *last, client_.request_deadline()));
  }
  sessions_.clear();
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
