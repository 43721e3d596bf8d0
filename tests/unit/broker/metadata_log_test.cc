// SPDX-License-Identifier: Apache-2.0
// The metadata log on a disk: what a start makes of it, whoever wrote it and however they ended.
#include "lib/broker/metadata_log.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "lib/base/text.h"
#include "lib/record/builder.h"
#include "lib/wire/messages/control_records.h"
#include "tests/support/faulty_disk.h"
#include "tests/support/metadata.h"
#include "tests/support/temporary_directory.h"

using namespace eventd;
namespace fs = std::filesystem;

namespace {

const std::string kGolden = TEST_SOURCE_DIR "/golden/metadata/kafka-4.3.1/";
constexpr const char* kFolder = "__cluster_metadata-0";
constexpr const char* kLog = "__cluster_metadata-0/00000000000000000000.log";
// Whose folder the golden one is.
constexpr const char* kKafkasDirectory = "directory.id=";

struct TestMetadata {
  TemporaryDirectory data;
  FaultyDisk disk;
  std::shared_ptr<OpenFiles> files = std::make_shared<OpenFiles>(disk, 16);
  std::unique_ptr<LogDirectory> directory;
  std::unique_ptr<MetadataLog> log;

  Result<void> try_open(bool clean = false) {
    log.reset();
    directory.reset();
    auto opened = LogDirectory::open(disk, data.path(), std::nullopt);
    if (!opened) return pass(opened);
    directory = std::move(*opened);
    auto metadata = MetadataLog::open(*directory, files, clean);
    if (!metadata) return pass(metadata);
    log = std::move(*metadata);
    return {};
  }
  void open(bool clean = false) {
    Result<void> opened = try_open(clean);
    REQUIRE_MESSAGE(opened.has_value(), (opened ? "" : opened.error().message));
  }
  // As the first start of a broker.
  void make() {
    open();
    decide([&](Controller& c) {
      c.register_broker({.node_id = 1, .directory_id = directory->identity().directory_id},
                        log->end());
    });
    sync();
  }
  Result<void> try_decide(const std::function<void(Controller&)>& action) {
    ControllerSettings settings{.node_id = 1, .directory_id = directory->identity().directory_id};
    std::shared_ptr<const Image> image = log->image();
    Controller controller(*image, settings);
    action(controller);
    return log->append(controller.records());
  }
  void decide(const std::function<void(Controller&)>& action) {
    Result<void> done = try_decide(action);
    REQUIRE_MESSAGE(done.has_value(), (done ? "" : done.error().message));
  }
  void create(const std::string& name) {
    decide([&](Controller& c) { c.create_topics({{.name = name}}); });
  }
  void sync() { REQUIRE(log->sync().has_value()); }
  void append(const std::vector<Buffer>& records) { REQUIRE(log->append(records).has_value()); }

  bool has(const char* topic) const { return log->image()->topic(topic) != nullptr; }
  std::string path(const std::string& name) const { return data / name; }
  std::vector<std::string> names(const std::string& suffix) const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(data / kFolder)) {
      std::string name = entry.path().filename().string();
      if (name.ends_with(suffix)) found.push_back(name);
    }
    std::ranges::sort(found);
    return found;
  }
  // Whole batches at the end of the log, as another process would leave them.
  void append_raw(const std::vector<Buffer>& records) {
    log.reset();
    Buffer bytes = contents(kLog);
    Offset end{0};
    for (Bytes left = bytes; !left.empty();) {
      end = check_batch(left.first(*batch_size(left)))->next_offset();
      left = left.subspan(*batch_size(left));
    }
    BatchBuilder builder;
    for (const Buffer& record : records) builder.append(1000, std::nullopt, Bytes(record));
    Buffer batch = *builder.finish({.base_offset = end, .leader_epoch = LeaderEpoch{1}});
    eventd::append(bytes, batch);
    put(kLog, bytes);
  }
  Buffer contents(const std::string& name) {
    auto file = read_file(disk, path(name), 1 << 28);
    REQUIRE(file.has_value());
    return *file;
  }
  void put(const std::string& name, Bytes bytes) {
    std::ofstream file(path(name), std::ios::binary | std::ios::trunc);
    file.write(text_of(bytes).data(), static_cast<std::streamsize>(bytes.size()));
  }
};

