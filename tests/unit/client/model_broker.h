// SPDX-License-Identifier: Apache-2.0
// A broker that keeps the records of one topic in memory and checks producers as Kafka does: by
// producer id, epoch and sequence. Faults are planted for single Produce requests.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "lib/client/client.h"
#include "lib/record/batch.h"
#include "lib/record/builder.h"
#include "lib/record/codec.h"
#include "lib/record/record.h"
#include "lib/wire/messages/fetch.h"
#include "lib/wire/messages/list_offsets.h"
#include "lib/wire/messages/metadata.h"
#include "lib/wire/messages/produce.h"
#include "lib/wire/messages/producer_id.h"
#include "tests/unit/client/scripted_broker.h"

namespace eventd {

struct ModelBroker {
  // What is done with a Produce request instead of answering it well.
  struct Fault {
    Code code = Code::none;     // refused so
    bool hang_up = false;       // the connection ends instead of an answer
    bool append_first = false;  // and yet the batch is there
  };
  struct Partition {
    std::vector<std::string> values;
    int64_t start = 0;  // of the log; earlier offsets were deleted
    ProducerId id = kNoProducer;
    ProducerEpoch epoch{-1};
    int32_t next_sequence = 0;
    std::deque<int32_t> last_five;  // base sequences
    bool has_leader = true;
  };

  explicit ModelBroker(int32_t partitions, const Address& at = {"127.0.0.1", 0, false})
      : partitions(static_cast<size_t>(partitions)),
        broker(
            loop, [this](auto& header, Bytes body) { return handle(header, body); }, at) {}

  UvLoop loop;
  std::vector<Partition> partitions;
  std::map<int, Fault> faults;  // by the number of the Produce request, from 0 on
  int produced = 0;             // Produce requests so far
  size_t batch_max = SIZE_MAX;  // max.message.bytes
  std::string poison;           // a record with this value is refused with its batch
  int64_t next_id = 1000;
  Uuid topic_id = Uuid::random();
  // What it serves, and how often it was asked for something else.
  std::map<ApiKey, VersionRange> versions{
      {ApiKey::produce, {0, 9}},      {ApiKey::fetch, {0, 12}},
      {ApiKey::list_offsets, {0, 7}}, {ApiKey::metadata, {0, 9}},
      {ApiKey::api_versions, {0, 3}}, {ApiKey::init_producer_id, {0, 4}},
  };
  int unserved = 0;
  ScriptedBroker broker;

  ClientConfig config() const {
    ClientConfig config;
    config.brokers = {broker.address()};
    config.retry_backoff = {std::chrono::milliseconds(2), std::chrono::milliseconds(8)};
    config.reconnect_backoff = config.retry_backoff;
    return config;
  }

  // A stored batch of some values, as Fetch returns it.
  static Buffer batch_of(const std::vector<std::string>& values, int64_t base_offset,
                         BatchOptions options = {}) {
    BatchBuilder builder;
    for (const std::string& value : values) builder.append(1, std::nullopt, bytes_of(value));
    options.base_offset = Offset{base_offset};
    return *builder.finish(options);
  }

 private:
  ScriptedBroker::Reply handle(const RequestHeader& header, Bytes body) {
    auto served = versions.find(ApiKey{header.api});
    if (served == versions.end() || !served->second.contains(header.version)) {
      unserved++;
      // What a broker that is older than the question answers.
      if (ApiKey{header.api} != ApiKey::api_versions) return Buffer{};
      return ScriptedBroker::too_new(header);
    }
    switch (ApiKey{header.api}) {
      case ApiKey::api_versions:
        return ScriptedBroker::serves(header, versions);
      case ApiKey::metadata:
        return metadata(header);
      case ApiKey::init_producer_id: {
        InitProducerIdResponse response;
        response.producer_id = next_id++;
        response.producer_epoch = 0;
        return ScriptedBroker::answer(header, response);
      }
      case ApiKey::produce:
        return produce(header, *decode<ProduceRequest>(body, header.version));
      case ApiKey::list_offsets:
        return offsets(header, *decode<ListOffsetsRequest>(body, header.version));
      case ApiKey::fetch:
        return fetch(header, *decode<FetchRequest>(body, header.version));
      default:
        return Buffer{};
    }
  }

