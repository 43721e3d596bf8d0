// SPDX-License-Identifier: Apache-2.0
// What metadata records do to the image.
#include "lib/cluster/image.h"

#include "tests/support/metadata.h"

using namespace eventd;

namespace {

PartitionChangeRecord change_of_orders(int32_t partition = 0) {
  PartitionChangeRecord change;
  change.partition_id = partition;
  change.topic_id = id_of(1);
  return change;
}

PartitionImage orders(const std::vector<Buffer>& more, size_t partition = 0) {
  return image_of(more, image_of(small_cluster()))->topic("orders")->partitions[partition];
}

ConfigRecord config_of(std::string_view topic, std::string_view key,
                       std::optional<std::string_view> value) {
  ConfigRecord record;
  record.resource_type = static_cast<int8_t>(ConfigResource::topic);
  record.resource_name = topic;
  record.name = key;
  record.value = value;
  return record;
}

Buffer removal_of(uint8_t topic) {
  RemoveTopicRecord record;
  record.topic_id = id_of(topic);
  return metadata_record(record);
}

}  // namespace

TEST_CASE("a change of leader raises both epochs, any other change only the partition's") {
  PartitionChangeRecord shrink = change_of_orders();
  shrink.isr.emplace();
  PartitionImage shrunk = orders({metadata_record(shrink)});
  CHECK(shrunk.isr.empty());
  CHECK(shrunk.leader == 1);
  CHECK(shrunk.leader_epoch == 0);
  CHECK(shrunk.partition_epoch == 1);

  PartitionChangeRecord leaderless = change_of_orders();
  leaderless.leader = -1;
  PartitionImage lost = orders({metadata_record(leaderless)});
  CHECK(lost.leader == kNoLeader);
  CHECK(lost.leader_epoch == 1);
  CHECK(lost.partition_epoch == 1);

  PartitionChangeRecord same = change_of_orders();
  same.leader = 1;
  CHECK(orders({metadata_record(same)}).leader_epoch == 1);
}

TEST_CASE("what a change of a partition does not mention stays as it was") {
  PartitionChangeRecord change = change_of_orders();
  change.eligible_leader_replicas = std::vector<int32_t>{1};
  change.last_known_elr = std::vector<int32_t>{1};
  change.leader_recovery_state = 1;
  PartitionChangeRecord other = change_of_orders();
  other.adding_replicas = std::vector<int32_t>{4};
  PartitionImage now = orders({metadata_record(change), metadata_record(other)});
  CHECK(now.eligible_leader_replicas == std::vector<int32_t>{1});
  CHECK(now.last_known_elr == std::vector<int32_t>{1});
  CHECK(now.leader_recovery_state == 1);
  CHECK(now.adding_replicas == std::vector<int32_t>{4});
  CHECK(now.replicas == std::vector<int32_t>{1});
  CHECK(now.partition_epoch == 2);
  CHECK(orders({metadata_record(change)}, 1) == orders({}, 1));
}

TEST_CASE("each replica has a directory, told or not") {
  PartitionChangeRecord more = change_of_orders();
  more.replicas = std::vector<int32_t>{1, 2};
  std::vector<Uuid> expected = {id_of(99), kMigratingDirectory};
  CHECK(orders({metadata_record(more)}).directories == expected);

  PartitionRecord old;
  old.partition_id = 2;
  old.topic_id = id_of(1);
  old.replicas = old.isr = {1};
  PartitionImage made = orders({metadata_record(old, 0)}, 2);
  CHECK(made.directories == std::vector<Uuid>{kMigratingDirectory});
}

TEST_CASE("a removed topic takes its configs along, and leaves those of others") {
  std::vector<Buffer> records = small_cluster();
  records.push_back(metadata_record(config_of("users", "retention.ms", "5")));
  records.push_back(removal_of(1));
  auto image = image_of(records);
  CHECK(!image->topic("orders"));
  CHECK(!image->topic(id_of(1)));
  CHECK(image->config(ConfigResource::topic, "orders").empty());
  CHECK(image->config(ConfigResource::topic, "users").at("retention.ms") == "5");
}

TEST_CASE("a topic that is removed and made again is another one, without the configs") {
  std::vector<Buffer> records = small_cluster();
  records.push_back(removal_of(1));
  TopicRecord again;
  again.name = "orders";
  again.topic_id = id_of(8);
  records.push_back(metadata_record(again));
  auto image = image_of(records);
  CHECK(image->topic("orders")->id == id_of(8));
  CHECK(image->topic("orders")->partitions.empty());
  CHECK(image->config(ConfigResource::topic, "orders").empty());
}