// The topic of a batch that was appended by somebody else.
Buffer topic_record(const char* name, uint8_t id) {
  TopicRecord record;
  record.name = name;
  record.topic_id = id_of(id);
  return metadata_record(record);
}

std::vector<BatchHeader> batches_in(Bytes left) {
  std::vector<BatchHeader> headers;
  while (!left.empty()) {
    headers.push_back(*check_batch(left.first(*batch_size(left))));
    left = left.subspan(headers.back().size_bytes());
  }
  return headers;
}

}  // namespace

TEST_CASE("a new log begins as Kafka's do: the quorum, then the metadata version") {
  TestMetadata metadata;
  metadata.make();
  CHECK(metadata.log->was_empty());
  Buffer bytes = metadata.contents(kLog);
  std::vector<BatchHeader> batches = batches_in(bytes);
  CHECK(batches.at(0).is_control());
  CHECK(batches.at(0).record_count == 3);
  CHECK(batches.at(0).leader_epoch == LeaderEpoch{1});
  CHECK(!batches.at(1).is_control());
  CHECK(batches.at(1).base_offset == Offset{3});
  const Image& image = *metadata.log->image();
  CHECK(image.quorum.kraft_version == 1);
  REQUIRE(image.quorum.voters.size() == 1);
  CHECK(image.quorum.voters[0].directory_id == metadata.directory->identity().directory_id);
  CHECK(image.feature("metadata.version") == kMetadataVersion);
  std::ifstream id(metadata.path("__cluster_metadata-0/partition.metadata"));
  std::string text((std::istreambuf_iterator<char>(id)), {});
  CHECK(text == "version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAQ\n");
}

TEST_CASE("each start leads in a higher epoch, that quorum-state has before the log") {
  TestMetadata metadata;
  metadata.make();
  for (int32_t epoch = 2; epoch < 5; epoch++) {
    metadata.open();
    CHECK(!metadata.log->was_empty());
    metadata.sync();
    CHECK(batches_in(metadata.contents(kLog)).back().leader_epoch == LeaderEpoch{epoch});
    Buffer state = metadata.contents("__cluster_metadata-0/quorum-state");
    CHECK(parse_quorum_state(text_of(state))->leader_epoch == epoch);
  }
  // The log's epoch counts where the file is gone, the file's where the log has lost its end.
  fs::remove(metadata.path("__cluster_metadata-0/quorum-state"));
  metadata.open();
  CHECK(metadata.log->image()->last_epoch == LeaderEpoch{5});
  metadata.put("__cluster_metadata-0/quorum-state",
               bytes_of(encode_quorum_state({1, 40, {}})));
  metadata.open();
  CHECK(metadata.log->image()->last_epoch == LeaderEpoch{41});
}

TEST_CASE("a start without a clean stop finds all that was appended") {
  TestMetadata metadata;
  metadata.make();
  metadata.create("a");
  metadata.create("b");
  metadata.sync();
  std::string before = describe(*metadata.log->image());
  metadata.open();
  CHECK(describe(*metadata.log->image()) == before);
  REQUIRE(metadata.log->close().has_value());
  metadata.open(true);
  CHECK(describe(*metadata.log->image()) == before);
}

TEST_CASE("a torn last batch is cut, and what is before it stays") {
  TestMetadata metadata;
  metadata.make();
  metadata.create("a");
  metadata.sync();
  std::string before = describe(*metadata.log->image());
  Buffer whole = metadata.contents(kLog);
  metadata.create("b");
  metadata.sync();
  Buffer longer = metadata.contents(kLog);
  for (size_t size = whole.size(); size < longer.size(); size += 7) {
    metadata.log.reset();
    metadata.put(kLog, Bytes(longer).first(size));
    metadata.open();
    CHECK(describe(*metadata.log->image()) == before);
  }
}

