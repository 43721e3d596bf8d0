// SPDX-License-Identifier: Apache-2.0
// Offsets by timestamp: each leader is asked once, and what fails for now is asked again.
#include <algorithm>
#include <set>
#include <utility>

#include "lib/base/text.h"
#include "lib/client/client.h"
#include "lib/wire/messages/list_offsets.h"

namespace eventd {

struct Client::OffsetSearch {
  std::map<TopicPartition, int64_t> wanted;  // timestamps
  bool committed_only = false;
  std::map<TopicPartition, int64_t> found = {};
  Error last{Code::request_timed_out, "no leader answered", 0};
};

namespace {

ListOffsetsRequest question(const std::vector<std::pair<TopicPartition, int64_t>>& asks,
                            bool committed_only) {
  ListOffsetsRequest request;
  request.replica_id = -1;
  request.isolation_level = committed_only ? 1 : 0;
  for (const auto& [partition, timestamp] : asks) {
    if (request.topics.empty() || request.topics.back().name != partition.topic) {
      request.topics.emplace_back().name = partition.topic;
    }
    auto& asked = request.topics.back().partitions.emplace_back();
    asked.partition_index = partition.partition;
    asked.timestamp = timestamp;
  }
  return request;
}

bool passes(Code code) { return remedy_for(code) != Remedy::give_up; }
// Whether it is worth to wait for a leader.
bool may_get_leader(Code code) { return passes(code) && code != Code::unknown_topic_or_partition; }

}  // namespace

Task<Result<std::map<TopicPartition, int64_t>>> Client::offsets(
    std::vector<std::pair<TopicPartition, int64_t>> wanted, bool committed_only,
    std::optional<Instant> patience) {
  OffsetSearch search{.wanted = {wanted.begin(), wanted.end()}, .committed_only = committed_only};
  OffsetSearch* looking = &search;
  Instant give_up = patience.value_or(request_deadline());
  for (size_t failures = 1;; failures++) {
    Result<void> asked = co_await look_for_offsets(looking);
    if (!asked) co_return pass(asked);
    if (search.wanted.empty()) break;
    if (loop_.now() >= give_up) co_return std::unexpected(search.last);
    for (const auto& [partition, timestamp] : search.wanted) forget(partition.topic);
    co_await pause(failures);
  }
  co_return std::move(search.found);
}

// What is left in `wanted` afterwards may come later. Fails with what does not pass, and where
// nobody can be asked who leads.
Task<Result<void>> Client::look_for_offsets(OffsetSearch* search) {
  std::set<std::string> unknown;
  for (const auto& [partition, timestamp] : search->wanted) {
    if (!leader_of(partition)) unknown.insert(partition.topic);
  }
  if (!unknown.empty()) {
    std::vector<std::string> names(unknown.begin(), unknown.end());
    Result<std::vector<TopicInfo>> asked = co_await topics(std::move(names));
    if (!asked) co_return pass(asked);
    for (const TopicInfo& topic : *asked) {
      if (topic.error == Code::none) continue;
      search->last = {topic.error, text("topic ", topic.name, ": ", name_of(topic.error)), 0};
      if (!may_get_leader(topic.error)) co_return std::unexpected(search->last);
    }
  }
  std::map<int32_t, std::vector<std::pair<TopicPartition, int64_t>>> by_leader;
  for (const auto& [partition, timestamp] : search->wanted) {
    Result<int32_t> leader = leader_of(partition);
    if (leader) {
      by_leader[*leader].emplace_back(partition, timestamp);
    } else if (known(partition.topic) != nullptr) {
      search->last = leader.error();
      if (!may_get_leader(search->last.code)) co_return pass(leader);
    }
  }
  for (const auto& [leader, asks] : by_leader) {
    ListOffsetsRequest request = question(asks, search->committed_only);
    Result<std::shared_ptr<ClientConnection>> connection = co_await broker(leader);
    Result<Answer<ListOffsetsResponse>> answer = std::unexpected(Error{});
    Instant deadline = request_deadline();
    if (connection) {
      answer = co_await (*connection)->ask(request, deadline);
    } else {
      answer = pass(connection);
    }
    if (answer) {
      take_offsets(answer->message, *search);
    } else {
      search->last = answer.error();
    }
    if (!passes(search->last.code)) co_return std::unexpected(search->last);
  }
  co_return Result<void>{};
}

void Client::take_offsets(const ListOffsetsResponse& response, OffsetSearch& search) {
  for (const auto& topic : response.topics) {
    for (const auto& told : topic.partitions) {
      TopicPartition name{std::string(topic.name), told.partition_index};
      auto asked = search.wanted.find(name);
      if (asked == search.wanted.end()) continue;
      Code code{told.error_code};
      if (code == Code::none) {
        search.found[name] = told.offset;
        search.wanted.erase(asked);
      } else {
        search.last = {code, text("offsets of ", name, ": ", name_of(code)), 0};
        if (!passes(code)) return;
      }
    }
  }
}

}  // namespace eventd
