// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/partition_store.h"

#include <doctest/doctest.h>

#include "lib/log/checkpoints.h"
#include "tests/support/log_fixture.h"
#include "tests/support/stepped_loop.h"
#include "tests/support/memory_disk.h"

using namespace eventd;

namespace {

constexpr const char* kRoot = "/d";

Image image_of(const std::string& name, const Uuid& id, const ConfigMap& configs = {}) {
  auto topic = std::make_shared<TopicImage>();
  topic->name = name;
  topic->id = id;
  PartitionImage partition;
  partition.replicas = partition.isr = {1};
  partition.leader = 1;
  topic->partitions.push_back(partition);
  auto topics = std::make_shared<TopicsImage>();
  topics->by_name[name] = topic;
  topics->by_id[id] = topic;
  Image image;
  image.topics = topics;
  using Configs = std::map<std::pair<ConfigResource, std::string>, ConfigMap>;
  Configs all{{{ConfigResource::topic, name}, configs}};
  image.configs = std::make_shared<const Configs>(std::move(all));
  return image;
}

// A store as a process has it, on a disk that outlives it.
struct Process {
  MemoryDisk& disk;
  SteppedLoop loop;
  std::optional<DiskPool> pool{std::in_place};
  SyncScheduler syncs{disk, *pool, loop, [](const Error&) {}};
  BrokerConfig config;
  std::unique_ptr<LogDirectory> directory;
  std::unique_ptr<PartitionStore> store;

  Process(MemoryDisk& on, const Image& image, bool clean = false) : disk(on) {
    auto opened = LogDirectory::open(disk, kRoot, 1);
    REQUIRE(opened.has_value());
    directory = std::move(*opened);
    store = std::make_unique<PartitionStore>(*directory, std::make_shared<OpenFiles>(disk, 16),
                                             config, syncs);
    Result<void> all = store->open_all(image, {.clean = clean});
    REQUIRE_MESSAGE(all.has_value(), (all ? "" : all.error().message));
  }
  ~Process() { pool.reset(); }

  std::shared_ptr<Partition> partition(const Uuid& id) {
    std::shared_ptr<Partition> found = store->table()->find(id, 0);
    REQUIRE(found->open().has_value());
    return found;
  }
  void append(const Uuid& id, int count, int64_t timestamp = 1000) {
    for (int i = 0; i < count; i++) {
      Buffer bytes = batch_of({text("value-", i)}, timestamp);
      CheckedBatch batch{.bytes = bytes, .header = *check_batch(bytes)};
      REQUIRE(partition(id)->append(batch, AppendOrigin::client, WallTime{timestamp}).has_value());
    }
    REQUIRE(partition(id)->sync_and_wait().has_value());
  }
};

const Uuid kFirst = Uuid::random();
const Uuid kSecond = Uuid::random();

}  // namespace

TEST_CASE("a clean start asks the disk for no partition before somebody uses it") {
  constexpr size_t kPartitions = 100;
  MemoryDisk disk;
  Image image = image_of("t", kFirst);
  auto topic = std::make_shared<TopicImage>(*image.topic(kFirst));
  topic->partitions.resize(kPartitions, topic->partitions[0]);
  auto topics = std::make_shared<TopicsImage>();
  topics->by_name["t"] = topic;
  topics->by_id[kFirst] = topic;
  image.topics = topics;
  {
    Process process(disk, image);
    for (size_t i = 0; i < kPartitions; i++) {
      Buffer bytes = batch_of({"a"});
      CheckedBatch batch{.bytes = bytes, .header = *check_batch(bytes)};
      auto partition = process.store->table()->find(kFirst, static_cast<int32_t>(i));
      REQUIRE(partition->append(batch, AppendOrigin::client, WallTime{1000}).has_value());
    }
    REQUIRE(process.store->close_all().has_value());
  }
  size_t before = disk.call_count();
  Process again(disk, image, true);
  CHECK(disk.call_count() - before < 30);
  auto last = again.store->table()->find(kFirst, kPartitions - 1);
  CHECK(!last->is_open());
  before = disk.call_count();
  REQUIRE(last->open().has_value());
  CHECK(disk.call_count() - before <= 8);
  CHECK(last->log_end() == Offset{1});
  // A stop that follows writes nothing, and forgets nothing.
  size_t operations = disk.operation_count();
  REQUIRE(again.store->close_all().has_value());
  CHECK(disk.operation_count() - operations < 20);
  Process third(disk, image, true);
  CHECK(third.directory->found().recovery_points.size() == kPartitions);
}

TEST_CASE("a log that was never used has nothing that a stop must sync") {
  MemoryDisk disk;
  Process process(disk, image_of("t", kFirst));
  size_t before = disk.operation_count();
  REQUIRE(process.store->close_all().has_value());
  auto operations = disk.operations();
  for (size_t i = before; i < operations.size(); i++) {
    CHECK(operations[i].path.find("/t-0") == std::string::npos);
  }
}

TEST_CASE("after a clean stop, too, a log of another topic is moved aside, and forgotten") {
  MemoryDisk disk;
  {
    Process process(disk, image_of("t", kFirst));
    process.append(kFirst, 50);
    REQUIRE(process.partition(kFirst)->delete_records(Offset{40}).has_value());
    REQUIRE(process.store->close_all().has_value());
  }
  {
    Process process(disk, image_of("t", kSecond), true);
    CHECK(process.partition(kSecond)->log_start() == Offset{0});
    process.append(kSecond, 5);
  }  // killed before the next checkpoint
  Process again(disk, image_of("t", kSecond));
  CHECK(again.partition(kSecond)->log_start() == Offset{0});
  CHECK(again.partition(kSecond)->log_end() == Offset{5});
}