TEST_CASE("a log that is damaged within is refused, at every start, and nothing is changed") {
  TestMetadata metadata;
  metadata.make();
  metadata.create("a");
  metadata.create("b");
  metadata.sync();
  metadata.log.reset();
  Buffer bytes = metadata.contents(kLog);
  size_t first = *batch_size(bytes);
  bytes[first + kBatchHeaderSize + 3] ^= 1;
  metadata.put(kLog, bytes);
  for (bool clean : {false, false, true, true}) {
    Result<void> opened = metadata.try_open(clean);
    REQUIRE(!opened.has_value());
    CAPTURE(opened.error().message);
    CHECK(metadata.contents(kLog) == bytes);
    CHECK(metadata.names(".corrupt").empty());
  }
}

TEST_CASE("a record of a newer Kafka refuses the start and says which") {
  TestMetadata metadata;
  metadata.make();
  Buffer value;
  Writer out(value);
  write_metadata_record_head(200, 0, out);
  metadata.append_raw({value});
  for (int i = 0; i < 2; i++) {
    Result<void> opened = metadata.try_open();
    REQUIRE(!opened.has_value());
    CHECK(opened.error().code == Code::unsupported);
    CHECK(opened.error().message.find("type 200") != std::string::npos);
    CHECK(opened.error().message.find("newer Kafka") != std::string::npos);
  }
}

TEST_CASE("a transaction that never ended is dropped, and does not swallow what follows") {
  TestMetadata metadata;
  metadata.make();
  metadata.append_raw({metadata_record(BeginTransactionRecord{}), topic_record("lost", 1)});
  metadata.open();
  CHECK(!metadata.has("lost"));
  metadata.create("kept");
  metadata.sync();
  std::string before = describe(*metadata.log->image());
  for (int i = 0; i < 2; i++) {
    metadata.open();
    CHECK(!metadata.has("lost"));
    CHECK(metadata.has("kept"));
    CHECK(describe(*metadata.log->image()) == before);
  }
}

TEST_CASE("a snapshot spares the replay, and yields what the whole log yields") {
  TestMetadata metadata;
  metadata.make();
  metadata.create("a");
  metadata.sync();
  REQUIRE(metadata.log->write_snapshot().has_value());
  metadata.create("b");
  metadata.decide([](Controller& c) { c.allocate_producer_ids(-1); });
  metadata.sync();
  std::string before = describe(*metadata.log->image());
  REQUIRE(metadata.names(".checkpoint").size() == 1);
  metadata.open();
  CHECK(describe(*metadata.log->image()) == before);
  fs::remove(metadata.path("__cluster_metadata-0/" + metadata.names(".checkpoint")[0]));
  metadata.open();
  CHECK(describe(*metadata.log->image()) == before);
}

TEST_CASE("a damaged snapshot is done without: the one before it serves, or the whole log") {
  TestMetadata metadata;
  metadata.make();
  for (const char* topic : {"a", "b", "c"}) {
    metadata.create(topic);
    metadata.sync();
    REQUIRE(metadata.log->write_snapshot().has_value());
  }
  metadata.create("d");
  metadata.sync();
  std::string before = describe(*metadata.log->image());
  std::vector<std::string> snapshots = metadata.names(".checkpoint");
  REQUIRE(snapshots.size() == 2);  // the last two are kept
  for (const std::string& name : {snapshots[1], snapshots[0]}) {
    std::string file = std::string(kFolder) + "/" + name;
    Buffer bytes = metadata.contents(file);
    bytes[bytes.size() / 2] ^= 1;
    metadata.put(file, bytes);
    metadata.open();
    CHECK(describe(*metadata.log->image()) == before);
    metadata.log.reset();
    metadata.put(file, {});
    metadata.open();
    CHECK(describe(*metadata.log->image()) == before);
  }
}

TEST_CASE("records go on behind the snapshot where the log has lost its end") {
  TestMetadata metadata;
  metadata.make();
  Buffer early = metadata.contents(kLog);
  for (const char* topic : {"a", "b"}) metadata.create(topic);
  metadata.sync();
  REQUIRE(metadata.log->write_snapshot().has_value());
  std::string before = describe(*metadata.log->image());
  Offset end = metadata.log->end();
  metadata.log.reset();
  metadata.put(kLog, early);
  metadata.open();
  CHECK(describe(*metadata.log->image()) == before);
  CHECK(metadata.log->end() > end);
  metadata.create("c");
  metadata.sync();
  metadata.open();
  CHECK(metadata.has("a"));
  CHECK(metadata.has("c"));
  // And without any log.
  metadata.log.reset();
  for (const std::string& name : metadata.names(".log")) {
    fs::remove(metadata.path(std::string(kFolder) + "/" + name));
  }
  metadata.open();
  CHECK(describe(*metadata.log->image()) == before);
}

