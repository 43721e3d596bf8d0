// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/fetch_sessions.h"

#include <algorithm>
#include <random>
#include <string_view>
#include <utility>

namespace eventd {

namespace {
constexpr int32_t kNoSession = 0;
constexpr int32_t kInitialEpoch = 0;
constexpr int32_t kFinalEpoch = -1;
constexpr Duration kIdleBeforeEviction = std::chrono::minutes(2);

int32_t epoch_after(int32_t epoch) { return epoch == INT32_MAX ? 1 : epoch + 1; }
}  // namespace

size_t FetchNameHash::operator()(const FetchName& name) const {
  size_t topic = name.topic_id.is_zero() ? std::hash<std::string_view>{}(name.topic)
                                         : std::hash<Uuid>{}(name.topic_id);
  return topic * 31 + static_cast<size_t>(name.partition);
}

Result<FetchContext> FetchSessions::begin(int32_t session_id, int32_t session_epoch,
                                          std::vector<FetchWant> wants,
                                          const std::vector<FetchName>& forgotten, Instant now) {
  std::lock_guard lock(mutex_);
  if (session_epoch == kInitialEpoch || session_epoch == kFinalEpoch) {
    if (session_id != kNoSession) erase(session_id);
    return FetchContext{.wants = std::move(wants), .creates = session_epoch == kInitialEpoch};
  }
  auto found = sessions_.find(session_id);
  if (found == sessions_.end()) {
    return fail(Code::fetch_session_id_not_found, "no such fetch session");
  }
  std::shared_ptr<FetchSession> session = found->second;
  if (session->next_epoch_ != session_epoch) {
    return fail(Code::invalid_fetch_session_epoch, "another fetch session epoch was expected");
  }
  size_t before = session->entries_.size();
  for (FetchWant& want : wants) {
    auto known = session->by_name_.find(want.name);
    if (known != session->by_name_.end()) {
      known->second->want = std::move(want);
      continue;
    }
    session->entries_.push_back({.want = std::move(want)});
    auto entry = std::prev(session->entries_.end());
    session->by_name_.emplace(entry->want.name, entry);
  }
  for (const FetchName& name : forgotten) {
    auto known = session->by_name_.find(name);
    if (known == session->by_name_.end()) continue;
    session->entries_.erase(known->second);
    session->by_name_.erase(known);
  }
  partitions_ += session->entries_.size() - before;
  if (session->entries_.empty()) {  // A session about nothing is over.
    sessions_.erase(found);
    return FetchContext{};
  }
  if (partitions_ > kPartitionsMax) {
    // The client begins anew, and is served without a session if it must be.
    erase(session_id);
    return fail(Code::fetch_session_id_not_found, "too many partitions in fetch sessions");
  }
  session->next_epoch_ = epoch_after(session->next_epoch_);
  session->last_used_ = now;
  FetchContext context{.session = session, .incremental = true};
  context.wants.reserve(session->entries_.size());
  for (const auto& entry : session->entries_) context.wants.push_back(entry.want);
  return context;
}

int32_t FetchSessions::finish(FetchContext& context, const std::vector<FetchTold>& told,
                              std::vector<bool>& tell, Instant now) {
  tell.assign(context.wants.size(), true);
  if (!context.incremental && !context.creates) return kNoSession;
  std::lock_guard lock(mutex_);
  if (!context.session) context.session = create(context, now);
  if (!context.session) return kNoSession;
  FetchSession& session = *context.session;
  for (size_t i = 0; i < context.wants.size(); i++) {
    auto known = session.by_name_.find(context.wants[i].name);
    if (known == session.by_name_.end()) continue;
    FetchSession::Entry& entry = *known->second;
    bool news = told[i].has_records || told[i].must_be_told ||
                told[i].high_watermark != entry.told_high_watermark ||
                told[i].log_start != entry.told_log_start;
    entry.told_high_watermark = told[i].must_be_told ? -1 : told[i].high_watermark;
    entry.told_log_start = told[i].log_start;
    if (context.incremental) tell[i] = news;
    // Served partitions go to the end of the queue, so that busy ones cannot starve the others.
    if (told[i].has_records) {
      session.entries_.splice(session.entries_.end(), session.entries_, known->second);
    }
  }
  return session.id();
}

std::shared_ptr<FetchSession> FetchSessions::create(const FetchContext& context, Instant now) {
  if (!make_room(context.wants.size(), now)) return nullptr;
  auto session = std::make_shared<FetchSession>(free_id());
  session->created_ = session->last_used_ = now;
  for (const FetchWant& want : context.wants) {
    if (session->by_name_.contains(want.name)) continue;
    session->entries_.push_back({.want = want});
    session->by_name_.emplace(want.name, std::prev(session->entries_.end()));
  }
  partitions_ += session->entries_.size();
  sessions_.emplace(session->id(), session);
  return session;
}

void FetchSessions::erase(int32_t id) {
  auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  partitions_ -= found->second->entries_.size();
  sessions_.erase(found);
}

bool FetchSessions::make_room(size_t partitions, Instant now) {
  if (partitions_ + partitions > kPartitionsMax) return false;
  if (sessions_.size() < slots_) return true;
  if (sessions_.empty()) return false;
  auto oldest = std::ranges::min_element(
      sessions_, {}, [](const auto& entry) { return entry.second->last_used_; });
  if (now - oldest->second->last_used_ > kIdleBeforeEviction) {
    erase(oldest->first);
    return true;
  }
  const FetchSession* smallest = nullptr;
  for (const auto& [id, session] : sessions_) {
    if (now - session->created_ <= kIdleBeforeEviction) continue;
    if (smallest && session->entries_.size() >= smallest->entries_.size()) continue;
    smallest = session.get();
  }
  if (!smallest || smallest->entries_.size() >= partitions) return false;
  erase(smallest->id());
  return true;
}

int32_t FetchSessions::free_id() {
  // Not guessable by counting, so that one client does not take over another's by mistake.
  static thread_local std::mt19937 random{std::random_device{}()};
  std::uniform_int_distribution<int32_t> any(1, INT32_MAX);
  int32_t id = any(random);
  while (sessions_.contains(id)) id = any(random);
  return id;
}

size_t FetchSessions::partitions() const {
  std::lock_guard lock(mutex_);
  return partitions_;
}

size_t FetchSessions::size() const {
  std::lock_guard lock(mutex_);
  return sessions_.size();
}

}  // namespace eventd
