// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/replay/paced_sink.h"

#include <poll.h>

#include <algorithm>

#include "lib/base/text.h"
#include "lib/cli/interrupt.h"

namespace eventd {

namespace {
constexpr auto kSlice = std::chrono::milliseconds(50);  // after which a signal is seen
constexpr double kTimesMax = 1e6;
}  // namespace

Result<double> parse_pace(std::string_view given) {
  double times = 0;
  auto [end, error] =
      std::from_chars(given.data(), given.data() + given.size(), times, std::chars_format::fixed);
  bool is_whole = error == std::errc{} && std::string_view(end, given.data() + given.size()) == "x";
  if (is_whole && times > 0 && times <= kTimesMax) return times;
  return fail(Code::bad_usage, text("--pace ", printable(given), ": it is as 1x, 10x or 0.5x"));
}

Instant Pace::due(int64_t timestamp_ms, Instant now) {
  if (!due_) {
    due_ = now;
    latest_ms_ = timestamp_ms;
    return now;
  }
  constexpr double kGapMaxMs = 1e15;  // what a clock can still be ahead
  double gap_ms =
      (static_cast<double>(timestamp_ms) - static_cast<double>(latest_ms_)) / options_.times;
  gap_ms = std::clamp(gap_ms, 0.0, kGapMaxMs);
  if (options_.gap_max) {
    gap_ms = std::min(gap_ms, static_cast<double>(options_.gap_max->count()));
  }
  auto gap = std::chrono::microseconds(static_cast<int64_t>(std::min(gap_ms, 1e12) * 1000));
  due_ = *due_ + gap;
  latest_ms_ = std::max(latest_ms_, timestamp_ms);
  return *due_;
}

Result<void> PacedSink::take(const FetchedRecord& record) {
  Instant due = pace_.due(record.timestamp, monotonic_now());
  bool flushed = false;
  for (Instant now = monotonic_now(); now < due; now = monotonic_now()) {
    ran_out_ = ran_out_ || (options_.until && now >= *options_.until);
    if (ran_out_) return {};
    if (!std::exchange(flushed, true)) {
      Result<void> written = sink_->drained();
      if (!written) return written;
    }
    if (int signal = Interrupt::pending(); signal != 0) die_by(signal);
    auto left = std::chrono::duration_cast<std::chrono::microseconds>(due - now);
    timespec wait{};
    wait.tv_nsec =
        std::min<int64_t>(left.count(), std::chrono::microseconds(kSlice).count()) * 1000;
    (void)ppoll(nullptr, 0, &wait, nullptr);  // only time passes, or a signal comes
  }
  return sink_->take(record);
}

}  // namespace eventd