TEST_CASE("a log whose beginning is gone and that has no snapshot is refused") {
  TestMetadata metadata;
  metadata.make();
  metadata.log.reset();
  fs::rename(metadata.path(kLog),
             metadata.path("__cluster_metadata-0/00000000000000000003.log"));
  CHECK(!metadata.try_open().has_value());
}

TEST_CASE("the log does not grow without end: segments before the last snapshot but one go") {
  TestMetadata metadata;
  metadata.make();
  auto churn = [&] {
    std::vector<std::pair<std::string, std::optional<std::string>>> values;
    for (int i = 0; i < 40; i++) values.emplace_back(text("k", i), std::string(32'000, 'x'));
    for (int i = 0; i < 40; i++) {
      metadata.decide([&](Controller& c) { c.set_configs(ConfigResource::broker, "", values); });
      metadata.sync();
      if (metadata.log->wants_snapshot()) REQUIRE(metadata.log->write_snapshot().has_value());
    }
  };
  churn();
  churn();
  CHECK(metadata.names(".checkpoint").size() == 2);
  CHECK(metadata.names(".log").size() <= 4);
  CHECK(metadata.names("00000000000000000000.log").empty());
  CHECK(metadata.names(".deleted").empty());
  metadata.create("a");
  metadata.sync();
  std::string before = describe(*metadata.log->image());
  metadata.open();
  CHECK(describe(*metadata.log->image()) == before);
}

TEST_CASE("ten thousand records ask for a snapshot") {
  TestMetadata metadata;
  metadata.make();
  CHECK(!metadata.log->wants_snapshot());
  metadata.append(std::vector<Buffer>(9'000, metadata_record(NoOpRecord{})));
  CHECK(!metadata.log->wants_snapshot());
  metadata.append(std::vector<Buffer>(1'000, metadata_record(NoOpRecord{})));
  CHECK(metadata.log->wants_snapshot());
  metadata.sync();
  REQUIRE(metadata.log->write_snapshot().has_value());
  CHECK(!metadata.log->wants_snapshot());
}

TEST_CASE("what cannot be written is not in the image either, and room brings service back") {
  TestMetadata metadata;
  metadata.make();
  metadata.create("a");
  metadata.sync();
  std::string before = describe(*metadata.log->image());
  Offset end = metadata.log->end();
  metadata.disk.fault = [](FaultyDisk::Act act, const std::string& path) {
    return act == FaultyDisk::Act::write && path.ends_with(".log") ? ENOSPC : 0;
  };
  auto create = [](Controller& c) { c.create_topics({{.name = "b"}}); };
  Result<void> refused = metadata.try_decide(create);
  REQUIRE(!refused.has_value());
  CHECK(refused.error().code == Code::disk_full);
  CHECK(describe(*metadata.log->image()) == before);
  CHECK(metadata.log->end() == end);
  metadata.disk.fault = nullptr;
  metadata.decide(create);
  metadata.sync();
  before = describe(*metadata.log->image());
  metadata.open();
  CHECK(describe(*metadata.log->image()) == before);
}

TEST_CASE("a snapshot that finds no room leaves the one before it, and no half of its own") {
  TestMetadata metadata;
  metadata.make();
  REQUIRE(metadata.log->write_snapshot().has_value());
  metadata.create("a");
  metadata.sync();
  metadata.disk.fault = [](FaultyDisk::Act act, const std::string& path) {
    return act == FaultyDisk::Act::write && path.find(".checkpoint") != std::string::npos ? ENOSPC
                                                                                         : 0;
  };
  CHECK(metadata.log->write_snapshot().error().code == Code::disk_full);
  CHECK(metadata.names(".checkpoint").size() == 1);
  CHECK(metadata.names(".tmp").empty());
  metadata.disk.fault = nullptr;
  metadata.open();
  CHECK(metadata.has("a"));
}

TEST_CASE("a log with other voters is not ours to lead, and stays as it is") {
  TestMetadata metadata;
  metadata.make();
  metadata.log.reset();
  VotersRecord voters;
  for (int32_t id : {1, 2, 3}) {
    auto& voter = voters.voters.emplace_back();
    voter.voter_id = id;
    voter.voter_directory_id = id_of(static_cast<uint8_t>(id));
  }
  Buffer value;
  Writer out(value);
  REQUIRE(encode(voters, 0, out).has_value());
  Buffer bytes = metadata.contents(kLog);
  BatchBuilder builder;
  append_control(builder, 1000, ControlType::kraft_voters, value);
  Offset end = batches_in(bytes).back().next_offset();
  append(bytes, *builder.finish({.base_offset = end, .leader_epoch = {}, .control = true}));
  metadata.put(kLog, bytes);
  Result<void> opened = metadata.try_open();
  REQUIRE(!opened.has_value());
  CHECK(opened.error().code == Code::in_use);
  CHECK(metadata.contents(kLog) == bytes);
}

TEST_CASE("a static quorum of several nodes is known by its quorum-state") {
  TestMetadata metadata;
  metadata.make();
  metadata.log.reset();
  constexpr std::string_view kState =
      R"({"clusterId":"","leaderId":2,"leaderEpoch":9,"votedId":-1,"appliedOffset":0,)"
      R"("currentVoters":[{"voterId":1},{"voterId":2}],"data_version":0})";
  metadata.put("__cluster_metadata-0/quorum-state", bytes_of(kState));
  Buffer before = metadata.contents(kLog);
  CHECK(metadata.try_open().error().code == Code::in_use);
  CHECK(metadata.contents(kLog) == before);
  CHECK(text_of(metadata.contents("__cluster_metadata-0/quorum-state")) == kState);
}

TEST_CASE("a node with logs in several directories is not served from one of them") {
  TestMetadata metadata;
  metadata.make();
  RegisterBrokerRecord broker;
  broker.broker_id = 1;
  broker.log_dirs = {metadata.directory->identity().directory_id, id_of(4)};
  metadata.append_raw({metadata_record(broker)});
  Result<void> opened = metadata.try_open();
  REQUIRE(!opened.has_value());
  CHECK(opened.error().code == Code::bad_config);
}

TEST_CASE("logs without any metadata are not taken for strays of a new cluster") {
  TestMetadata metadata;
  fs::create_directories(metadata.path("orders-0"));
  Result<void> opened = metadata.try_open();
  REQUIRE(!opened.has_value());
  CHECK(opened.error().code == Code::bad_config);
  CHECK(opened.error().message.find("orders-0") != std::string::npos);
  CHECK(!fs::exists(metadata.path(kFolder)));
}

namespace {

// A folder that Kafka 4.3.1 made.
void copy_golden(TestMetadata& metadata, const std::vector<const char*>& names) {
  fs::create_directories(metadata.path(kFolder));
  for (const char* name : names) {
    fs::copy_file(kGolden + name, metadata.path(std::string(kFolder) + "/" + name));
  }
  // Its voter is the node with this directory.
  PosixDisk disk;
  std::string path = kGolden + "00000000000000000140-0000000004.checkpoint";
  Buffer snapshot = *read_file(disk, path, 1 << 20);
  auto image = decode_snapshot(snapshot, {Offset{140}, LeaderEpoch{4}});
  const Quorum::VoterKey& voter = (*image)->quorum.voters.at(0);
  std::ofstream(metadata.path("meta.properties"))
      << text("version=1\ncluster.id=abc\nnode.id=", voter.id, "\n", kKafkasDirectory,
              voter.directory_id, "\n");
}

}  // namespace

TEST_CASE("Kafka's folder is taken over: with its snapshot, with its log, with both") {
  std::string images[3];
  const std::vector<const char*> kFiles[3] = {
      {"00000000000000000000.log", "00000000000000000140-0000000004.checkpoint", "quorum-state"},
      {"00000000000000000000.log", "quorum-state"},
      {"00000000000000000000.log"}};
  for (int i = 0; i < 3; i++) {
    TestMetadata metadata;
    copy_golden(metadata, kFiles[i]);
    metadata.open();
    images[i] = describe(*metadata.log->image());
    metadata.create("ours");
    metadata.sync();
    REQUIRE(metadata.log->write_snapshot().has_value());
    std::string before = describe(*metadata.log->image());
    metadata.open();
    CHECK(describe(*metadata.log->image()) == before);
  }
  CHECK(images[0] == images[1]);
  CHECK(images[1] == images[2]);
  CHECK(images[0].find("raw 11 ") != std::string::npos);
}

TEST_CASE("a folder that Kafka's tool has formatted begins with what it prepared") {
  TestMetadata metadata;
  fs::copy_file(kGolden + "bootstrap.checkpoint", metadata.path("bootstrap.checkpoint"));
  metadata.open();
  const Image& image = *metadata.log->image();
  CHECK(image.feature("group.version") == 1);
  CHECK(image.feature("metadata.version") == 30);
  CHECK(image.config(ConfigResource::broker, "").at("min.insync.replicas") == "1");
  // Its voters stand in Kafka's configuration.
  CHECK(image.quorum == Quorum{});
  std::string before = describe(image);
  metadata.sync();
  metadata.open();
  CHECK(describe(*metadata.log->image()) == before);
}

// -- a life of decisions, syncs, snapshots, full disks, power cuts and clean stops

namespace {

class Life {
 public:
  explicit Life(uint64_t seed) : random_(seed) {
    test_.disk.may_crash = true;
    test_.make();
    note_synced();
  }

  void step() {
    switch (pick(12)) {
      case 0: return sync();
      case 1: return sync();
      case 2: return crash();
      case 3: return stop_and_start();
      case 4:
        sync();
        REQUIRE(test_.log->write_snapshot().has_value());
        return;
      default: return decide();
    }
  }

 private:
  int pick(int n) { return static_cast<int>(random_() % static_cast<uint64_t>(n)); }
  std::string now() const { return describe(*test_.log->image()); }
  void note_synced() { possible_ = {now()}; }

  void sync() {
    test_.sync();
    note_synced();
    given_out_ = test_.log->image()->next_producer_id;
  }

  void decide() {
    bool is_full = pick(6) == 0;
    std::string before = now();
    if (is_full) {
      test_.disk.fault = [](FaultyDisk::Act act, const std::string&) {
        return act == FaultyDisk::Act::write ? ENOSPC : 0;
      };
    }
    Offset end = test_.log->end();
    Result<void> done = test_.try_decide([&](Controller& c) { choose(c); });
    test_.disk.fault = nullptr;
    if (done) {
      possible_.push_back(now());
    } else {
      CHECK(is_full);
      CHECK(now() == before);
      CHECK(test_.log->end() == end);
    }
  }

  void choose(Controller& controller) {
    std::string name = text("t", pick(5));
    switch (pick(5)) {
      case 0: controller.create_topics({{.name = name, .partitions = 1 + pick(3)}}); break;
      case 1: controller.delete_topics({{name, {}}}); break;
      case 2: controller.create_partitions({{.topic = name, .total = 1 + pick(6)}}); break;
      case 3:
        controller.set_configs(ConfigResource::broker, "", {{"k", text(pick(100))}});
        break;
      default: controller.allocate_producer_ids(-1);
    }
  }

  // A cut leaves what was synced, and perhaps some of what was decided after it, in order.
  void crash() {
    test_.log.reset();
    test_.disk.crash(random_);
    test_.open();
    std::string found = now();
    CHECK(std::ranges::find(possible_, found) != possible_.end());
    CHECK(test_.log->image()->next_producer_id >= given_out_);
    sync();
  }

  void stop_and_start() {
    std::string before = now();
    REQUIRE(test_.log->close().has_value());
    test_.open(true);
    CHECK(now() == before);
    sync();
  }

  TestMetadata test_;
  std::mt19937_64 random_;
  std::vector<std::string> possible_;
  int64_t given_out_ = 0;
};

}  // namespace

TEST_CASE("what was synced outlives any power cut, and no producer id is given out twice") {
  uint64_t lives = std::getenv("EVENTD_LONG") == nullptr ? 30 : 2000;
  for (uint64_t seed = 1; seed <= lives; seed++) {
    CAPTURE(seed);
    Life life(seed);
    for (int i = 0; i < 80; i++) life.step();
  }
}
