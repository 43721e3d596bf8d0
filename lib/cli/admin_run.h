// SPDX-License-Identifier: Apache-2.0
// What event-admin does, one verb to a run.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lib/cli/admin.h"
#include "lib/cli/position.h"
#include "lib/cli/table.h"
#include "lib/client/client.h"
#include "lib/wire/messages/configs.h"
#include "lib/wire/messages/topics.h"

namespace eventd {

class AdminRun {
 public:
  // The options outlive the run. `at` is what --at means.
  AdminRun(Loop& loop, const AdminOptions& options, Position at, ClientConfig config)
      : options_(options), at_(at), client_(loop, std::move(config)) {}

  // The exit code.
  Task<int> run();

 private:
  // One change: its names, what became of it, and why.
  struct Change {
    std::string topic;
    std::string status = "done";
    Code error = Code::none;
    std::string message;
    std::string differs;  // of one that was there already: {"key":[is,wanted]}
  };
  using Offsets = std::map<TopicPartition, int64_t>;

  Task<int> list_topics();
  Task<int> describe_topics();
  Task<int> topic_offsets();
  Task<int> create_topics();
  Task<int> delete_topics();
  Task<int> describe_cluster();

  Task<Result<std::vector<TopicInfo>>> find_topics();
  Task<Result<Offsets>> offsets_at(const std::vector<TopicInfo>* topics, int64_t question);
  CreateTopicsRequest create_request() const;
  Task<Result<void>> compare(Change* change);
  template <class Request>
  Task<Result<Answer<typename Request::Response>>> change(const Request* request);
  int print(const Table& table, int status) const;
  int print_changes(const std::vector<Change>& changes, bool even_if_plain) const;

  const AdminOptions& options_;
  const Position at_;
  Client client_;
  int missing_ = 0;  // the exit code of topics that are not there
};

}  // namespace eventd
