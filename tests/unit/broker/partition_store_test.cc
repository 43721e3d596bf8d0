// SPDX-License-Identifier: Apache-2.0
// The partitions of a folder, from one run to the next.
#include "lib/broker/partition_store.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "lib/base/text.h"
#include "lib/net/uv_loop.h"
#include "lib/record/builder.h"
#include "tests/support/faulty_disk.h"
#include "tests/support/metadata.h"
#include "tests/support/temporary_directory.h"

using namespace eventd;
namespace fs = std::filesystem;

namespace {

// Topics "orders" (2 partitions) and "users", on one broker.
struct TestStore {
  TemporaryDirectory data;
  FaultyDisk disk;
  std::shared_ptr<OpenFiles> files = std::make_shared<OpenFiles>(disk, 64);
  UvLoop loop;
  std::unique_ptr<DiskPool> pool = std::make_unique<DiskPool>(1);
  BrokerConfig config;
  SyncScheduler syncs{disk, *pool, loop, [](const Error&) {}};
  std::unique_ptr<LogDirectory> directory;
  std::unique_ptr<PartitionStore> store;
  std::shared_ptr<const Image> image = image_of(small_cluster());

  ~TestStore() { pool.reset(); }
  TestStore() { REQUIRE(open({.clean = false, .ours = true}).has_value()); }

  Result<void> open(const PartitionStore::LastRun& last) {
    store.reset();
    directory.reset();
    directory = std::move(*LogDirectory::open(disk, data.path(), std::nullopt));
    store = std::make_unique<PartitionStore>(*directory, files, config, syncs);
    return store->open_all(*image, last);
  }
  // As after kill -9: nothing is closed.
  void reopen(const PartitionStore::LastRun& last) { REQUIRE(open(last).has_value()); }

  std::shared_ptr<Partition> partition(const char* topic = "orders", int32_t index = 0) const {
    std::shared_ptr<Partition> found = store->table()->find(image->topic(topic)->id, index);
    if (found) REQUIRE(found->open().has_value());
    return found;
  }
  Result<Appended> append(const char* topic = "orders", int32_t index = 0) {
    BatchBuilder builder;
    builder.append(1000, std::nullopt, bytes_of("x"));
    Buffer batch = *builder.finish({});
    CheckedBatch checked;
    checked.bytes = batch;
    checked.header = *check_batch(batch);
    return partition(topic, index)->append(checked, AppendOrigin::client, WallTime{1000});
  }
  void change(const std::vector<Buffer>& records) {
    std::shared_ptr<const Image> next = image_of(records, image);
    REQUIRE(store->update(*image, *next).has_value());
    image = next;
  }
  void set_config(const char* key, std::string_view value) {
    ConfigRecord record;
    record.resource_type = static_cast<int8_t>(ConfigResource::topic);
    record.resource_name = "orders";
    record.name = key;
    record.value = value;
    change({metadata_record(record)});
  }
  void raise_epoch() {
    PartitionChangeRecord record;
    record.partition_id = 0;
    record.topic_id = image->topic("orders")->id;
    record.leader = 1;
    change({metadata_record(record)});
  }
};

std::vector<Buffer> orders_anew(uint8_t id) {
  RemoveTopicRecord removal;
  removal.topic_id = id_of(1);
  TopicRecord topic;
  topic.name = "orders";
  topic.topic_id = id_of(id);
  PartitionRecord partition;
  partition.partition_id = 0;
  partition.topic_id = topic.topic_id;
  partition.replicas = partition.isr = {1};
  partition.leader = 1;
  partition.leader_epoch = partition.partition_epoch = 0;
  return {metadata_record(removal), metadata_record(topic), metadata_record(partition)};
}

}  // namespace

TEST_CASE("a log that may have lost what was seen takes no record before its epoch is raised") {
  TestStore test;
  test.set_config("flush.messages", "100");
  REQUIRE(test.append().has_value());
  test.reopen({.clean = false, .ours = true});
  CHECK(test.partition()->needs_new_epoch());
  Result<Appended> refused = test.append();
  REQUIRE(!refused.has_value());
  CHECK(refused.error().code == Code::not_leader_or_follower);
  test.raise_epoch();
  CHECK(!test.partition()->needs_new_epoch());
  REQUIRE(test.append().has_value());
  CHECK(test.partition()->log().latest_epoch() == LeaderEpoch{1});
}

TEST_CASE("after a clean stop, or where what was seen was on the disk, the epoch stays") {
  TestStore test;
  test.reopen({.clean = false, .ours = true});
  CHECK(!test.partition()->needs_new_epoch());
  CHECK(test.append().has_value());
  test.set_config("flush.messages", "100");
  REQUIRE(test.store->close_all().has_value());
  test.reopen({.clean = true, .ours = true});
  CHECK(!test.partition()->needs_new_epoch());
  CHECK(test.append().has_value());
  // New topics have nothing to lose.
  test.change(orders_anew(8));
  CHECK(!test.partition()->needs_new_epoch());
}

TEST_CASE("a broker that is not ours shows what is not on the disk, whatever our config says") {
  TestStore test;
  test.reopen({.clean = false, .ours = false});
  CHECK(test.partition()->needs_new_epoch());
  test.reopen({.clean = true, .ours = false});
  CHECK(!test.partition()->needs_new_epoch());
}

TEST_CASE("a new topic does not begin where a deleted one of its name did") {
  TestStore test;
  for (int i = 0; i < 5; i++) REQUIRE(test.append().has_value());
  REQUIRE(test.partition()->sync_and_wait().has_value());
  REQUIRE(test.partition()->delete_records(Offset{4}).has_value());
  REQUIRE(test.store->checkpoint().has_value());
  SUBCASE("in the same run") {}
  SUBCASE("after a restart") { test.reopen({.clean = false, .ours = true}); }
  test.change(orders_anew(8));
  CHECK(test.partition()->log_start() == Offset{0});
  REQUIRE(test.append().has_value());
  REQUIRE(test.append().has_value());
  REQUIRE(test.partition()->sync_and_wait().has_value());
  test.reopen({.clean = false, .ours = true});
  CHECK(test.partition()->log_start() == Offset{0});
  CHECK(test.partition()->log_end() == Offset{2});
}

TEST_CASE("a half written partition.metadata is made anew where no record is, else refused") {
  TestStore test;
  std::string path = test.data / "orders-0/partition.metadata";
  std::ofstream(path, std::ios::trunc) << "version: 0\n";
  test.reopen({.clean = false, .ours = true});
  REQUIRE(test.append().has_value());
  REQUIRE(test.partition()->sync_and_wait().has_value());
  auto id = load_partition_metadata(test.disk, test.data / "orders-0");
  REQUIRE(id.has_value());
  CHECK(*id == id_of(1));
  std::ofstream(path, std::ios::trunc) << "version: 0\n";
  CHECK(test.open({.clean = false, .ours = true}).error().code == Code::bad_data);
}
