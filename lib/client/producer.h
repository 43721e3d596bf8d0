// SPDX-License-Identifier: Apache-2.0
// An idempotent producer: records go into batches by partition, batches leave in order, a batch
// that may have been lost is sent again and counted once by the broker.
//
// Each partition has a lane: batches that wait, and up to five that are under way on the leader's
// connection. When one fails in a way that passes, the lane waits for the others, asks who leads
// now, and sends all that is unacknowledged again, the oldest first and one by one: a broker knows
// the last five batches, and those behind may have been acknowledged already. A batch that the
// broker refuses for its size or for a record in it is halved, until what is refused is a single
// record. Where the numbering has a hole then, the lane begins a new epoch: a broker keeps the
// sequence of each partition by itself. Belongs to the client's loop.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/client/client.h"
#include "lib/client/producer_batch.h"
#include "lib/record/builder.h"
#include "lib/wire/messages/produce.h"

namespace eventd {

struct ProducerConfig {
  Codec codec = Codec::none;
  size_t batch_bytes = 256 << 10;
  std::chrono::milliseconds linger{5};
  std::chrono::milliseconds delivery_timeout{120'000};
  int16_t acks = -1;
  size_t buffered_max = 64 << 20;
};

// What became of the records of one batch, in their order.
struct Delivery {
  TopicPartition partition;
  std::vector<uint64_t> tokens;  // as given to append(), one for each record
  std::optional<Error> error;    // they are not there, or nobody knows
  int64_t base_offset = -1;
  int64_t timestamp = -1;  // of the append, if the topic has LogAppendTime
};

class Producer {
 public:
  // The client outlives the producer.
  Producer(Client& client, ProducerConfig config, std::function<void(const Delivery&)> delivered);
  ~Producer();

  // Gets a producer id. Once, before anything else.
  Task<Result<void>> begin();

  // Puts a record into its batch. `partition` -1 chooses. Batches are not filled beyond
  // `batch_max` bytes, the topic's max.message.bytes; too_large if no batch could hold the record.
  Result<void> append(const std::string& topic, int32_t partition_count, int32_t partition,
                      int64_t timestamp, std::optional<Bytes> key, std::optional<Bytes> value,
                      std::span<const RecordHeader> headers, uint64_t token, size_t batch_max);

  // Whether so much waits that the caller should wait for room.
  bool is_full() const { return buffered_ > config_.buffered_max; }
  Task<void> room();
  // Sends what waits, and waits until all has been delivered or given up.
  Task<void> flush();
  // Batches that are not full leave at once from now on.
  void hurry();

 private:
  struct Lane {
    TopicPartition name;
    BatchBuilder builder;
    std::vector<uint64_t> tokens;
    Instant builder_born{};
    bool timer_armed = false;
    std::deque<std::shared_ptr<ProducerBatch>> batches;  // shared with those who send them
    size_t sent = 0;                                     // of the batches at the front
    size_t again = 0;  // of them that were sent before, and go one by one now
    ProducerId id = kNoProducer;
    ProducerEpoch epoch{-1};
    int32_t next_sequence = 0;
    bool broken = false;  // one that was sent must be sent again
    bool hole = false;    // the numbers of what is left do not fit: a new epoch is due
    bool spent = false;   // the producer id has no epoch left, or is not ours any more
    bool running = false;
    Signal changed;
  };

  Lane& lane(const TopicPartition& name);
  int32_t choose(const std::string& topic, int32_t count, std::optional<Bytes> key);
  void close_batch(Lane& lane);
  void arm(Lane& lane);
  Task<void> run(Lane& lane);
  Task<void> send(Lane& lane, std::shared_ptr<ClientConnection> connection,
                  std::shared_ptr<ProducerBatch> batch);
  void answer(Lane& lane, ProducerBatch& batch, const Result<Answer<ProduceResponse>>& answer);
  void finish_front(Lane& lane);
  bool sort_out(Lane& lane);
  bool put_right(Lane& lane, std::shared_ptr<ProducerBatch> batch,
                 std::deque<std::shared_ptr<ProducerBatch>>& kept);
  void give_up(Lane& lane, ProducerBatch& batch);
  Task<Result<void>> begin_epoch(Lane* lane);

  Client& client_;
  const ProducerConfig config_;
  const std::function<void(const Delivery&)> delivered_;
  ProducerId id_ = kNoProducer;
  ProducerEpoch epoch_{-1};
  std::map<TopicPartition, std::unique_ptr<Lane>> lanes_;
  struct Sticky {
    int32_t partition = 0;
    size_t bytes = 0;
  };
  std::map<std::string, Sticky> sticky_;
  size_t buffered_ = 0;
  Signal freed_;
};

}  // namespace eventd
