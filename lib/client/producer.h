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
// sequence of each partition by itself.
//
// A batch that is not full leaves after linger.ms. Belongs to the client's loop.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "lib/client/client.h"
#include "lib/client/partitioner.h"
#include "lib/client/producer_batch.h"
#include "lib/record/builder.h"
#include "lib/wire/messages/produce.h"

namespace eventd {

struct ProducerConfig {
  Codec codec = Codec::none;
  size_t batch_bytes = 256 << 10;
  // A timer may be a millisecond late or two: a record leaves within 5.
  std::chrono::milliseconds linger{3};
  std::chrono::milliseconds delivery_timeout{120'000};
  int16_t acks = -1;
  size_t buffered_max = 16 << 20;  // of closed batches
  Partitioner partitioner = Partitioner::murmur2;
  bool keep_timestamps = false;  // for Delivery::timestamps
};

// What became of the records of one batch, in their order.
struct Delivery {
  TopicPartition partition;
  std::vector<uint64_t> tokens;     // as given to append(), one for each record
  std::vector<int64_t> timestamps;  // the same, if the config wants them
  uint64_t bytes = 0;               // of their keys and values
  std::optional<Error> error;       // they are not there, or nobody knows
  int64_t base_offset = -1;         // also where the broker knows only that they are there
  int64_t timestamp = -1;           // of the append, if the topic has LogAppendTime
};

class Producer {
 public:
  // The client outlives the producer.
  Producer(Client& client, ProducerConfig config, std::function<void(const Delivery&)> delivered);
  ~Producer();

  // Gets a producer id. Once, before anything else.
  Task<Result<void>> begin();

  // A topic as the producer knows it; stays until the producer goes. Batches are not filled beyond
  // `batch_max` bytes, the topic's max.message.bytes.
  class Topic;
  Topic& topic(std::string name, int32_t partition_count, size_t batch_max);

  // The partition for a record with that key; what was appended since counts.
  int32_t choose(Topic& topic, const std::optional<Bytes>& key);
  // Puts a record into its batch. `partition` is one of the topic's, -1 chooses. too_large if no
  // batch could hold the record.
  Result<void> append(Topic& topic, int32_t partition, int64_t timestamp,
                      const std::optional<Bytes>& key, const std::optional<Bytes>& value,
                      std::span<const RecordHeader> headers, uint64_t token);

  // Whether so much waits that the caller should wait for room.
  bool is_full() const { return buffered_ > config_.buffered_max; }
  Task<void> room();
  // Sends what waits, and waits until something has been answered; not where nothing is under way.
  Task<void> progress();
  // Sends what waits, and waits until all has been delivered or given up.
  Task<void> flush();
  // Batches that are not full leave at once from now on.
  void hurry();
  // No more records are at hand: small batches leave at once if their partition is idle, and if
  // linger.ms is small.
  void drained();

 private:
  struct Lane {
    TopicPartition name;
    BatchBuilder builder;
    std::vector<uint64_t> tokens;
    std::vector<int64_t> timestamps;
    uint64_t bytes = 0;
    Instant builder_born{};
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
    size_t failures = 0;  // in a row, which time may mend
    Signal changed;
  };

  Lane& lane(Topic& topic, int32_t partition);
  int32_t next_sticky(const Topic& topic);
  void close_batch(Lane& lane);
  void arm();
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
  std::map<std::string, std::unique_ptr<Topic>, std::less<>> topics_;
  // Batches that are being filled, the oldest first; those that were closed meanwhile among them.
  struct Open {
    Lane* lane;
    Instant born;
  };
  std::deque<Open> open_;
  bool armed_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with the timer
  std::minstd_rand random_{std::random_device{}()};
  std::vector<Buffer> spares_;  // of batches that are done with
  size_t buffered_ = 0;
  size_t running_ = 0;  // lanes
  Signal freed_;
};

}  // namespace eventd