  Buffer metadata(const RequestHeader& header) const {
    MetadataResponse response;
    auto& self = response.brokers.emplace_back();
    self.node_id = 1;
    self.host = "127.0.0.1";
    self.port = broker.address().port;
    response.controller_id = 1;
    auto& topic = response.topics.emplace_back();
    topic.name = "t";
    topic.topic_id = topic_id;
    for (size_t i = 0; i < partitions.size(); i++) {
      auto& partition = topic.partitions.emplace_back();
      partition.partition_index = static_cast<int32_t>(i);
      partition.leader_id = partitions[i].has_leader ? 1 : -1;
    }
    return ScriptedBroker::answer(header, response);
  }

  ScriptedBroker::Reply produce(const RequestHeader& header, const ProduceRequest& request) {
    const auto& data = request.topic_data.at(0).partition_data.at(0);
    Fault fault;
    if (auto planted = faults.find(produced++); planted != faults.end()) fault = planted->second;
    ProduceResponse response;
    auto& topic = response.responses.emplace_back();
    topic.name = "t";
    topic.topic_id = topic_id;
    auto& told = topic.partition_responses.emplace_back();
    told.index = data.index;
    bool appends = fault.append_first || (fault.code == Code::none && !fault.hang_up);
    Code code = appends
                    ? append(partitions.at(static_cast<size_t>(data.index)), *data.records.bytes)
                    : fault.code;
    if (fault.code != Code::none) code = fault.code;
    told.error_code = static_cast<int16_t>(code);
    if (fault.hang_up) return Buffer{};
    return ScriptedBroker::answer(header, response);
  }

  Code append(Partition& into, Bytes batch) const {
    Result<BatchHeader> header = check_batch(batch);
    if (!header) return Code::corrupt_message;
    if (batch.size() > batch_max) return Code::message_too_large;
    std::vector<std::string> values;
    Bytes payload = records_of(batch);
    Buffer plain;
    if (header->codec() != Codec::none) {
      if (!decompress(header->codec(), payload, plain, 1 << 20)) return Code::corrupt_message;
      payload = plain;
    }
    RecordReader reader(payload, header->record_count);
    Record record;
    while (reader.next(record)) values.emplace_back(text_of(*record.value));
    bool new_epoch = header->producer_id != into.id || header->producer_epoch > into.epoch;
    if (header->producer_id == into.id && header->producer_epoch < into.epoch) {
      return Code::invalid_producer_epoch;
    }
    if (!new_epoch &&
        std::ranges::find(into.last_five, header->base_sequence) != into.last_five.end()) {
      return Code::none;  // a duplicate
    }
    if (header->base_sequence != (new_epoch ? 0 : into.next_sequence)) {
      return Code::out_of_order_sequence_number;
    }
    if (std::ranges::find(values, poison) != values.end() && !poison.empty()) {
      return Code::invalid_record;
    }
    if (new_epoch) into.last_five.clear();
    into.id = header->producer_id;
    into.epoch = header->producer_epoch;
    into.next_sequence = advance_sequence(header->base_sequence, header->record_count);
    into.last_five.push_back(header->base_sequence);
    if (into.last_five.size() > 5) into.last_five.pop_front();
    into.values.insert(into.values.end(), values.begin(), values.end());
    return Code::none;
  }

  Buffer offsets(const RequestHeader& header, const ListOffsetsRequest& request) const {
    ListOffsetsResponse response;
    auto& topic = response.topics.emplace_back();
    topic.name = "t";
    for (const auto& asked : request.topics.at(0).partitions) {
      auto& told = topic.partitions.emplace_back();
      const Partition& of = partitions.at(static_cast<size_t>(asked.partition_index));
      told.partition_index = asked.partition_index;
      told.offset = asked.timestamp == -2 ? of.start : static_cast<int64_t>(of.values.size());
    }
    return ScriptedBroker::answer(header, response);
  }

 public:
  // What Fetch answers for a partition instead of its values, once.
  struct Fetched {
    Buffer records;
    std::vector<FetchResponse::AbortedTransaction> aborted;
    Code code = Code::none;
  };
  std::map<int32_t, Fetched> fetched;
  int fetches = 0;
  int64_t fetched_max = INT64_MAX;  // values of a partition in one answer
  std::vector<int32_t> first_asked;  // of each Fetch

