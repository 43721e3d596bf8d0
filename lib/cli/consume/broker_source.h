// SPDX-License-Identifier: Apache-2.0
// A cluster as a source of records.
#pragma once

#include <string>
#include <vector>

#include "lib/cli/record_source.h"

namespace eventd {

class BrokerSource : public RecordSource {
 public:
  BrokerSource(Loop& loop, ClientConfig client, FetcherConfig fetcher)
      : client_(loop, std::move(client)), config_(fetcher), fetcher_(client_, fetcher) {}

  void set_callbacks(Fetcher::Callbacks callbacks) override {
    fetcher_.set_callbacks(std::move(callbacks));
  }
  Task<Result<std::vector<TopicInfo>>> topics(std::vector<std::string> names) override;
  // The end is the last stable offset where only what is committed is read.
  Task<Result<Offsets>> offsets(Times wanted) override;
  void add(const TopicPartition& partition, int64_t offset) override {
    fetcher_.add(partition, offset);
  }
  Task<Result<void>> run() override;
  void stop() override { fetcher_.stop(); }
  void close() override { client_.close(); }

 private:
  Client client_;
  const FetcherConfig config_;
  Fetcher fetcher_;
};

}  // namespace eventd
