// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/configuration.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "lib/base/text.h"
#include "lib/cli/property_file.h"
#include "tests/support/temporary_directory.h"

using namespace eventd;

namespace {

std::string parsed(std::string_view in) {
  Result<std::vector<PropertyLine>> lines = parse_properties(in, "f");
  if (!lines) return lines.error().message;
  std::string out;
  for (const PropertyLine& line : *lines) {
    out += text(line.line, ":", line.name, "[", line.value, "]");
  }
  return out;
}

// The environment that a configuration sees, put back at the end.
struct Surroundings {
  Surroundings() {
    setenv("XDG_CONFIG_HOME", folder.path().c_str(), 1);
    std::filesystem::create_directories(folder.path() + "/event");
  }
  ~Surroundings() {
    for (const char* name :
         {"XDG_CONFIG_HOME", "EVENT_BROKERS", "EVENT_PROFILE", "KAFKA_BOOTSTRAP_SERVERS"}) {
      unsetenv(name);
    }
  }
  std::string write(const std::string& name, const std::string& content) const {
    std::string path = folder.path() + "/" + name;
    std::ofstream(path) << content;
    return path;
  }
  TemporaryDirectory folder;
};

std::string brokers(const GivenConfiguration& given) {
  Result<Configuration> read = Configuration::read(given);
  if (!read) return read.error().message;
  Result<std::vector<Address>> found = read->brokers();
  return found ? to_string(found->front()) : found.error().message;
}

bool says(const std::string& message, std::string_view part) {
  return message.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a properties file is read as Java reads it") {
  CHECK(parsed("a=1\nb: 2\nc 3\n d\t=\f4 \ne\n") == "1:a[1]2:b[2]3:c[3]4:d[4]5:e[]");
  CHECK(parsed("# no\n  ! no \\\na=b\\\n   c\\\n\t d\r\nx=y\rz=w") == "3:a[bcd]6:x[y]7:z[w]");
  CHECK(parsed("a\\=b\\:c\\ d=e\\tf\\\\g\\q=h") == "1:a=b:c d[e\tf\\gq=h]");
  CHECK(parsed("p=\\u00fc\\u2603\\ud83d\\ude00") == "1:p[ü☃😀]");
  CHECK(parsed("p=\xfc") == "1:p[ü]");
  CHECK(parsed("p=ü") == "1:p[ü]");
  CHECK(parsed("a=b\\") == "1:a[b]");
  CHECK(parsed("a=even\\\\\nb=1") == "1:a[even\\]2:b[1]");
  CHECK(parsed("") == "");
  CHECK(says(parsed("a=1\nb=\\u12g4"), "f:2"));
  CHECK(says(parsed("b=\\ud83d"), "surrogate"));
  CHECK(says(parsed("b=\\u"), "f:1"));
}

TEST_CASE("brokers come from the first place that names them") {
  Surroundings around;
  CHECK(brokers({}) == "127.0.0.1:9092");
  around.write("event/config.json", R"({"default":"dev","profiles":{
    "dev":{"bootstrap.servers":"dev:1"},
    "prod":{"bootstrap.servers":"prod:2","request.timeout.ms":5}}})");
  CHECK(brokers({}) == "dev:1");
  setenv("KAFKA_BOOTSTRAP_SERVERS", "k:3", 1);
  CHECK(brokers({}) == "k:3");
  setenv("EVENT_PROFILE", "prod", 1);
  CHECK(brokers({}) == "prod:2");
  setenv("EVENT_BROKERS", "e:4", 1);
  CHECK(brokers({}) == "e:4");
  CHECK(brokers({.brokers = "b:5"}) == "b:5");
  CHECK(brokers({.profile = "dev"}) == "dev:1");
  std::string file = around.write("f", "bootstrap.servers=file:6\nkey.serializer=x\n");
  CHECK(brokers({.properties = file}) == "file:6");
  // -b replaces the brokers of these two; what else they hold counts.
  CHECK(brokers({.brokers = "b:5", .properties = file}) == "b:5");
  Result<Configuration> both = Configuration::read({.brokers = "b:5", .profile = "prod"});
  REQUIRE(both.has_value());
  CHECK(to_string(both->brokers()->front()) == "b:5");
  CHECK(both->find("request.timeout.ms")->value == "5");
  CHECK(says(brokers({.properties = file, .profile = "dev"}), "contradict"));
  CHECK(says(brokers({.brokers = "b", .settings = {"bootstrap.servers=c"}}), "contradict"));
  CHECK(brokers({.settings = {"metadata.broker.list=c:7"}}) == "c:7");
}

