// SPDX-License-Identifier: Apache-2.0
// A record as a fetcher hands it out, that owns what it is made of.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/client/fetcher.h"
#include "lib/record/builder.h"
#include "lib/record/record.h"

namespace eventd {

struct RecordParts {
  TopicPartition partition = {"t", 0};
  int64_t offset = 0;
  int64_t timestamp = 1000;
  std::optional<std::string> key = {};
  std::optional<std::string> value = {};
  std::vector<std::pair<std::string, std::optional<std::string>>> headers = {};
};

class TestRecord {
 public:
  explicit TestRecord(RecordParts parts) : parts_(std::make_unique<RecordParts>(std::move(parts))) {
    auto bytes = [](const std::optional<std::string>& text) {
      return text ? std::optional(bytes_of(*text)) : std::nullopt;
    };
    std::vector<RecordHeader> headers;
    for (const auto& [name, value] : parts_->headers) headers.push_back({name, bytes(value)});
    builder_ = std::make_unique<BatchBuilder>();
    builder_->append(0, bytes(parts_->key), bytes(parts_->value), headers);
    Result<Bytes> batch = builder_->finish_view({});
    REQUIRE(batch.has_value());
    RecordReader reader(records_of(*batch), 1);
    record_ = std::make_unique<Record>();
    REQUIRE(reader.next(*record_));
    fetched_.partition = &parts_->partition;
    fetched_.offset = parts_->offset;
    fetched_.timestamp = parts_->timestamp;
    fetched_.key = record_->key;
    fetched_.value = record_->value;
    fetched_.record = record_.get();
  }
  operator const FetchedRecord&() const { return fetched_; }  // NOLINT: it stands for it
  // Under the address by which the code under test knows the partition.
  FetchedRecord of(const TopicPartition& partition) const {
    FetchedRecord named = fetched_;
    named.partition = &partition;
    return named;
  }

 private:
  std::unique_ptr<RecordParts> parts_;
  std::unique_ptr<BatchBuilder> builder_;
  std::unique_ptr<Record> record_;
  FetchedRecord fetched_;
};

}  // namespace eventd
