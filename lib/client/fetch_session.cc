// SPDX-License-Identifier: Apache-2.0
#include "lib/client/fetch_session.h"

#include <algorithm>
#include <utility>

namespace eventd {

namespace {

constexpr int32_t kNoSession = -1;  // an epoch

void append_partition(FetchRequest& request, const FetchSession::Partition& wanted,
                      int32_t bytes_max) {
  if (request.topics.empty() || request.topics.back().topic != wanted.name->topic) {
    auto& topic = request.topics.emplace_back();
    topic.topic = wanted.name->topic;
    topic.topic_id = wanted.topic_id;
  }
  auto& asked = request.topics.back().partitions.emplace_back();
  asked.partition = wanted.name->partition;
  asked.fetch_offset = wanted.offset;
  asked.partition_max_bytes = bytes_max;
}

void append_forgotten(FetchRequest& request, const TopicPartition& name, const Uuid& topic_id) {
  auto& forgotten = request.forgotten_topics_data;
  if (forgotten.empty() || forgotten.back().topic != name.topic) {
    auto& topic = forgotten.emplace_back();
    topic.topic = name.topic;
    topic.topic_id = topic_id;
  }
  forgotten.back().partitions.push_back(name.partition);
}

}  // namespace

// A topic that was made anew has another id: a broker that knows no ids would take it for the old.
bool FetchSession::is_incremental(const std::vector<Partition>& wanted) const {
  if (epoch_ == 0) return false;
  return std::ranges::all_of(wanted, [&](const Partition& one) {
    auto known = known_.find(one.name);
    return known == known_.end() || known->second.topic_id == one.topic_id;
  });
}

void FetchSession::ask(const std::vector<Partition>& wanted, int32_t partition_bytes_max,
                       FetchRequest& request) {
  questions_++;
  request.session_epoch = kNoSession;
  asked_ = id_ != 0 || (questions_ > 1 && wanted.size() > 1);
  if (!asked_) {
    for (const Partition& one : wanted) append_partition(request, one, partition_bytes_max);
    return;
  }
  if (!is_incremental(wanted)) {
    epoch_ = 0;
    known_.clear();
  }
  request.session_id = id_;
  request.session_epoch = epoch_;
  for (const Partition& one : wanted) {
    auto [place, is_new] = known_.try_emplace(one.name);
    Known& known = place->second;
    if (is_new || known.offset != one.offset) append_partition(request, one, partition_bytes_max);
    known = {one.topic_id, one.offset, questions_};
  }
  if (known_.size() == wanted.size()) return;
  std::erase_if(known_, [&](const auto& one) {
    if (one.second.asked_in == questions_) return false;
    append_forgotten(request, *one.first, one.second.topic_id);
    return true;
  });
}

void FetchSession::answered(const FetchResponse& response) {
  was_refused_ = false;
  bool goes_on = asked_ && response.session_id != 0 && (epoch_ == 0 || response.session_id == id_);
  if (!goes_on) {
    id_ = 0;
    epoch_ = 0;
    known_.clear();
    return;
  }
  id_ = response.session_id;
  epoch_ = epoch_ == INT32_MAX ? 1 : epoch_ + 1;
}

bool FetchSession::refused(Code code) {
  bool is_unknown = code == Code::fetch_session_id_not_found;
  lost();
  if (is_unknown) id_ = 0;
  bool is_about_session = is_unknown || code == Code::invalid_fetch_session_epoch ||
                          code == Code::fetch_session_topic_id_error;
  return is_about_session && !std::exchange(was_refused_, is_about_session);
}

void FetchSession::lost() {
  epoch_ = 0;
  known_.clear();
}

std::optional<FetchRequest> FetchSession::end() {
  if (id_ == 0) return std::nullopt;
  FetchRequest request;
  request.session_id = std::exchange(id_, 0);
  request.session_epoch = kNoSession;
  lost();
  return request;
}

}  // namespace eventd
