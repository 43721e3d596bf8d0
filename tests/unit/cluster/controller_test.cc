// SPDX-License-Identifier: Apache-2.0
// What the controller decides, as records.
#include "lib/cluster/controller.h"

#include <random>
#include <set>

#include "lib/base/text.h"
#include "lib/cluster/snapshot.h"
#include "tests/support/metadata.h"

using namespace eventd;

namespace {

const Uuid kDirectory = id_of(99);

struct Decider {
  ControllerSettings settings{.node_id = 1, .directory_id = kDirectory};
  std::shared_ptr<const Image> image;
  int next_id = 0;

  explicit Decider(const std::vector<Buffer>& records = small_cluster())
      : image(image_of(records)) {
    settings.new_id = [this] {
      Uuid id = id_of(static_cast<uint8_t>(++next_id));
      id.bytes[14] = static_cast<uint8_t>(1 + next_id / 256);
      return id;
    };
  }

  // Decides, applies, and tells how many records it took.
  size_t decide(const std::function<void(Controller&)>& action) {
    Controller controller(*image, settings);
    action(controller);
    MetadataRecords records = controller.take_records();
    image = image_of(records, image);
    return records.size();
  }
  size_t elect() {
    return decide([](Controller& c) { c.elect_leaders(); });
  }
  const PartitionImage& partition(const char* topic = "orders", size_t index = 0) const {
    return image->topic(topic)->partitions[index];
  }
};

std::vector<Buffer> with_change(PartitionChangeRecord change) {
  change.partition_id = 0;
  change.topic_id = id_of(1);
  std::vector<Buffer> records = small_cluster();
  records.push_back(metadata_record(change));
  return records;
}

// What a clean stop of Kafka leaves: no leader, nobody in sync.
PartitionChangeRecord nobody() {
  PartitionChangeRecord change;
  change.leader = kNoLeader;
  change.isr.emplace();
  return change;
}

CreatedTopic create(Decider& decider, NewTopic topic) {
  CreatedTopic created;
  decider.decide([&](Controller& c) { created = c.create_topics({std::move(topic)}).at(0); });
  return created;
}

}  // namespace

TEST_CASE("a new cluster begins with the metadata version, and has Kafka's minimum in sync") {
  Decider decider{{}};
  std::vector<Buffer> records;
  decider.decide([&](Controller& c) {
    c.bootstrap();
    records = c.records();
  });
  MetadataRecordHead head = *parse_metadata_record_head(records.at(0));
  REQUIRE(head.type == FeatureLevelRecord::type);
  auto first = decode<FeatureLevelRecord>(Bytes(records[0]).subspan(head.size_bytes), 0);
  CHECK(first->name == "metadata.version");
  CHECK(first->feature_level == 30);
  CHECK(decider.image->config(ConfigResource::broker, "").at("min.insync.replicas") == "1");
  // Only names that Kafka knows: it stops at others.
  for (const auto& [name, level] : decider.image->features) {
    bool known = name == "metadata.version" || name == "eligible.leader.replicas.version";
    CHECK_MESSAGE(known, name);
  }
}

TEST_CASE("features that were prepared get the minimum in sync that they ask for, once") {
  FeatureLevelRecord elr;
  elr.name = "eligible.leader.replicas.version";
  elr.feature_level = 1;
  Decider decider{{metadata_record(elr)}};
  CHECK(decider.decide([](Controller& c) { c.bootstrap_configs(); }) == 1);
  CHECK(decider.image->config(ConfigResource::broker, "").at("min.insync.replicas") == "1");
  CHECK(decider.decide([](Controller& c) { c.bootstrap_configs(); }) == 0);
  CHECK(Decider{}.decide([](Controller& c) { c.bootstrap_configs(); }) == 0);
}

TEST_CASE("a new partition is in sync, led, and in our directory from its first record") {
  Decider decider;
  CreatedTopic created = create(decider, {.name = "new", .partitions = 2});
  CHECK(!created.error.failed());
  for (size_t i = 0; i < 2; i++) {
    const PartitionImage& partition = decider.partition("new", i);
    CHECK(partition.leader == 1);
    CHECK(partition.isr == std::vector<int32_t>{1});
    CHECK(partition.directories == std::vector{kDirectory});
    CHECK(partition.leader_epoch == 0);
    CHECK(partition.partition_epoch == 0);
  }
}

TEST_CASE("a start after a clean stop or a durable crash elects nobody") {
  Decider decider;
  CHECK(decider.elect() == 0);
  CHECK(decider.decide([](Controller& c) { c.end_recovery(); }) == 0);
}