TEST_CASE("a config without a value is the default again, and the last one leaves nothing") {
  auto image = image_of({metadata_record(config_of("orders", "retention.ms", std::nullopt))},
                        image_of(small_cluster()));
  CHECK(image->configs->empty());
  // Of a resource that has none it is no fault.
  image_of({metadata_record(config_of("nobody", "retention.ms", std::nullopt))}, image);
}

TEST_CASE("a feature of level 0 is not finalised any more") {
  FeatureLevelRecord feature;
  feature.name = "group.version";
  feature.feature_level = 1;
  FeatureLevelRecord off = feature;
  off.feature_level = 0;
  CHECK(image_of({metadata_record(feature)})->feature("group.version") == 1);
  CHECK(image_of({metadata_record(feature), metadata_record(off)})->features.empty());
}

TEST_CASE("a broker is fenced, unfenced and leaves by changes of its registration") {
  BrokerRegistrationChangeRecord unfence;
  unfence.broker_id = 1;
  unfence.fenced = -1;
  auto alive = image_of({metadata_record(unfence)}, image_of(small_cluster()));
  CHECK(!alive->brokers.at(1).fenced);
  BrokerRegistrationChangeRecord leave;
  leave.broker_id = 1;
  leave.fenced = 1;
  leave.in_controlled_shutdown = 1;
  auto gone = image_of({metadata_record(leave)}, alive);
  CHECK(gone->brokers.at(1).fenced);
  CHECK(gone->brokers.at(1).in_controlled_shutdown);
  CHECK(gone->brokers.at(1).log_dirs == std::vector{id_of(99)});

  BrokerRegistrationChangeRecord cordon;
  cordon.broker_id = 1;
  cordon.cordoned_log_dirs.emplace();
  auto cordoned = image_of({metadata_record(cordon)}, alive);
  CHECK(!cordoned->brokers.at(1).fenced);
  CHECK(cordoned->brokers.at(1).cordoned_log_dirs.has_value());

  FenceBrokerRecord fence;
  fence.id = 1;
  CHECK(image_of({metadata_record(fence)}, alive)->brokers.at(1).fenced);
  UnfenceBrokerRecord old_unfence;
  old_unfence.id = 1;
  CHECK(!image_of({metadata_record(old_unfence)}, gone)->brokers.at(1).fenced);
  UnregisterBrokerRecord unregister;
  unregister.broker_id = 1;
  CHECK(image_of({metadata_record(unregister)}, alive)->brokers.empty());
}

TEST_CASE("clearing eligible leaders is of one topic, or of all") {
  PartitionChangeRecord change = change_of_orders();
  change.eligible_leader_replicas = std::vector<int32_t>{1};
  change.last_known_elr = std::vector<int32_t>{1};
  PartitionChangeRecord users = change;
  users.topic_id = id_of(2);
  auto image = image_of({metadata_record(change), metadata_record(users)},
                        image_of(small_cluster()));
  auto is_clear = [](const Image& image, const char* topic) {
    const PartitionImage& first = image.topic(topic)->partitions[0];
    return first.eligible_leader_replicas.empty() && first.last_known_elr.empty();
  };
  ClearElrRecord one;
  one.topic_name = "orders";
  auto cleared = image_of({metadata_record(one)}, image);
  CHECK(is_clear(*cleared, "orders"));
  CHECK(!is_clear(*cleared, "users"));
  auto all = image_of({metadata_record(ClearElrRecord{})}, image);
  CHECK(is_clear(*all, "orders"));
  CHECK(is_clear(*all, "users"));
}

TEST_CASE("an image stays as it was when the next one is built from it") {
  auto image = image_of(small_cluster());
  std::string before = describe(*image);
  PartitionChangeRecord change = change_of_orders();
  change.leader = -1;
  auto next = image_of({metadata_record(change), removal_of(2),
                        metadata_record(config_of("orders", "retention.ms", std::nullopt))},
                       image);
  CHECK(describe(*image) == before);
  CHECK(describe(*next) != before);
  // What did not change is shared.
  auto same = image_of({metadata_record(NoOpRecord{})}, image);
  CHECK(same->topics == image->topics);
  CHECK(same->configs == image->configs);
  CHECK(same->raw == image->raw);
}