  // Sessions as Kafka has them (KIP-227): at most one, if it grants any.
  bool grants_sessions = false;
  int32_t session_id = 0;
  int32_t session_epoch = 0;                // the next one that is good
  std::map<int32_t, int64_t> session = {};  // offsets by partition
  // What each Fetch said.
  struct FetchAsked {
    int32_t session_id;
    int32_t epoch;
    std::vector<int32_t> partitions;
    std::vector<int32_t> forgotten;
    Code answered = Code::none;
  };
  std::vector<FetchAsked> asked;
  std::set<int> hang_up_on;  // the Fetch requests whose answer is lost
  // Called before each Fetch is answered, with its number; the error with which it is refused.
  std::function<Code(int)> on_fetch;

 private:
  // The partitions that a question is about, or why it is refused.
  Result<std::vector<std::pair<int32_t, int64_t>>> begin_fetch(const FetchRequest& request,
                                                               FetchResponse& response) {
    FetchAsked& told = asked.emplace_back();
    told.session_id = request.session_id;
    told.epoch = request.session_epoch;
    std::vector<std::pair<int32_t, int64_t>> wanted;
    for (const auto& topic : request.topics) {
      for (const auto& one : topic.partitions) {
        told.partitions.push_back(one.partition);
        wanted.emplace_back(one.partition, one.fetch_offset);
      }
    }
    for (const auto& topic : request.forgotten_topics_data) {
      told.forgotten.insert(told.forgotten.end(), topic.partitions.begin(), topic.partitions.end());
    }
    Code code = on_fetch ? on_fetch(fetches - 1) : Code::none;
    if (code != Code::none) return fail(code, "planted");
    if (request.session_epoch == 0 || request.session_epoch == -1) {
      if (request.session_id == session_id) session_id = 0;
      if (request.session_epoch == -1 || !grants_sessions) return wanted;
      session_id = response.session_id = ++last_session_id_;
      session_epoch = 1;
      session = {wanted.begin(), wanted.end()};
      return wanted;
    }
    if (request.session_id != session_id || session_id == 0) {
      return fail(Code::fetch_session_id_not_found, "");
    }
    if (request.session_epoch != session_epoch) {
      return fail(Code::invalid_fetch_session_epoch, "");
    }
    session_epoch++;
    response.session_id = session_id;
    for (auto [partition, offset] : wanted) session[partition] = offset;
    for (int32_t partition : told.forgotten) session.erase(partition);
    return std::vector<std::pair<int32_t, int64_t>>(session.begin(), session.end());
  }

  ScriptedBroker::Reply fetch(const RequestHeader& header, const FetchRequest& request) {
    fetches++;
    FetchResponse response;
    auto wanted = begin_fetch(request, response);
    if (hang_up_on.contains(fetches - 1)) return Buffer{};
    if (!wanted) {
      asked.back().answered = wanted.error().code;
      response.error_code = static_cast<int16_t>(wanted.error().code);
      return ScriptedBroker::answer(header, response);
    }
    std::deque<Buffer> kept;
    auto& topic = response.responses.emplace_back();
    topic.topic = "t";
    topic.topic_id = topic_id;
    if (!wanted->empty()) first_asked.push_back(wanted->front().first);
    bool is_incremental = request.session_epoch > 0;
    for (auto [partition, offset] : *wanted) {
      auto& told = topic.partitions.emplace_back();
      told.partition_index = partition;
      const Partition& of = partitions.at(static_cast<size_t>(partition));
      auto size = static_cast<int64_t>(of.values.size());
      told.high_watermark = told.last_stable_offset = size;
      if (auto once = fetched.find(partition); once != fetched.end()) {
        told.error_code = static_cast<int16_t>(once->second.code);
        told.aborted_transactions = once->second.aborted;
        kept.push_back(std::move(once->second.records));
        told.records.bytes = kept.back();
        fetched.erase(once);
      } else if (offset < of.start || offset > size) {
        told.error_code = static_cast<int16_t>(Code::offset_out_of_range);
      } else if (offset < size) {
        auto first = of.values.begin() + offset;
        std::vector<std::string> rest(first, first + std::min(size - offset, fetched_max));
        kept.push_back(batch_of(rest, offset));
        told.records.bytes = kept.back();
      } else if (is_incremental) {
        topic.partitions.pop_back();  // there is no news
      } else {
        told.records.bytes = Bytes{};
      }
    }
    if (topic.partitions.empty()) response.responses.clear();
    return ScriptedBroker::answer(header, response);
  }

  int32_t last_session_id_ = 70;
};

}  // namespace eventd
