// SPDX-License-Identifier: Apache-2.0
// A command that says where records belong: `sh -c CMD` reads lines COUNT TAB KEY-IN-BASE64 (no TAB
// where there is no key) on its stdin, and writes for each a line with a partition.
//
// Questions and answers travel at the same time, and neither side ever waits for the other to take
// something: questions gather here while the command does not read. It need not flush its answers
// before it sees the end of its stdin, as long as its buffer holds fewer than may wait.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/bytes.h"
#include "lib/base/result.h"
#include "lib/net/loop.h"
#include "lib/net/task.h"

namespace eventd {

class PartitionCommand {
 public:
  // The loop outlives this. The callbacks run on it, and never inside a call of this. After
  // `failed` nothing is answered any more: connection_closed if the command has ended, which is no
  // harm where nothing waits; bad_data if its answers cannot be.
  PartitionCommand(Loop& loop, std::function<void(std::string_view answer)> answered,
                   std::function<void(const Error& why)> failed);
  ~PartitionCommand();
  PartitionCommand(const PartitionCommand&) = delete;
  PartitionCommand& operator=(const PartitionCommand&) = delete;

  Result<void> start(const std::string& command);
  void ask(int32_t partition_count, const std::optional<Bytes>& key);
  // Writes what has gathered, as far as the command takes it.
  void flush();
  // It gets no more questions once it has those that gathered.
  void end_questions();
  // Once it has failed: the status with which a shell says that it could not run it, or 0.
  Task<int> unrunnable();

 private:
  void readable();
  void fail_with(Code code, std::string_view why);
  void take_answers(std::string_view read);
  void close_questions();

  Loop& loop_;
  const std::function<void(std::string_view)> answered_;
  const std::function<void(const Error&)> failed_;
  pid_t process_ = -1;
  int questions_to_ = -1;
  int answers_from_ = -1;
  std::unique_ptr<Watch> writing_;
  std::unique_ptr<Watch> reading_;
  std::string questions_;  // not yet written
  size_t written_ = 0;     // of them
  bool is_armed_ = false;
  bool no_more_ = false;
  std::string answer_;  // the begin of a line
  uint64_t open_ = 0;   // questions without an answer
  bool has_failed_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with posts
};

}  // namespace eventd
