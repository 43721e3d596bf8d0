// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/produce/outcome.h"

#include <algorithm>
#include <utility>

#include "lib/base/text.h"
#include "lib/cli/text/event_json.h"

namespace eventd {

namespace {

bool is_about_size(Code code) {
  return code == Code::message_too_large || code == Code::record_list_too_large ||
         code == Code::too_large;
}

}  // namespace

ProduceOutcome::ProduceOutcome(Loop& loop, const ProduceCommand& command,
                               std::function<void()> unreported)
    : command_(command), dead_letters_(command.line.format) {
  if (command.report) report_.emplace(loop, std::move(unreported));
}

Result<void> ProduceOutcome::open_dead_letters() {
  if (!command_.dead_letter) return {};
  Result<void> opened = dead_letters_.open(*command_.dead_letter);
  if (!opened) return opened;
  std::vector<std::string> files = command_.files;
  if (files.empty()) files.emplace_back("-");
  for (const std::string& file : files) {
    if (!dead_letters_.is_file(file)) continue;
    return fail(Code::bad_usage,
                text("--dead-letter ", *command_.dead_letter, ": that is what is read"));
  }
  return {};
}

void ProduceOutcome::begin_source(std::string name) {
  sources_.push_back({line_, name == "-" ? "stdin" : std::move(name)});
}

std::string ProduceOutcome::place_of(uint64_t line) const {
  const Source* source = &sources_.front();
  for (const Source& one : sources_) {
    if (one.first_line < line) source = &one;
  }
  if (command_.whole) return source->name;
  const RecordFormat& format = command_.line.format;
  bool is_line = !format.frame && format.delimiter == "\n";
  return text(source->name, is_line ? " line " : " record ", line - source->first_line);
}

void ProduceOutcome::complain(std::string_view line, int status) {
  eventd::complain(command_.line.tool(), line);
  status_ = worse_exit(status_, status);
}

void ProduceOutcome::skip(const InputRecord& record, std::string_view why) {
  dead_letters_.write(record);
  stats_.failed++;
  complain(text(place_of(line_), ": ", why, "; skipped"), kExitItem);
}

void ProduceOutcome::skip_sent(uint64_t line, std::string_view why) {
  dead_letters_.lost(line);
  stats_.failed++;
  complain(text(place_of(line), ": ", why, "; skipped"), kExitItem);
}

void ProduceOutcome::refuse(uint64_t line, const Error& error) {
  if (is_about_size(error.code)) return skip_sent(line, error.message);
  dead_letters_.lost(line);
  stats_.failed++;
  complain(text(place_of(line), ": refused: ", error.message), kExitLost);
}

void ProduceOutcome::not_sent(const InputRecord& record) {
  dead_letters_.write(record);
  stats_.failed++;
  lost_++;
}

void ProduceOutcome::lose(uint64_t line, const Error& why) {
  dead_letters_.lost(line);
  stats_.failed++;
  if (lost_ == 0 || line < first_lost_) {
    first_lost_ = line;
    why_lost_ = why.message;
    timed_out_ = remedy_for(why.code) != Remedy::give_up;
  }
  lost_++;
}

void ProduceOutcome::delivered(const Delivery& delivery) {
  if (!delivery.error) {
    if (dead_letters_.is_open()) {
      for (uint64_t line : delivery.tokens) dead_letters_.acknowledged(line);
    }
    stats_.records += delivery.tokens.size();
    if (command_.stats) count(delivery);
    if (report_) report(delivery);
    return;
  }
  Code code = delivery.error->code;
  bool is_about_record =
      is_about_size(code) || code == Code::invalid_record || code == Code::invalid_timestamp;
  for (uint64_t line : delivery.tokens) {
    if (is_about_record) {
      refuse(line, *delivery.error);
    } else {
      lose(line, *delivery.error);
    }
  }
}

void ProduceOutcome::count(const Delivery& delivery) {
  stats_.bytes += delivery.bytes;
  if (delivery.base_offset < 0) return;
  auto [range, is_new] = ranges_.emplace(delivery.partition, stats_.partitions.size());
  if (is_new) stats_.partitions.push_back({delivery.partition, delivery.base_offset, 0});
  stats_.partitions[range->second].until =
      delivery.base_offset + static_cast<int64_t>(delivery.tokens.size());
}

void ProduceOutcome::report(const Delivery& delivery) {
  std::string out;
  for (size_t i = 0; i < delivery.tokens.size(); i++) {
    bool is_known = delivery.base_offset >= 0;
    append_text(out, "{\"line\":");
    append_text(out, delivery.tokens[i]);
    append_text(out, ",\"topic\":");
    append_json_string(out, delivery.partition.topic);
    append_text(out, ",\"partition\":");
    append_text(out, delivery.partition.partition);
    append_text(out, ",\"offset\":");
    append_text(out, is_known ? delivery.base_offset + static_cast<int64_t>(i) : int64_t{-1});
    append_text(out, ",\"timestamp\":");
    append_text(out, delivery.timestamp >= 0 ? delivery.timestamp : delivery.timestamps[i]);
    append_text(out, "}\n");
  }
  report_->write(std::move(out));
}

bool ProduceOutcome::report_failed() {
  std::optional<Error> error = report_->error();
  bool is_unread = error->code == Code::connection_closed;
  if (!std::exchange(broken_, true) && !is_unread) complain(error->message, kExitLost);
  return is_unread;
}

void ProduceOutcome::flush() {
  Result<void> done = dead_letters_.flush();
  if (!done && !std::exchange(broken_, true)) complain(done.error().message, kExitLost);
}

void ProduceOutcome::finish(std::string_view ended_by) {
  flush();
  if (lost_ > 0) {
    complain(text(lost_, lost_ == 1 ? " record was" : " records were",
                  " not acknowledged, the first is ", place_of(first_lost_), ": ", why_lost_),
             kExitLost);
    ended_by = timed_out_ ? "timeout" : "error";
  }
  if (command_.stats) {
    stats_.ended_by = ended_by;
    print(stats_);
  }
}

}  // namespace eventd
