// SPDX-License-Identifier: Apache-2.0
// Reads partitions from given offsets on: batch by batch, in order within a partition.
//
// Control batches and records of aborted transactions are left out, positions move past them. Every
// leader is asked once in a round, all at the same time, within a session if it grants one. Each
// round begins with another partition: without a session a broker fills its answer in the order of
// the question. A partition that cannot be read for now is left out until it is tried again, later
// each time; the others go on. Belongs to the client's loop.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "lib/client/client.h"
#include "lib/client/fetch_session.h"
#include "lib/record/batch.h"
#include "lib/record/record.h"
#include "lib/wire/messages/fetch.h"

namespace eventd {

struct FetcherConfig {
  int32_t bytes_max = 50 << 20;
  int32_t partition_bytes_max = 4 << 20;
  std::chrono::milliseconds wait_max{500};
  bool committed_only = true;
  // For who reads all there is: while records are handed out the broker sends those behind them,
  // which are thrown away if they are not wanted then. Only of a broker that has one partition.
  bool ahead = false;
};

// A record as it was stored. Views hold until the callback returns.
struct FetchedRecord {
  const TopicPartition* partition = nullptr;
  int64_t offset = 0;
  int64_t timestamp = -1;
  std::optional<Bytes> key;
  std::optional<Bytes> value;
  const Record* record = nullptr;  // for its headers
};

class Fetcher {
 public:
  // What follows a record: the next one, nothing more of its partition (the record itself was not
  // taken, add() goes on with it), or nothing at all.
  enum class Next { record, partition, nothing };
  // A TopicPartition that is handed out stays at its address for as long as the fetcher lives, one
  // address for each partition. `on_drained` follows each fetched batch of records that was handed
  // out. The client outlives the fetcher.
  struct Callbacks {
    std::function<Next(const FetchedRecord&)> on_record;
    std::function<void()> on_drained;
    // The position moved, also past what was not handed out; follows a batch, not each record.
    // False: this partition is done.
    std::function<bool(const TopicPartition&, int64_t position)> on_position;
    // Records were deleted before they were read: reading goes on at `start`.
    std::function<void(const TopicPartition&, int64_t from, int64_t start)> on_gap;
    // The topic was deleted and made again, which shows by its id: offsets begin anew. True to read
    // it from 0, false to stop.
    std::function<bool(const TopicPartition&)> on_remade = [](const auto&) { return true; };
    // Something failed that may pass; true to try on.
    std::function<bool(const Error&)> on_trouble;
    // All leaders that were asked have answered, and nothing failed.
    std::function<void()> on_answer = [] {};
  };
  Fetcher(Client& client, FetcherConfig config, Callbacks callbacks)
      : client_(client), config_(config), callbacks_(std::move(callbacks)) {}
  // set_callbacks() comes before run().
  Fetcher(Client& client, FetcherConfig config) : Fetcher(client, config, {}) {}

  void set_callbacks(Callbacks callbacks) { callbacks_ = std::move(callbacks); }
  // Also while it runs: it is asked for from the next round on. Again once it was done.
  void add(const TopicPartition& partition, int64_t offset) {
    positions_[partition] = {.offset = offset};
  }
  // Until every partition is done, or a callback says stop.
  Task<Result<void>> run();
  void stop();

 private:
  struct Position {
    int64_t offset = 0;
    Uuid topic_id = {};  // that the offset belongs to; zero until it was asked for
    bool done = false;
    int32_t asked_of = -1;  // the broker, in this round
    size_t failures = 0;    // in a row
    size_t failed_in = 0;   // the round
    Instant retry_at{};
    std::set<int64_t> aborted_now = {};  // producers within an aborted transaction
  };
  using Positions = std::map<TopicPartition, Position>;
  using Place = Positions::value_type;
  struct Aborted {
    int64_t producer_id;
    int64_t first_offset;
  };
  // A question that was put before its round, for what follows in a partition.
  struct Ahead {
    FetchSession::Partition wanted;
    std::shared_ptr<ClientConnection> connection;
    std::optional<Result<Answer<FetchResponse>>> answer = std::nullopt;
    Signal came = {};
  };
  Task<Result<bool>> round();
  Task<void> find_leaders(const std::vector<Place*>* due);
  void ask_leader(Place& place);
  Task<void> fetch_from(int32_t broker, size_t* left, Signal* done);
  FetchRequest question() const;
  Task<Result<Answer<FetchResponse>>> answer_of(int32_t broker);
  void look_ahead(int32_t broker, const FetchResponse& response);
  static Task<void> ask_ahead(std::shared_ptr<Ahead> ahead, FetchRequest request, Instant deadline);
  Task<void> take(int32_t broker, const FetchResponse* response);
  Task<void> handle_error(TopicPartition partition, Code code);
  Task<void> handle_out_of_range(TopicPartition partition);
  void trouble(const Error& error);
  void put_off(Position& position);
  void end_sessions();
  void stop_for(const Error& error, const TopicPartition& name, int64_t offset);
  void hand_out(const TopicPartition& name, Position& position, Bytes records,
                std::vector<Aborted> aborted);
  bool hand_out_batch(const TopicPartition& name, Position& position, const BatchHeader& header,
                      Bytes batch);

  Client& client_;
  const FetcherConfig config_;
  Callbacks callbacks_;
  Positions positions_;
  std::map<int32_t, std::vector<FetchSession::Partition>> wanted_;  // in this round, by leader
  std::map<int32_t, FetchSession> sessions_;                        // by broker
  std::map<int32_t, std::shared_ptr<Ahead>> ahead_;                 // by broker
  std::optional<Error> error_;
  bool stopped_ = false;
  Signal stop_;
  bool troubled_ = false;
  size_t rounds_ = 0;
  Buffer plain_;
};

}  // namespace eventd