TEST_CASE("who is in sync is elected first, and the others stay in sync") {
  PartitionChangeRecord change;
  change.leader = kNoLeader;
  Decider decider{with_change(change)};
  CHECK(decider.elect() == 1);
  CHECK(decider.partition().leader == 1);
  CHECK(decider.partition().leader_epoch == 2);
  CHECK(decider.partition().isr == std::vector<int32_t>{1});
  CHECK(decider.partition().leader_recovery_state == 0);
}

TEST_CASE("who is eligible is elected when nobody is in sync, without recovery") {
  PartitionChangeRecord change = nobody();
  change.eligible_leader_replicas = std::vector<int32_t>{1};
  Decider decider{with_change(change)};
  CHECK(decider.elect() == 1);
  CHECK(decider.partition().leader == 1);
  CHECK(decider.partition().isr == std::vector<int32_t>{1});
  CHECK(decider.partition().eligible_leader_replicas.empty());
  CHECK(decider.partition().leader_recovery_state == 0);
}

TEST_CASE("the last known leader is elected when nobody is eligible, and recovers") {
  PartitionChangeRecord change = nobody();
  change.last_known_elr = std::vector<int32_t>{1};
  Decider decider{with_change(change)};
  CHECK(decider.elect() == 1);
  CHECK(decider.partition().leader == 1);
  CHECK(decider.partition().isr == std::vector<int32_t>{1});
  CHECK(decider.partition().last_known_elr.empty());
  CHECK(decider.partition().leader_recovery_state == 1);
  int32_t epoch = decider.partition().leader_epoch;
  CHECK(decider.decide([](Controller& c) { c.end_recovery(); }) == 1);
  CHECK(decider.partition().leader_recovery_state == 0);
  CHECK(decider.partition().leader_epoch == epoch);
  CHECK(decider.decide([](Controller& c) { c.end_recovery(); }) == 0);
}

TEST_CASE("who is none of these is not elected: it may lack records that others acknowledged") {
  Decider decider{with_change(nobody())};
  CHECK(decider.elect() == 0);
  PartitionChangeRecord elsewhere = nobody();
  elsewhere.replicas = std::vector<int32_t>{2};
  elsewhere.eligible_leader_replicas = std::vector<int32_t>{1};
  Decider no_replica{with_change(elsewhere)};
  CHECK(no_replica.elect() == 0);
}

TEST_CASE("another leader keeps its place while it lives") {
  PartitionChangeRecord change;
  change.leader = 2;
  change.replicas = change.isr = std::vector<int32_t>{1, 2};
  std::vector<Buffer> records = with_change(change);
  Decider without{records};
  CHECK(without.elect() == 1);
  RegisterBrokerRecord other;
  other.broker_id = 2;
  other.fenced = false;
  records.push_back(metadata_record(other));
  Decider with{records};
  CHECK(with.elect() == 0);
  BrokerRegistrationChangeRecord fence;
  fence.broker_id = 2;
  fence.fenced = 1;
  records.push_back(metadata_record(fence));
  Decider fenced{records};
  CHECK(fenced.elect() == 1);
}

TEST_CASE("a leader epoch is raised only from the one that is over") {
  Decider decider;
  auto raise = [&](LeaderEpoch from) {
    return decider.decide([&](Controller& c) { c.raise_leader_epoch(id_of(1), 0, from); });
  };
  CHECK(raise(LeaderEpoch{0}) == 1);
  CHECK(decider.partition().leader_epoch == 1);
  CHECK(decider.partition().leader == 1);
  CHECK(decider.partition("orders", 1).leader_epoch == 0);
  CHECK(raise(LeaderEpoch{0}) == 0);
  CHECK(decider.decide([](Controller& c) { c.raise_leader_epoch(id_of(8), 0, {}); }) == 0);
  CHECK(decider.decide([](Controller& c) { c.raise_leader_epoch(id_of(1), 7, {}); }) == 0);
}