TEST_CASE("retention looks at logs that nobody has used since the start") {
  MemoryDisk disk;
  {
    Process process(disk, image_of("t", kFirst));
    process.append(kFirst, 10, 1000);
    REQUIRE(process.store->close_all().has_value());
  }
  Process again(disk, image_of("t", kFirst, {{"retention.ms", "1000"}}), true);
  again.store->maintain(WallTime{1'000'000});
  CHECK(again.store->table()->find(kFirst, 0)->log_start() == Offset{10});
}

TEST_CASE("a clean stop keeps two or three producer snapshots, however often it happens") {
  MemoryDisk disk;
  for (int i = 0; i < 9; i++) {
    Process process(disk, image_of("t", kFirst), i > 0);
    process.append(kFirst, 1);
    REQUIRE(process.store->close_all().has_value());
  }
  auto paths = disk.paths();
  auto is_snapshot = [](const std::string& path) { return path.ends_with(".snapshot"); };
  CHECK(std::ranges::count_if(paths, is_snapshot) <= 3);
}

TEST_CASE("a topic that takes a name again inherits nothing from the checkpoints") {
  MemoryDisk disk;
  {
    Process process(disk, image_of("t", kFirst));
    process.append(kFirst, 50);
    REQUIRE(process.partition(kFirst)->delete_records(Offset{40}).has_value());
    REQUIRE(process.store->checkpoint().has_value());
    REQUIRE(process.store->update(image_of("t", kFirst), Image{}).has_value());
    REQUIRE(process.store->update(Image{}, image_of("t", kSecond)).has_value());
    process.append(kSecond, 5);
  }  // killed before the next checkpoint
  Process again(disk, image_of("t", kSecond));
  CHECK(again.partition(kSecond)->log_start() == Offset{0});
  CHECK(again.partition(kSecond)->log_end() == Offset{5});
}

TEST_CASE("nor does it if the process died between the deletion and the new topic") {
  MemoryDisk disk;
  {
    Process process(disk, image_of("t", kFirst));
    process.append(kFirst, 50);
    REQUIRE(process.partition(kFirst)->delete_records(Offset{40}).has_value());
    REQUIRE(process.store->checkpoint().has_value());
  }
  {
    Process process(disk, image_of("t", kSecond));  // the first one's log is moved aside
    process.append(kSecond, 5);
  }
  Process again(disk, image_of("t", kSecond));
  CHECK(again.partition(kSecond)->log_start() == Offset{0});
  CHECK(again.partition(kSecond)->log_end() == Offset{5});
  auto paths = disk.paths();
  auto is_stray = [](const std::string& path) { return path.find("-stray/") != path.npos; };
  CHECK(std::ranges::any_of(paths, is_stray));
}

TEST_CASE("a partition.metadata that a power cut has torn is written again") {
  std::string whole = partition_metadata(kFirst);
  for (std::string torn : {std::string(), whole.substr(0, 5), whole.substr(0, whole.size() - 4),
                           std::string(whole.size(), '\0')}) {
    MemoryDisk disk;
    { Process process(disk, image_of("t", kFirst)); }
    disk.set_contents("/d/t-0/partition.metadata", torn);
    Process again(disk, image_of("t", kFirst));
    again.append(kFirst, 1);
    CHECK(disk.contents("/d/t-0/partition.metadata") == whole);
  }
}

TEST_CASE("log starts are checkpointed before segments go, and recovery points for what changed") {
  MemoryDisk disk;
  ConfigMap configs{{"segment.bytes", "1048576"}, {"retention.ms", "1000"}};
  Process process(disk, image_of("t", kFirst, configs));
  std::string large(300'000, 'x');
  for (int i = 0; i < 10; i++) {
    Buffer bytes = batch_of({large}, 1000);
    CheckedBatch batch{.bytes = bytes, .header = *check_batch(bytes)};
    REQUIRE(process.partition(kFirst)->append(batch, AppendOrigin::client, WallTime{1000}));
  }
  REQUIRE(process.partition(kFirst)->sync_and_wait().has_value());
  REQUIRE(process.store->checkpoint().has_value());
  size_t before = disk.operation_count();
  REQUIRE(process.store->checkpoint().has_value());
  CHECK(disk.operation_count() == before);

  process.store->maintain(WallTime{10'000});
  CHECK(process.partition(kFirst)->log_start() == Offset{10});
  bool start_is_stored = false;
  size_t deleted = 0;
  auto operations = disk.operations();
  for (size_t i = before; i < operations.size(); i++) {
    const DiskOperation& operation = operations[i];
    if (operation.kind != DiskOperation::rename) continue;
    start_is_stored = start_is_stored || operation.to.ends_with(kLogStartFile);
    if (!operation.to.ends_with(".log.deleted")) continue;
    CHECK(start_is_stored);
    deleted++;
  }
  CHECK(deleted > 2);
  auto is_segment = [](const std::string& path) { return path.ends_with(".log"); };
  auto paths = disk.paths();
  CHECK(std::ranges::count_if(paths, is_segment) == 1);
}