TEST_CASE("what contradicts the records before it is damage") {
  std::vector<Buffer> base = small_cluster();
  auto with = [&](auto record) {
    std::vector<Buffer> records = base;
    records.push_back(metadata_record(record));
    return refusal_code(records);
  };
  TopicRecord twice;
  twice.name = "orders";
  twice.topic_id = id_of(8);
  CHECK(with(twice) == Code::bad_data);
  TopicRecord same_id;
  same_id.name = "other";
  same_id.topic_id = id_of(1);
  CHECK(with(same_id) == Code::bad_data);
  PartitionRecord far;
  far.topic_id = id_of(1);
  far.partition_id = 2147483647;
  CHECK(with(far) == Code::bad_data);
  far.partition_id = -1;
  CHECK(with(far) == Code::bad_data);
  far.topic_id = id_of(8);
  far.partition_id = 0;
  CHECK(with(far) == Code::bad_data);
  CHECK(with(change_of_orders(2)) == Code::bad_data);
  CHECK(with(change_of_orders(-1)) == Code::bad_data);
  RemoveTopicRecord unknown;
  unknown.topic_id = id_of(8);
  CHECK(with(unknown) == Code::bad_data);
  BrokerRegistrationChangeRecord stranger;
  stranger.broker_id = 2;
  CHECK(with(stranger) == Code::bad_data);
}

TEST_CASE("an epoch or producer id that has no successor is damage, not an overflow") {
  std::vector<Buffer> records = small_cluster();
  PartitionRecord last;
  last.partition_id = 0;
  last.topic_id = id_of(1);
  last.leader_epoch = 2147483647;
  last.partition_epoch = 0;
  PartitionChangeRecord change = change_of_orders();
  change.leader = 1;
  records.push_back(metadata_record(last));
  CHECK(refusal_code(records) == Code::none);
  records.push_back(metadata_record(change));
  CHECK(refusal_code(records) == Code::bad_data);
  ProducerIdsRecord ids;
  ids.next_producer_id = -1;
  CHECK(refusal_code({metadata_record(ids)}) == Code::bad_data);
}

TEST_CASE("a transaction counts when it ends, and not at all when it is aborted") {
  Buffer begin = metadata_record(BeginTransactionRecord{});
  Buffer end = metadata_record(EndTransactionRecord{});
  Buffer abort = metadata_record(AbortTransactionRecord{});
  auto base = image_of(small_cluster());
  std::string before = describe(*base);

  ImageBuilder builder(base);
  REQUIRE(builder.apply(begin).has_value());
  REQUIRE(builder.apply(removal_of(1)).has_value());
  CHECK(builder.in_transaction());
  CHECK(describe(*builder.build()) == before);
  REQUIRE(builder.apply(removal_of(2)).has_value());
  REQUIRE(builder.apply(end).has_value());
  CHECK(!builder.in_transaction());
  CHECK(builder.build()->topics->by_name.empty());

  CHECK(describe(*image_of({begin, removal_of(1), abort}, base)) == before);
  CHECK(describe(*image_of({begin, end}, base)) == before);
  // Records of their own follow an aborted one.
  CHECK(image_of({begin, removal_of(1), abort, removal_of(2)}, base)->topics->by_name.size() == 1);
}

TEST_CASE("transactions do not nest, nor end without a beginning") {
  Buffer begin = metadata_record(BeginTransactionRecord{});
  CHECK(refusal_code({begin, begin}) == Code::bad_data);
  CHECK(refusal_code({metadata_record(EndTransactionRecord{})}) == Code::bad_data);
  CHECK(refusal_code({metadata_record(AbortTransactionRecord{})}) == Code::bad_data);
}

TEST_CASE("an unknown type or version of a record is refused by its number") {
  auto raw = [](int16_t type, int16_t version) {
    Buffer value;
    Writer out(value);
    write_metadata_record_head(type, version, out);
    return value;
  };
  CHECK(refusal_code({raw(29, 0)}) == Code::unsupported);
  CHECK(refusal_of({raw(29, 0)}).find("type 29") != std::string::npos);
  CHECK(refusal_code({raw(6, 0)}) == Code::unsupported);
  CHECK(refusal_code({raw(TopicRecord::type, 1)}) == Code::unsupported);
  CHECK(refusal_of({raw(PartitionRecord::type, 3)}).find("version 3") != std::string::npos);
  CHECK(refusal_code({raw(AccessControlEntryRecord::type, 1)}) == Code::unsupported);
  CHECK(refusal_code({raw(RemoveDelegationTokenRecord::type, 1)}) == Code::unsupported);
  CHECK(refusal_code({raw(BeginTransactionRecord::type, 1)}) == Code::unsupported);
  // Cut short, empty, another frame.
  CHECK(refusal_code({raw(TopicRecord::type, 0)}) != Code::none);
  CHECK(refusal_code({Buffer{}}) == Code::bad_data);
  CHECK(refusal_code({Buffer{2, 0, 0}}) != Code::none);
}
