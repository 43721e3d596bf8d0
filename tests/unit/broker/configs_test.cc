// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "lib/broker/config/alter.h"
#include "lib/broker/config/described.h"

using namespace eventd;

namespace {

using Strings = std::vector<std::string>;

constexpr int32_t kNode = 7;

// A broker with a file, and what was set while it ran.
struct World {
  Image image;
  BrokerConfig broker;

  void set(ConfigResource type, const std::string& name, const std::string& key,
           const std::string& value) {
    auto configs = *image.configs;
    configs[{type, name}][key] = value;
    image.configs = std::make_shared<const decltype(configs)>(std::move(configs));
  }
  ConfigWorld view() const { return {image, broker, kNode}; }

  DescribedConfig told(ConfigResource type, const std::string& resource,
                       std::string_view name) const {
    for (DescribedConfig& config : describe_configs(view(), type, resource)) {
      if (config.name == name) return std::move(config);
    }
    FAIL("there is no config ", std::string(name));
    return {};
  }
  Strings synonyms(ConfigResource type, const std::string& resource, std::string_view name) const {
    Strings out;
    for (const ConfigValue& value : told(type, resource, name).synonyms) {
      out.push_back(value.name + "=" + value.value + ":" +
                    std::to_string(static_cast<int>(value.source)));
    }
    return out;
  }
  Code altered(const std::string& resource, const ConfigChange& change) const {
    auto changes = alter_configs(view(), ConfigResource::broker, resource, {change});
    return changes ? Code::none : changes.error().code;
  }
};

constexpr auto kTopic = ConfigResource::topic;
constexpr auto kBroker = ConfigResource::broker;

bool is_good(std::string_view topic_config, std::string_view value) {
  return bool(check_value(*find_topic_config(topic_config), value));
}

}  // namespace

TEST_CASE("values have one spelling, Java's") {
  CHECK(canonical_value(ConfigType::int64, " +5 ") == "5");
  CHECK(canonical_value(ConfigType::boolean, " TRUE ") == "true");
  CHECK(canonical_value(ConfigType::list, " a , b,a") == "a,b");
  CHECK(canonical_value(ConfigType::string, " gzip ") == "gzip");
  CHECK(canonical_value(ConfigType::float64, "1") == "1.0");
  CHECK(canonical_value(ConfigType::float64, "1e-1") == "0.1");
  CHECK(canonical_value(ConfigType::float64, "0x1p-1") == "0.5");
  CHECK(canonical_value(ConfigType::float64, "0.00001") == "1.0E-5");
  CHECK(canonical_value(ConfigType::float64, "12345678") == "1.2345678E7");
  CHECK(canonical_value(ConfigType::password, " as it is ") == " as it is ");
}

TEST_CASE("what Kafka refuses is refused") {
  CHECK(is_good("compression.gzip.level", "-1"));
  CHECK_FALSE(is_good("compression.gzip.level", "0"));
  CHECK(is_good("leader.replication.throttled.replicas", "0:1, 12:3"));
  CHECK(is_good("leader.replication.throttled.replicas", "*"));
  CHECK_FALSE(is_good("leader.replication.throttled.replicas", "0:1:2"));
  CHECK_FALSE(is_good("leader.replication.throttled.replicas", "*,0:1"));
  CHECK(is_good("min.cleanable.dirty.ratio", "0.5f"));
  CHECK_FALSE(is_good("min.cleanable.dirty.ratio", "NaN"));
  CHECK_FALSE(is_good("min.cleanable.dirty.ratio", "0x1"));
  CHECK_FALSE(is_good("min.cleanable.dirty.ratio", "-"));
  CHECK_FALSE(is_good("retention.ms", "+-5"));
  CHECK_FALSE(is_good("segment.bytes", "1048575"));
  CHECK_FALSE(is_good("internal.segment.bytes", "0"));
}

