// SPDX-License-Identifier: Apache-2.0
// Hands records on when they are due: the gaps between their timestamps, played at a pace.
//
// The first record is due at once, and each later one its gap after the one before, counted from
// when that was due, so that no delay adds up. A record that is older than one before it is due at
// once. What was handed on is flushed before a wait. The thread waits in here; a signal ends it.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

#include "lib/base/clock.h"
#include "lib/cli/record_sink.h"

namespace eventd {

struct PaceOptions {
  double times = 1;                                  // as fast as it was
  std::optional<std::chrono::milliseconds> gap_max;  // no wait is longer
  std::optional<Instant> until;                      // nothing is waited for, nor handed on, later
};
// "1x", "10x", "0.5x"; bad_usage with what is wrong.
Result<double> parse_pace(std::string_view given);

// Tells when records are due. Pure.
class Pace {
 public:
  explicit Pace(const PaceOptions& options) : options_(options) {}
  Instant due(int64_t timestamp_ms, Instant now);

 private:
  const PaceOptions options_;
  std::optional<Instant> due_;  // of the record before
  int64_t latest_ms_ = 0;
};

class PacedSink : public RecordSink {
 public:
  PacedSink(std::unique_ptr<RecordSink> sink, const PaceOptions& options)
      : sink_(std::move(sink)), options_(options), pace_(options) {}

  Result<int64_t> begin(const TopicPartition& partition, int64_t from, int64_t until) override {
    return sink_->begin(partition, from, until);
  }
  bool takes_remade() const override { return sink_->takes_remade(); }
  Result<void> take(const FetchedRecord& record) override;
  Result<void> drained() override { return sink_->drained(); }
  Result<void> reached(const TopicPartition& partition, int64_t position) override {
    return sink_->reached(partition, position);
  }
  Result<void> finish(bool complete) override { return sink_->finish(complete); }
  // Whether records were not due before `until`, and are not handed on.
  bool ran_out() const { return ran_out_; }

 private:
  std::unique_ptr<RecordSink> sink_;
  const PaceOptions options_;
  Pace pace_;
  bool ran_out_ = false;
};

}  // namespace eventd
