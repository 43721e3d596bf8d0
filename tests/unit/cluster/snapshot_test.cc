// SPDX-License-Identifier: Apache-2.0
// A snapshot yields the image that it was made of: every record type of Kafka 4.3, and Kafka's own
// files.
#include "lib/cluster/snapshot.h"

#include <algorithm>
#include <set>

#include "lib/cluster/record_versions.h"
#include "lib/log/disk.h"
#include "lib/record/control.h"
#include "tests/support/metadata.h"

using namespace eventd;

namespace {

constexpr SnapshotId kId{Offset{140}, LeaderEpoch{4}};
const std::string kGolden = TEST_SOURCE_DIR "/golden/metadata/kafka-4.3.1/";

Quorum quorum_of_nine() { return quorum_of({.id = 9, .directory_id = id_of(90)}); }

std::shared_ptr<const Image> with_quorum(const std::shared_ptr<const Image>& image) {
  auto copy = std::make_shared<Image>(*image);
  copy->quorum = quorum_of_nine();
  return copy;
}

Buffer snapshot_of(const Image& image) { return encode_snapshot(image, kId, 1000); }

std::shared_ptr<const Image> reread(const Image& image) {
  Buffer file = snapshot_of(image);
  auto decoded = decode_snapshot(file, kId);
  REQUIRE_MESSAGE(decoded.has_value(), (decoded ? "" : decoded.error().message));
  return *decoded;
}

// The records of a file of batches, control batches apart.
std::vector<Buffer> values_in(Bytes file) {
  std::vector<Buffer> values;
  while (!file.empty()) {
    Bytes batch = file.first(*batch_size(file));
    file = file.subspan(batch.size());
    BatchHeader header = *check_batch(batch);
    if (header.is_control()) continue;
    RecordReader records(records_of(batch), header.record_count);
    Record record;
    while (records.next(record)) values.emplace_back(record.value->begin(), record.value->end());
    REQUIRE(records.finished().has_value());
  }
  return values;
}

Buffer golden(const std::string& name) {
  PosixDisk disk;
  auto file = read_file(disk, kGolden + name, 1 << 20);
  REQUIRE(file.has_value());
  return *file;
}

// One of each type that lasts, in every version, with every field set.
std::vector<Buffer> one_of_each() {
  std::vector<Buffer> all;
  auto add = [&](const auto& record, int16_t version = -1) {
    all.push_back(version < 0 ? metadata_record(record) : metadata_record(record, version));
  };
  FeatureLevelRecord feature;
  feature.name = "metadata.version";
  feature.feature_level = 30;
  add(feature);
  feature.name = "a.version.of.the.future";
  feature.feature_level = 77;
  add(feature);
  for (int16_t version = 0; version <= 4; version++) {
    RegisterBrokerRecord broker;
    broker.broker_id = version;
    broker.incarnation_id = id_of(static_cast<uint8_t>(40 + version));
    broker.broker_epoch = 1000 + version;
    for (const char* name : {"PLAINTEXT", "SSL"}) {
      auto& endpoint = broker.end_points.emplace_back();
      endpoint.name = name;
      endpoint.host = "::1";
      endpoint.port = 65535;
      endpoint.security_protocol = 1;
    }
    auto& range = broker.features.emplace_back();
    range.name = "metadata.version";
    range.min_supported_version = 7;
    range.max_supported_version = 33;
    broker.rack = "r";
    broker.fenced = version % 2 == 0;
    if (version >= 1) broker.in_controlled_shutdown = true;
    if (version >= 3) broker.log_dirs = {id_of(1), id_of(2)};
    if (version >= 4) broker.cordoned_log_dirs = std::vector{id_of(2)};
    add(broker, version);
  }
  for (uint8_t version = 0; version <= 2; version++) {
    TopicRecord topic;
    std::string name = "topic-" + std::to_string(version);
    topic.name = name;
    topic.topic_id = id_of(static_cast<uint8_t>(70 + version));
    add(topic);
    PartitionRecord partition;
    partition.partition_id = 0;
    partition.topic_id = topic.topic_id;
    partition.replicas = {1, 2, 3};
    partition.isr = {};
    partition.removing_replicas = {2};
    partition.adding_replicas = {3};
    partition.leader = kNoLeader;
    partition.leader_recovery_state = 1;
    partition.leader_epoch = 17;
    partition.partition_epoch = 18;
    if (version >= 1) partition.directories = {id_of(1), id_of(2), id_of(3)};
    if (version >= 2) {
      partition.eligible_leader_replicas = std::vector<int32_t>{1};
      partition.last_known_elr = std::vector<int32_t>{2};
    }
    add(partition, version);
    partition.partition_id = 1;
    partition.isr = {3};
    partition.leader = 3;
    partition.leader_recovery_state = 0;
    add(partition, version);
  }
  for (int8_t type : {2, 4, 8, 16, 32, 64}) {  // the last one is of no Kafka yet
    ConfigRecord config;
    config.resource_type = type;
    config.resource_name = type == 4 ? "" : "topic-1";
    config.name = "some.key";
    config.value = type == 8 ? "" : "value";
    add(config);
  }
  RegisterControllerRecord controller;
  controller.controller_id = 1;
  controller.incarnation_id = id_of(60);
  controller.end_points.emplace_back().name = "CONTROLLER";
  controller.features.emplace_back().name = "kraft.version";
  add(controller);
  ClientQuotaRecord quota;
  auto& user = quota.entity.emplace_back();
  user.entity_type = "user";
  user.entity_name = "alice";
  auto& client = quota.entity.emplace_back();
  client.entity_type = "client-id";  // of all clients: null
  quota.key = "producer_byte_rate";
  quota.value = 1024.5;
  add(quota);
  quota.key = "request_percentage";
  add(quota);
  ProducerIdsRecord ids;
  ids.broker_id = 1;
  ids.next_producer_id = 5000;
  add(ids);
  AccessControlEntryRecord acl;
  acl.id = id_of(80);
  acl.resource_type = 2;
  acl.resource_name = "orders";
  acl.principal = "User:alice";
  acl.host = "*";
  add(acl);
  acl.id = id_of(81);
  add(acl);
  UserScramCredentialRecord scram;
  scram.name = "alice";
  scram.mechanism = 1;
  static const Buffer kSalt{1, 2, 3};
  scram.salt = kSalt;
  scram.iterations = 4096;
  add(scram);
  scram.mechanism = 2;
  add(scram);
  DelegationTokenRecord token;
  token.owner = "User:alice";
  token.renewers = {"User:bob", "User:carol"};
  token.token_id = "token";
  add(token);
  ZkMigrationStateRecord migration;
  migration.zk_migration_state = 1;
  add(migration);
  return all;
}

}  // namespace

