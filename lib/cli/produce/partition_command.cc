// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/produce/partition_command.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "lib/base/text.h"

extern char** environ;

namespace eventd {

namespace {

constexpr size_t kWriteAt = 64 << 10;
constexpr size_t kAnswerMax = 64;
constexpr auto kStatusPatience = std::chrono::seconds(1);

struct Pipe {
  int read_end = -1;
  int write_end = -1;
  bool open() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    read_end = ends[0];
    write_end = ends[1];
    return true;
  }
};

void close_if_open(int& descriptor) {
  if (descriptor >= 0) close(std::exchange(descriptor, -1));
}

void make_non_blocking(int descriptor) {
  fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
}

// In a group of its own, so that ^C reaches us alone and what was read is still placed.
int spawn_shell(const std::string& command, int in, int out, pid_t& process) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t defaults;
  sigset_t none;
  sigemptyset(&none);
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  const char* arguments[] = {"sh", "-c", command.c_str(), nullptr};
  int error =
      posix_spawn(&process, "/bin/sh", &files, &attributes, const_cast<char**>(arguments), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  return error;
}

}  // namespace

PartitionCommand::PartitionCommand(Loop& loop, std::function<void(std::string_view)> answered,
                                   std::function<void(const Error&)> failed)
    : loop_(loop), answered_(std::move(answered)), failed_(std::move(failed)) {}

PartitionCommand::~PartitionCommand() {
  *alive_ = false;
  close_questions();
  reading_.reset();
  close_if_open(answers_from_);
}

Result<void> PartitionCommand::start(const std::string& command) {
  Pipe to;
  Pipe from;
  int error = to.open() && from.open() ? 0 : errno;
  if (error == 0) error = spawn_shell(command, to.read_end, from.write_end, process_);
  close_if_open(to.read_end);
  close_if_open(from.write_end);
  questions_to_ = to.write_end;
  answers_from_ = from.read_end;
  if (error != 0) return fail_with_errno(error, "run the partitioner command");
  make_non_blocking(questions_to_);
  make_non_blocking(answers_from_);
  auto reading = loop_.watch(answers_from_, [this](Readiness) { readable(); });
  if (!reading) return pass(reading);
  reading_ = std::move(*reading);
  auto writing = loop_.watch(questions_to_, [this](Readiness) { flush(); });
  if (!writing) return pass(writing);
  writing_ = std::move(*writing);
  reading_->want({.readable = true});
  return {};
}

void PartitionCommand::ask(int32_t partition_count, const std::optional<Bytes>& key) {
  append_text(questions_, partition_count);
  if (key) {
    questions_ += '\t';
    questions_ += to_base64(*key);
  }
  questions_ += '\n';
  open_++;
  if (questions_.size() - written_ >= kWriteAt && !is_armed_) flush();
}

void PartitionCommand::flush() {
  while (questions_to_ >= 0 && written_ < questions_.size()) {
    ssize_t put = write(questions_to_, questions_.data() + written_, questions_.size() - written_);
    if (put > 0) written_ += static_cast<size_t>(put);
    if (put >= 0 || errno == EINTR) continue;
    if (errno == EAGAIN) break;
    // It reads no more. What it has answered is still to be read, and then its end.
    return close_questions();
  }
  bool has_more = written_ < questions_.size();
  if (!has_more || written_ >= kWriteAt) {
    questions_.erase(0, written_);
    written_ = 0;
  }
  if (!has_more && no_more_) return close_questions();
  if (questions_to_ < 0 || has_more == is_armed_) return;
  is_armed_ = has_more;
  writing_->want({.writable = has_more});
}

void PartitionCommand::end_questions() {
  no_more_ = true;
  flush();
}

void PartitionCommand::close_questions() {
  writing_.reset();
  close_if_open(questions_to_);
  questions_.clear();
  written_ = 0;
}

void PartitionCommand::readable() {
  char buffer[16 << 10];
  ssize_t got = read(answers_from_, buffer, sizeof buffer);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (got > 0) return take_answers({buffer, static_cast<size_t>(got)});
  reading_.reset();
  close_if_open(answers_from_);
  // One that ends before anything was asked has failed as well: more would be asked.
  if (open_ > 0 || !no_more_)
    fail_with(Code::connection_closed, "ended before it had answered all");
}

void PartitionCommand::take_answers(std::string_view read) {
  std::shared_ptr<bool> alive = alive_;
  while (!read.empty() && !has_failed_) {
    size_t end = read.find('\n');
    answer_ += read.substr(0, end);
    if (answer_.size() > kAnswerMax)
      return fail_with(Code::bad_data, "answers something else than partitions");
    if (end == std::string_view::npos) return;
    read.remove_prefix(end + 1);
    if (open_ == 0) return fail_with(Code::bad_data, "answers more than it was asked");
    open_--;
    std::string answer = std::exchange(answer_, {});
    answered_(answer);
    if (!*alive) return;
  }
}

void PartitionCommand::fail_with(Code code, std::string_view why) {
  if (std::exchange(has_failed_, true)) return;
  if (reading_) reading_->want({});
  close_questions();
  failed_({code, text("the partitioner command ", why), 0});
}

Task<int> PartitionCommand::unrunnable() {
  Instant give_up = loop_.now() + kStatusPatience;
  int status = 0;
  while (process_ > 0 && waitpid(process_, &status, WNOHANG) == 0 && loop_.now() < give_up) {
    Instant next = loop_.now() + std::chrono::milliseconds(5);
    co_await sleep_until(loop_, next);
  }
  int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  co_return code == 126 || code == 127 ? code : 0;
}

}  // namespace eventd