TEST_CASE("the strongest synonym is told first: broker, all brokers, file, default") {
  World world;
  CHECK(world.synonyms(kTopic, "t", "retention.ms").empty());
  CHECK(world.told(kTopic, "t", "retention.ms").value == "604800000");

  world.broker.values = {{"log.retention.minutes", "100"}, {"message.max.bytes", "2000000"}};
  CHECK(world.told(kTopic, "t", "retention.ms").value == "6000000");
  CHECK(world.synonyms(kTopic, "t", "max.message.bytes") ==
        Strings{"message.max.bytes=2000000:4", "message.max.bytes=1048588:5"});

  world.set(kBroker, "", "log.retention.ms", "5");
  world.set(kBroker, "7", "log.retention.ms", "6");
  world.set(kTopic, "t", "retention.ms", " 8 ");
  CHECK(world.synonyms(kTopic, "t", "retention.ms") ==
        Strings{"retention.ms=8:1", "log.retention.ms=6:2", "log.retention.ms=5:3",
                "log.retention.minutes=100:4", "log.retention.hours=168:5"});
  CHECK(world.told(kTopic, "t", "retention.ms").source == ConfigSource::dynamic_topic);
}

TEST_CASE("secrets, and what nobody knows, are told without their values") {
  World world;
  world.broker.values = {{"ssl.key.password", "secret"}};
  world.set(kBroker, "7", "my.own", "secret");
  for (const char* name : {"ssl.key.password", "my.own"}) {
    DescribedConfig told = world.told(kBroker, "7", name);
    CHECK(told.sensitive);
    CHECK_FALSE(told.value);
  }
}

TEST_CASE("a running broker changes what it can, and refuses the rest") {
  World world;
  auto set = [](const char* name, const char* value) {
    return ConfigChange{name, AlterOperation::set, value};
  };
  CHECK(world.altered("", set("log.retention.ms", "5")) == Code::none);
  CHECK(world.altered("7", set("max.connections", "10")) == Code::invalid_request);
  CHECK(world.altered("7", set("node.id", "8")) == Code::invalid_request);
  CHECK(world.altered("7", set("listeners", "PLAINTEXT://:1")) == Code::invalid_request);
  CHECK(world.altered("7", set("listener.name.x.ssl.key.password", "y")) == Code::invalid_request);
  CHECK(world.altered("7", set("log.retention.ms", "soon")) == Code::invalid_request);
  CHECK(world.altered("8", set("log.retention.ms", "5")) == Code::invalid_request);
  CHECK(world.altered("7", set("num.io.threads", "16")) == Code::none);
  CHECK(world.altered("7", set("num.io.threads", "17")) == Code::invalid_request);
  // What Kafka would stumble over when it takes the folder.
  for (auto [name, bad, good] : {std::tuple{"log.cleaner.threads", "0", "2"},
                                 std::tuple{"log.cleaner.dedupe.buffer.size", "1", "1048576"},
                                 std::tuple{"max.connection.creation.rate", "0", "1"},
                                 std::tuple{"metric.reporters", "no.such.Reporter", ""},
                                 std::tuple{"remote.log.reader.threads", "4", "50"},
                                 std::tuple{"log.local.retention.ms", "-1", "604800000"},
                                 std::tuple{"log.local.retention.ms", "604800001", "-2"},
                                 std::tuple{"log.retention.ms", "0", "-1"}}) {
    CHECK_MESSAGE(world.altered("", set(name, bad)) == Code::invalid_request, name);
    CHECK_MESSAGE(world.altered("", set(name, good)) == Code::none, name);
  }
  CHECK(world.altered("7", {"log.retention.ms", AlterOperation::set, {}}) == Code::invalid_request);
  CHECK(world.altered("7", {"log.retention.ms", static_cast<AlterOperation>(9), "1"}) ==
        Code::invalid_request);
  CHECK(world.altered("7", {"log.retention.ms", AlterOperation::append, "1"}) ==
        Code::invalid_config);
}

TEST_CASE("tiered storage is refused by name") {
  Result<void> checked = check_topic_configs({{"remote.storage.enable", "true"}});
  REQUIRE_FALSE(checked);
  CHECK(checked.error().code == Code::invalid_config);
  CHECK(checked.error().message.find("remote.storage.enable") != std::string::npos);
}

TEST_CASE("a file's keys without effect, and those unknown, are warned of once each") {
  ConfigSources sources;
  sources.file = {{"ssl.keystore.location", "/x"}, {"no.such.key", "1"}, {"num.io.threads", "4"}};
  Strings warnings;
  REQUIRE(make_broker_config(sources, warnings));
  REQUIRE(warnings.size() == 2);
  CHECK(warnings[0].find("ssl.keystore.location") != std::string::npos);
  CHECK(warnings[1].find("no.such.key") != std::string::npos);

  sources.file = {{"log.cleaner.threads", "many"}};
  CHECK_FALSE(make_broker_config(sources, warnings));
}