TEST_CASE("every record type and version survives a snapshot") {
  std::shared_ptr<const Image> image = with_quorum(image_of(one_of_each()));
  CHECK(image->raw->size() == 9);
  CHECK(image->brokers.size() == 5);
  CHECK(describe(*reread(*image)) == describe(*image));
}

TEST_CASE("records that are kept as they came come back byte for byte") {
  std::vector<Buffer> records = one_of_each();
  std::vector<Buffer> kept = records_of(*image_of(records));
  int found = 0;
  for (const Buffer& record : records) {
    int16_t type = parse_metadata_record_head(record)->type;
    static const std::set<int16_t> kRaw{10, 11, 14, 18, 21, 27};
    if (!kRaw.contains(type)) continue;
    bool is_there = std::ranges::find(kept, record) != kept.end();
    CHECK(is_there);
    found++;
  }
  CHECK(found == 9);
}

TEST_CASE("removals take away what they name, and nothing else") {
  std::shared_ptr<const Image> image = image_of(one_of_each());
  auto left = [&](const auto& removal) {
    auto next = image_of({metadata_record(removal)}, image);
    CHECK(describe(*reread(*next)) == describe(*next));
    return next->raw->size();
  };
  RemoveAccessControlEntryRecord acl;
  acl.id = id_of(80);
  CHECK(left(acl) == 8);
  acl.id = id_of(82);
  CHECK(left(acl) == 9);
  RemoveUserScramCredentialRecord scram;
  scram.name = "alice";
  scram.mechanism = 2;
  CHECK(left(scram) == 8);
  RemoveDelegationTokenRecord token;
  token.token_id = "token";
  CHECK(left(token) == 8);
  ClientQuotaRecord quota;  // the same entity in another order
  quota.entity.emplace_back().entity_type = "client-id";
  auto& user = quota.entity.emplace_back();
  user.entity_type = "user";
  user.entity_name = "alice";
  quota.key = "producer_byte_rate";
  quota.remove = true;
  CHECK(left(quota) == 8);
  quota.entity[0].entity_name = "";  // an empty name is not the default
  CHECK(left(quota) == 9);
}