TEST_CASE("a broker is fenced until it says that it lives, and when it says that it stops") {
  Decider decider{{}};
  decider.decide([](Controller& c) { c.bootstrap(); });
  Registration self{.node_id = 1, .incarnation_id = id_of(5), .directory_id = kDirectory};
  decider.decide([&](Controller& c) { c.register_broker(self, Offset{12}); });
  CHECK(decider.image->brokers.at(1).fenced);
  CHECK(decider.image->brokers.at(1).epoch == 12);
  CHECK(decider.image->brokers.at(1).log_dirs == std::vector{kDirectory});
  decider.decide([](Controller& c) { c.unfence(12); });
  CHECK(!decider.image->brokers.at(1).fenced);
  decider.decide([](Controller& c) { c.fence_for_shutdown(); });
  CHECK(decider.image->brokers.at(1).fenced);
  CHECK(decider.image->brokers.at(1).in_controlled_shutdown);
  CHECK(decider.image->brokers.at(1).epoch == 12);
  // A new incarnation leaves nothing of that.
  decider.decide([&](Controller& c) { c.register_broker(self, Offset{20}); });
  CHECK(!decider.image->brokers.at(1).in_controlled_shutdown);
}

TEST_CASE("what no record can hold is an error, and not a record") {
  Decider decider;
  Controller controller(*decider.image, decider.settings);
  controller.set_configs(ConfigResource::topic, "orders", {{"k", std::string(32'767, 'x')}});
  CHECK(!controller.error());
  controller.set_configs(ConfigResource::topic, "orders", {{"k", std::string(32'768, 'x')}});
  CHECK(controller.error().has_value());
  CHECK(controller.records().size() == 1);
}

TEST_CASE("blocks of producer ids follow each other") {
  Decider decider;
  int64_t first = -1;
  for (int64_t block = 0; block < 3; block++) {
    decider.decide([&](Controller& c) { first = c.allocate_producer_ids(-1); });
    CHECK(first == block * kProducerIdBlock);
  }
  CHECK(decider.image->next_producer_id == 3 * kProducerIdBlock);
  ProducerIdsRecord end;
  end.next_producer_id = INT64_MAX - 5;
  auto image = image_of({metadata_record(end)});
  Controller controller(*image, decider.settings);
  controller.allocate_producer_ids(-1);
  CHECK(controller.error().has_value());
  CHECK(controller.records().empty());
}

TEST_CASE("records are written in versions that the metadata version allows") {
  std::vector<Buffer> records = small_cluster();
  FeatureLevelRecord old;
  old.name = "metadata.version";
  old.feature_level = 16;
  records.push_back(metadata_record(old));
  Decider decider{records};
  Controller controller(*decider.image, decider.settings);
  controller.create_topics({{.name = "new"}});
  controller.register_broker({.node_id = 1}, Offset{9});
  controller.raise_leader_epoch(id_of(1), 0, LeaderEpoch{0});
  for (const Buffer& record : controller.records()) {
    MetadataRecordHead head = *parse_metadata_record_head(record);
    int16_t expected = head.type == RegisterBrokerRecord::type ? 2 : 0;
    CHECK(head.version == expected);
  }
}

TEST_CASE("topics are made, grown and deleted by records that say the same after a snapshot") {
  Decider decider;
  std::mt19937_64 random(7);
  auto pick = [&](size_t n) { return static_cast<int>(random() % n); };
  std::shared_ptr<const Image> snapshot;
  std::vector<Buffer> rest;
  for (int step = 0; step < 600; step++) {
    Controller controller(*decider.image, decider.settings);
    std::string name = text("t", pick(12));
    switch (pick(6)) {
      case 0:
        controller.create_topics({{.name = name,
                                   .partitions = 1 + pick(4),
                                   .configs = {{"retention.ms", text(pick(1000))}}}});
        break;
      case 1:
        controller.delete_topics({{name, {}}});
        break;
      case 2:
        controller.create_partitions({{.topic = name, .total = 1 + pick(8)}});
        break;
      case 3:
        if (!decider.image->topic(name)) break;
        controller.set_configs(ConfigResource::topic, name,
                               {{"retention.ms", pick(2) ? std::optional<std::string>("9")
                                                         : std::nullopt}});
        break;
      case 4:
        controller.allocate_producer_ids(-1);
        break;
      default:
        if (auto topic = decider.image->topic(name)) {
          LeaderEpoch epoch{topic->partitions[0].leader_epoch};
          controller.raise_leader_epoch(topic->id, 0, epoch);
        }
    }
    MetadataRecords records = controller.take_records();
    decider.image = image_of(records, decider.image);
    rest.insert(rest.end(), records.begin(), records.end());
    if (step % 50 == 0) {
      SnapshotId id{Offset{step}, LeaderEpoch{1}};
      Buffer file = encode_snapshot(*decider.image, id, 0);
      snapshot = *decode_snapshot(file, id);
      rest.clear();
    }
    if (step % 7 == 0) {
      CHECK(describe(*image_of(rest, snapshot)) == describe(*decider.image));
    }
  }
}