TEST_CASE("credentials never go to brokers of another source") {
  Surroundings around;
  setenv("EVENT_BROKERS", "e:4", 1);
  std::string file = around.write("f", "sasl.username=u\n");
  CHECK(says(brokers({.properties = file}), "names no bootstrap.servers"));
  around.write("event/config.json", R"({"default":"dev","profiles":{"dev":{
    "bootstrap.servers":"dev:1","sasl.username":"u"}}})");
  Result<Configuration> read = Configuration::read({});
  REQUIRE(read.has_value());
  CHECK(read->find("sasl.username") == nullptr);
}

TEST_CASE("what is wrong in a file is told with file and line") {
  Surroundings around;
  auto with = [&](const std::string& json) {
    around.write("event/config.json", json);
    return brokers({.profile = "dev"});
  };
  CHECK(says(with("{\n\"default\":\n}"), "config.json:3: "));
  CHECK(says(with("{\n\n\"other\":1}"), "config.json:3: "));
  CHECK(says(with("[]"), "config.json:1: "));
  CHECK(says(with("{\"profiles\":{\n\"dev\":\n{\"a\":[]}}}"), "config.json:3: "));
  CHECK(says(with("{\"profiles\":{\n\"dev\":7}}"), "config.json:2: "));
  CHECK(says(with("{\"profiles\":{\"a\":{},\"b\":{}}}"), "there are a, b"));
  CHECK(says(brokers({.properties = around.folder.path() + "/none"}), "none"));
  CHECK(says(brokers({.properties = around.folder.path()}), "directory"));
  around.write("event/config.json", R"({"default":"gone","profiles":{}})");
  CHECK(says(brokers({}), "gone"));
}

TEST_CASE("-X replaces what a file says, and takes librdkafka's names") {
  Surroundings around;
  std::string file = around.write("f", "bootstrap.servers=h\nlinger.ms=1\nacks=1\n");
  Result<Configuration> read =
      Configuration::read({.properties = file, .settings = {"queue.buffering.max.ms=7"}});
  REQUIRE(read.has_value());
  CHECK(read->find("linger.ms")->value == "7");
  CHECK(read->find("linger.ms")->origin == "-X");
  CHECK(says(read->find("acks")->origin, "f:3"));
}

TEST_CASE("a secret comes from a file or a command, never from -X") {
  Surroundings around;
  std::string file = around.write("secret", "geheim\n");
  auto secret = [&](const std::string& setting) {
    Result<Configuration> read = Configuration::read({.brokers = "h", .settings = {setting}});
    REQUIRE(read.has_value());
    Result<std::optional<std::string>> found = read->secret("sasl.password");
    return found ? found->value_or("none") : found.error().message;
  };
  CHECK(secret("sasl.password.file=" + file) == "geheim");
  CHECK(secret("sasl.password.command=printf 'a b'; cat") == "a b");
  CHECK(says(secret("sasl.password.command=exit 3"), "status 3"));
  CHECK(says(secret("sasl.password.command=yes"), "64 KiB"));
  CHECK(says(secret("sasl.password.file=/nowhere"), "/nowhere"));
  CHECK(secret("client.id=x") == "none");
  constexpr Property kKnown[] = {{"linger.ms", ""}, {"client.id", ""}};
  auto check = [&](std::string_view given) {
    Result<void> good = check_setting(given, kKnown, "tool");
    return good ? std::string() : good.error().message;
  };
  for (const char* name : {"sasl.password", "sasl.jaas.config", "ssl.key.password",
                           "ssl.keystore.password", "sasl.oauthbearer.token"}) {
    std::string said = check(text(std::string_view(name), "=geheim"));
    CHECK(says(said, name));
    CHECK(!says(said, "geheim"));
    CHECK(check(text(std::string_view(name), ".file=f")).empty());
  }
  CHECK(says(check("lingr.ms=1"), "perhaps linger.ms"));
  CHECK(says(check("group.id=1"), "tool has linger.ms, client.id"));
  CHECK(check("queue.buffering.max.ms=1").empty());
}