TEST_CASE("the first record of a snapshot is the metadata version") {
  std::vector<Buffer> records = records_of(*image_of(one_of_each()));
  REQUIRE(parse_metadata_record_head(records[0])->type == FeatureLevelRecord::type);
  Bytes message = Bytes(records[0]).subspan(parse_metadata_record_head(records[0])->size_bytes);
  CHECK(decode<FeatureLevelRecord>(message, 0)->name == "metadata.version");
}

TEST_CASE("records are written in the versions of the metadata version, but lose nothing") {
  CHECK(record_versions(7).register_broker == 1);
  CHECK(record_versions(8).register_broker == 2);
  CHECK(record_versions(16).partition == 0);
  CHECK(record_versions(17).partition == 1);
  CHECK(record_versions(17).register_broker == 3);
  CHECK(record_versions(23).partition == 2);
  CHECK(record_versions(29).register_broker == 3);
  CHECK(record_versions(30).register_broker == 4);
  CHECK(record_versions(33).register_broker == 4);
  std::vector<Buffer> old = one_of_each();
  FeatureLevelRecord feature;
  feature.name = "metadata.version";
  feature.feature_level = 7;
  old[0] = metadata_record(feature);
  auto image = image_of(old);
  CHECK(describe(*reread(*image)) == describe(*image));
  std::set<int16_t> versions;
  for (const Buffer& record : records_of(*image)) {
    MetadataRecordHead head = *parse_metadata_record_head(record);
    if (head.type == PartitionRecord::type) versions.insert(head.version);
  }
  CHECK(versions == std::set<int16_t>{0, 1, 2});
}

TEST_CASE("a quorum without voters in its log has none in its snapshots") {
  auto image = image_of(small_cluster());
  CHECK(reread(*image)->quorum == Quorum{});
  CHECK(reread(*with_quorum(image))->quorum == quorum_of_nine());
}

TEST_CASE("the position is that of the name, the time that of the header") {
  auto image = std::make_shared<Image>(*image_of(small_cluster()));
  image->last_timestamp = 77;
  auto read = reread(*image);
  CHECK(read->last_offset == Offset{139});
  CHECK(read->last_epoch == LeaderEpoch{4});
  CHECK(read->last_timestamp == 77);
}

TEST_CASE("Kafka's own log and snapshot yield the same image, and survive ours") {
  Buffer log = golden("00000000000000000000.log");
  Buffer snapshot = golden("00000000000000000140-0000000004.checkpoint");
  auto decoded = decode_snapshot(snapshot, kId);
  REQUIRE_MESSAGE(decoded.has_value(), (decoded ? "" : decoded.error().message));

  ImageBuilder builder(std::make_shared<const Image>());
  for (Bytes left = log; !left.empty();) {
    Bytes batch = left.first(*batch_size(left));
    left = left.subspan(batch.size());
    BatchHeader header = *check_batch(batch);
    if (header.base_offset >= kId.end) break;
    Result<void> applied = builder.apply_batch(header, batch);
    REQUIRE_MESSAGE(applied.has_value(), (applied ? "" : applied.error().message));
  }
  auto replayed = builder.build();
  CHECK(describe(*replayed) == describe(**decoded));
  CHECK(replayed->last_offset == (*decoded)->last_offset);
  CHECK(replayed->last_timestamp == (*decoded)->last_timestamp);
  CHECK(replayed->quorum.voters.size() == 1);
  CHECK(!replayed->raw->empty());
  CHECK(describe(*reread(*replayed)) == describe(*replayed));

  // Record by record what Kafka writes of that image, but for the order within a kind.
  auto kafkas = values_in(snapshot);
  auto ours = records_of(*replayed);
  auto is_broker = [](const Buffer& record) {  // whose features are in no order
    return parse_metadata_record_head(record)->type == RegisterBrokerRecord::type;
  };
  CHECK(std::erase_if(kafkas, is_broker) == 1);
  CHECK(std::erase_if(ours, is_broker) == 1);
  std::ranges::sort(kafkas);
  std::ranges::sort(ours);
  bool same = ours == kafkas;
  CHECK(same);
}

