// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/produce/placed_records.h"

#include <utility>
#include <vector>

#include "lib/base/text.h"

namespace eventd {

namespace {

// A command's stdio holds answers back until 4 or 8 KiB of them have gathered: 4096 of two bytes.
constexpr size_t kRecordsMax = 1 << 16;
constexpr size_t kBytesMax = 32 << 20;
// Full, and without an answer for so long: it waits for something that will not come.
constexpr auto kAnswerPatience = std::chrono::seconds(30);

}  // namespace

PlacedRecords::PlacedRecords(Loop& loop, Callbacks callbacks)
    : loop_(loop),
      callbacks_(std::move(callbacks)),
      command_(
          loop, [this](std::string_view answer) { answered(answer); },
          [this](const Error& why) { failed(why); }) {}

Result<void> PlacedRecords::start(const std::string& command) { return command_.start(command); }

bool PlacedRecords::is_full() const {
  return waiting_.size() >= kRecordsMax || bytes_ >= kBytesMax;
}

void PlacedRecords::add(const OutgoingRecord& record) {
  if (why_failed_) return callbacks_.failed({&record.line, 1}, *why_failed_);
  Waiting& mine = waiting_.emplace_back();
  mine.record = record;
  std::string& bytes = mine.bytes;
  size_t size = (record.key ? record.key->size() : 0) + (record.value ? record.value->size() : 0);
  for (const RecordHeader& header : record.headers) {
    size += header.key.size() + (header.value ? header.value->size() : 0);
  }
  bytes.reserve(size);  // views look into it
  auto keep = [&](std::string_view from) {
    size_t begin = bytes.size();
    bytes += from;
    return std::string_view(bytes).substr(begin);
  };
  auto keep_bytes = [&](const std::optional<Bytes>& from) {
    return from ? std::optional(bytes_of(keep(text_of(*from)))) : std::nullopt;
  };
  mine.record.key = keep_bytes(record.key);
  mine.record.value = keep_bytes(record.value);
  for (const RecordHeader& header : record.headers) {
    std::string_view name = keep(header.key);
    mine.headers.push_back({name, keep_bytes(header.value)});
  }
  mine.record.headers = mine.headers;
  bytes_ += size;
  if (record.partition < 0) command_.ask(record.topic->count, record.key);
  release();
}

// Those at the front whose partition is known go.
void PlacedRecords::release() {
  while (!waiting_.empty() && waiting_.front().record.partition >= 0) {
    callbacks_.placed(waiting_.front().record);
    bytes_ -= waiting_.front().bytes.size();
    waiting_.pop_front();
  }
  changed_.notify();
}

void PlacedRecords::answered(std::string_view answer) {
  if (why_failed_) return;
  // Answers come in the order of the questions, and those in front have been released.
  OutgoingRecord& record = waiting_.front().record;
  auto partition = parse_number<int32_t>(answer);
  if (partition && *partition >= 0 && *partition < record.topic->count) {
    record.partition = *partition;
  } else {
    callbacks_.refused(record.line, text("the partitioner command answers ", printable(answer),
                                         ", no partition of topic ", record.topic->name));
    bytes_ -= waiting_.front().bytes.size();
    waiting_.pop_front();
  }
  release();
}

void PlacedRecords::failed(const Error& why) {
  why_failed_ = why;
  std::vector<uint64_t> lines;
  for (const Waiting& one : waiting_) lines.push_back(one.record.line);
  waiting_.clear();
  bytes_ = 0;
  callbacks_.failed(lines, why);
  changed_.notify();
}

Task<void> PlacedRecords::room() {
  while (is_full()) co_await answer();
}

Task<void> PlacedRecords::settle() {
  while (!waiting_.empty()) co_await answer();
}

// Waits for one, but not for ever.
Task<void> PlacedRecords::answer() {
  command_.flush();
  size_t before = waiting_.size();
  Instant deadline = loop_.now() + kAnswerPatience;
  bool in_time = co_await changed_.wait_until(loop_, deadline);
  if (in_time || waiting_.size() != before) co_return;
  failed({Code::deadline_passed,
          "the partitioner command answers nothing: does it flush its output?", 0});
}

Task<void> PlacedRecords::finish() {
  command_.end_questions();
  while (!waiting_.empty()) co_await changed_.wait();
}

}  // namespace eventd
