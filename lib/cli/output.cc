// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/output.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "lib/base/text.h"
#include "lib/cli/interrupt.h"
#include "lib/cli/text/event_json.h"
#include "lib/cli/text/json_text.h"
#include "lib/record/record.h"

namespace eventd {

namespace {

constexpr size_t kBufferMax = 256 << 10;

// What would drive a terminal is shown instead.
void append_visible(std::string& out, std::string_view bytes) {
  std::string_view left = bytes;
  while (!left.empty()) {
    size_t end = left.find_first_of("\n\t");
    std::string_view piece = left.substr(0, end);
    if (!piece.empty()) out += printable(piece, piece.size());
    if (end == std::string_view::npos) return;
    out += left[end];
    left.remove_prefix(end + 1);
  }
}

void append_plain(std::string& out, const std::optional<Bytes>& bytes, const RecordFormat& format) {
  if (bytes) {
    out += text_of(*bytes);
  } else if (format.null_token) {
    out += *format.null_token;
  }
}

// Whether it is one JSON text, without newline, and without space around it.
bool fits_a_line(Bytes value) {
  std::string_view json = text_of(value);
  auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  if (json.empty() || is_space(json.front()) || is_space(json.back())) return false;
  return json.find('\n') == std::string_view::npos && is_json_text(json);
}

void append_frame(std::string& out, const std::optional<Bytes>& value) {
  auto length = value ? static_cast<uint32_t>(value->size()) : UINT32_MAX;  // -1
  for (int shift : {24, 16, 8, 0}) out += static_cast<char>(length >> shift);
  if (value) out += text_of(*value);
}

}  // namespace

Output::Output(int descriptor) : descriptor_(descriptor), is_terminal_(isatty(descriptor) == 1) {}

Result<void> Output::record_done() {
  if (is_terminal_ || buffer_.size() >= kBufferMax) return flush();
  return {};
}

Result<void> Output::flush() {
  std::string_view left = buffer_;
  while (!left.empty()) {
    ssize_t put = write(descriptor_, left.data(), left.size());
    if (put >= 0) {
      left.remove_prefix(static_cast<size_t>(put));
      // A write that a signal has cut short: the reader takes nothing.
      int number = Interrupt::pending();
      if (!left.empty() && number != 0) die_by(number);
      continue;
    }
    if (errno == EPIPE && descriptor_ == STDOUT_FILENO) die_by(SIGPIPE);
    if (errno == EAGAIN) {
      // Whoever shares the descriptor with us made it non-blocking.
      pollfd wait{descriptor_, POLLOUT, 0};
      if (poll(&wait, 1, -1) >= 0) continue;
    }
    if (errno != EINTR) return fail_with_errno(errno, "write the output");
    if (int number = Interrupt::pending(); number != 0) die_by(number);
  }
  buffer_.clear();
  return {};
}

namespace {

void append_json(std::string& out, const RecordFormat& format, const FetchedRecord& record) {
  EventView event;
  event.topic = record.partition->topic;
  event.partition = record.partition->partition;
  event.offset = record.offset;
  event.timestamp = record.timestamp;
  event.key = record.key;
  event.value = record.value;
  event.is_json = format.json_value && record.value && fits_a_line(*record.value);
  append_event_start(out, event);
  HeaderReader headers(*record.record);
  RecordHeader header;
  size_t index = 0;
  while (headers.next(header)) append_event_header(out, index++, header.key, header.value);
  append_event_end(out, index);
}

}  // namespace

void append_record(std::string& out, const RecordFormat& format, const FetchedRecord& record,
                   bool for_terminal) {
  if (for_terminal) {
    std::string plain;
    append_record(plain, format, record, false);
    return append_visible(out, plain);
  }
  if (format.json) return append_json(out, format, record);
  if (format.frame) return append_frame(out, record.value);
  if (format.record_template) {
    std::string_view null_token;
    if (format.null_token) null_token = *format.null_token;
    return format.record_template->append(out, record, null_token);
  }
  if (format.key_delimiter) {
    append_plain(out, record.key, format);
    out += *format.key_delimiter;
  }
  append_plain(out, record.value, format);
  out += format.delimiter;
}

}  // namespace eventd