TEST_CASE("what Kafka's storage tool has prepared can be read") {
  Buffer file = golden("bootstrap.checkpoint");
  auto image = decode_snapshot(file, {Offset{0}, LeaderEpoch{0}});
  REQUIRE_MESSAGE(image.has_value(), (image ? "" : image.error().message));
  CHECK((*image)->feature("metadata.version") == 30);
}

TEST_CASE("a snapshot that is cut anywhere is damaged, and so is one with a byte flipped") {
  Buffer file = snapshot_of(*with_quorum(image_of(one_of_each())));
  for (size_t size = 0; size < file.size(); size++) {
    auto cut = decode_snapshot(Bytes(file).first(size), kId);
    REQUIRE(!cut.has_value());
    REQUIRE(cut.error().code == Code::bad_data);
  }
  for (size_t at = 0; at < file.size(); at++) {
    Buffer flipped = file;
    flipped[at] ^= 0x10;
    auto read = decode_snapshot(flipped, kId);
    // Base offset and leader epoch stand outside of the checksum.
    if (read) {
      REQUIRE(describe(**read) == describe(**decode_snapshot(file, kId)));
    } else {
      bool by_checksum = read.error().code == Code::bad_data;
      REQUIRE(by_checksum);
    }
  }
}

TEST_CASE("a snapshot begins with its header and ends with its footer") {
  Buffer file = snapshot_of(*image_of(small_cluster()));
  Bytes all(file);
  Bytes header = all.first(*batch_size(all));
  Bytes rest = all.subspan(header.size());
  CHECK(decode_snapshot(rest, kId).error().code == Code::bad_data);
  Buffer twice = file;
  append(twice, all);
  CHECK(decode_snapshot(twice, kId).error().code == Code::bad_data);
}

TEST_CASE("a large image goes over several batches") {
  std::vector<Buffer> records = small_cluster();
  std::string value(1000, 'x');
  for (int i = 0; i < 3000; i++) {
    ConfigRecord config;
    config.resource_type = 2;
    std::string name = "topic-" + std::to_string(i);
    config.resource_name = name;
    config.name = "k";
    config.value = value;
    records.push_back(metadata_record(config));
  }
  auto image = image_of(records);
  Buffer file = snapshot_of(*image);
  CHECK(file.size() > 3'000'000);
  CHECK(*batch_size(Bytes(file).subspan(*batch_size(file))) < 1'100'000);
  CHECK(describe(**decode_snapshot(file, kId)) == describe(*image));
}

TEST_CASE("a snapshot's name is its end offset and epoch, and nothing else is one") {
  CHECK(file_name_of(kId) == "00000000000000000140-0000000004.checkpoint");
  CHECK(parse_snapshot_name("00000000000000000140-0000000004.checkpoint") == kId);
  for (const char* name :
       {"00000000000000000140-0000000004.checkpoint.part", "", "bootstrap.checkpoint",
        "00000000000000000140-0000000004.checkpoint.deleted",
        "0000000000000000014x-0000000004.checkpoint", "00000000000000000140_0000000004.checkpoint",
        "-0000000000000000140-0000000004.checkpoint", "99999999999999999999-0000000004.checkpoint",
        "00000000000000000140-9999999999.checkpoint"}) {
    CHECK(!parse_snapshot_name(name).has_value());
  }
}

TEST_CASE("a batch whose offsets cannot be is refused") {
  Buffer file = snapshot_of(Image{});
  for (auto [base, delta] : {std::pair{INT64_MIN, INT32_MIN}, std::pair{int64_t{0}, -1},
                             std::pair{int64_t{-1}, 0}, std::pair{INT64_MAX, 1}}) {
    Buffer bad = file;
    MutableBytes first = MutableBytes(bad).first(*batch_size(bad));
    BatchHeader header = *check_batch(first);
    header.base_offset = Offset{base};
    header.last_offset_delta = delta;
    encode_batch_header(header, first);
    refresh_crc(first);
    auto decoded = decode_snapshot(bad, kId);
    REQUIRE_FALSE(decoded.has_value());
    CHECK(decoded.error().code == Code::bad_data);
  }
}
