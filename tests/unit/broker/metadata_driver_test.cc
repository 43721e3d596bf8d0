// SPDX-License-Identifier: Apache-2.0
// What askers are told of their changes, when the disk does not do as it should.
#include "lib/broker/metadata_driver.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "lib/base/text.h"
#include "lib/net/uv_loop.h"
#include "tests/support/faulty_disk.h"
#include "tests/support/metadata.h"
#include "tests/support/temporary_directory.h"

using namespace eventd;

namespace {

// A driver on a disk, with one loop. Asks that are made while hold() lasts are one batch.
struct TestDriver {
  TemporaryDirectory data;
  FaultyDisk disk;
  std::shared_ptr<OpenFiles> files = std::make_shared<OpenFiles>(disk, 64);
  UvLoop loop;
  BrokerConfig config;
  std::unique_ptr<DiskPool> pool;
  std::unique_ptr<LogDirectory> directory;
  std::unique_ptr<SyncScheduler> syncs;
  std::unique_ptr<PartitionStore> store;
  std::unique_ptr<MetadataDriver> driver;
  View published;
  std::atomic<int> failures{0};
  struct Told {
    std::string what;
    Result<void> result;
    bool was_published = false;  // when it was told
  };
  std::vector<Told> told;
  size_t expected = 0;

  TestDriver() { open(); }
  ~TestDriver() { pool.reset(); }

  void open() {
    pool.reset();  // after all that it works on
    pool = std::make_unique<DiskPool>(1);
    driver.reset();
    store.reset();
    directory.reset();
    auto opened = LogDirectory::open(disk, data.path(), std::nullopt);
    REQUIRE(opened.has_value());
    directory = std::move(*opened);
    auto failed = [this](const Error&) { failures++; };
    syncs = std::make_unique<SyncScheduler>(disk, *pool, loop, failed);
    auto log = MetadataLog::open(*directory, files, false);
    REQUIRE_MESSAGE(log.has_value(), (log ? "" : log.error().message));
    ControllerSettings settings{.node_id = 1, .directory_id = directory->identity().directory_id};
    store = std::make_unique<PartitionStore>(*directory, files, config, *syncs);
    auto publish = [this](View view, Callback done) {
      loop.post([this, view, done = std::move(done)]() mutable {
        published = view;
        done();
      });
    };
    driver = std::make_unique<MetadataDriver>(std::move(*log), *store, settings, *pool, publish,
                                              failed);
    REQUIRE(driver->log().sync().has_value());
    REQUIRE(store->open_all(*driver->log().image(), {}).has_value());
    published = driver->view();
  }

  Task<void> ask(std::string name) {
    std::vector<CreatedTopic> created;
    MetadataDriver::Decide decide = [&](Controller& c) {
      created = c.create_topics({{.name = name, .partitions = 2}});
    };
    Result<void> done = co_await driver->change(loop, std::move(decide));
    bool exists = !created.empty() && created[0].error.code == Code::topic_already_exists;
    told.push_back({exists ? name + " exists" : name, std::move(done),
                    published.image->topic(name) != nullptr});
    if (told.size() == expected) loop.stop();
  }
  // All these in one batch: the pool's only thread is kept busy until they have been asked.
  void ask_together(const std::vector<std::string>& names) {
    told.clear();
    expected = names.size();
    std::atomic<bool> asked{false};
    pool->submit(DiskPool::Lane::sync, [&] {
      while (!asked) std::this_thread::yield();
    });
    for (const std::string& name : names) spawn(ask(name));
    asked = true;
    loop.run();
  }
  bool has(const char* topic) const { return published.image->topic(topic) != nullptr; }
  bool serves(const char* topic) const {
    TopicPointer image = published.image->topic(topic);
    return image && published.partitions->find(image->id, 0) &&
           published.partitions->find(image->id, 1);
  }
  // Counts the writes of the metadata log; that one fails, and those after it do not.
  void fail_metadata_write(int number, int error) {
    disk.fault = [number, error, count = 0](FaultyDisk::Act act, const std::string& path) mutable {
      bool is_it = act == FaultyDisk::Act::write && path.ends_with(".log") &&
                   path.find("__cluster_metadata") != std::string::npos;
      return is_it && count++ == number ? error : 0;
    };
  }
};

}  // namespace

TEST_CASE("an asker is told when every loop has what was changed") {
  TestDriver test;
  test.ask_together({"a", "b"});
  for (const auto& told : test.told) {
    CHECK(told.result.has_value());
    CHECK(told.was_published);
  }
  CHECK(test.serves("a"));
  CHECK(test.serves("b"));
}

TEST_CASE("whoever asks for the same in one batch is told that it is there") {
  TestDriver test;
  test.ask_together({"a", "a"});
  CHECK(test.told[0].what == "a");
  CHECK(test.told[1].what == "a exists");
  CHECK(test.told[1].was_published);
}

TEST_CASE("what could not be appended is its own asker's error, and of no other of the batch") {
  for (int number : {0, 1, 2}) {
    TestDriver test;
    test.fail_metadata_write(number, ENOSPC);
    std::vector<std::string> names = {"a", "b", "c"};
    test.ask_together(names);
    REQUIRE(test.told.size() == 3);
    for (int i = 0; i < 3; i++) {
      CHECK(test.told[i].what == names[i]);
      CHECK(test.told[i].result.has_value() == (i != number));
      CHECK(test.told[i].was_published == (i != number));
      CHECK(test.has(names[i].c_str()) == (i != number));
    }
    CHECK(test.told[number].result.error().code == Code::disk_full);
    CHECK(test.failures == 0);
    // What was told is what a restart finds; what failed can be asked for again.
    test.ask_together({names[number]});
    CHECK(test.told[0].what == names[number]);
    CHECK(test.told[0].result.has_value());
    test.open();
    for (const std::string& name : names) CHECK(test.serves(name.c_str()));
  }
}

TEST_CASE("a batch of which nothing can be appended changes nothing") {
  TestDriver test;
  Offset end = test.driver->log().end();
  test.disk.fault = [](FaultyDisk::Act act, const std::string& path) {
    return act == FaultyDisk::Act::write && path.ends_with(".log") ? ENOSPC : 0;
  };
  test.ask_together({"a", "b"});
  for (const auto& told : test.told) CHECK(!told.result.has_value());
  CHECK(test.driver->log().end() == end);
  CHECK(!test.has("a"));
  CHECK(test.failures == 0);
}

TEST_CASE("a failed sync is final, whatever it says: nobody is told of a success") {
  for (int error : {EIO, ENOSPC, EDQUOT}) {
    TestDriver test;
    test.disk.fault = [error](FaultyDisk::Act act, const std::string&) {
      return act == FaultyDisk::Act::sync ? error : 0;
    };
    test.ask_together({"a", "b"});
    for (const auto& told : test.told) {
      CHECK(!told.result.has_value());
      CHECK(!told.was_published);
    }
    CHECK(test.failures == 1);
    // Nor later, although the kernel calls the lost pages clean.
    test.disk.fault = nullptr;
    test.ask_together({"a", "c"});
    for (const auto& told : test.told) {
      REQUIRE(!told.result.has_value());
      CHECK(told.result.error().code == Code::kafka_storage_error);
    }
    CHECK(!test.has("a"));
    CHECK(test.failures == 1);
  }
}

TEST_CASE("a write that fails for good ends the service, but not what was appended before it") {
  TestDriver test;
  test.fail_metadata_write(1, EIO);
  test.ask_together({"a", "b", "c"});
  CHECK(test.told[0].result.has_value());
  CHECK(!test.told[1].result.has_value());
  CHECK(!test.told[2].result.has_value());
  CHECK(test.failures == 1);
  test.disk.fault = nullptr;
  test.open();
  CHECK(test.serves("a"));
  CHECK(!test.has("b"));
  CHECK(!test.has("c"));
}

TEST_CASE("a topic exists although its logs find no room, and is served when there is some") {
  TestDriver test;
  test.disk.fault = [](FaultyDisk::Act, const std::string& path) {
    return path.find("/a-1/") != std::string::npos ? ENOSPC : 0;
  };
  test.ask_together({"a"});
  CHECK(test.told[0].result.has_value());
  CHECK(test.has("a"));
  CHECK(!test.serves("a"));
  // Others are not held up.
  test.ask_together({"b"});
  CHECK(test.serves("b"));
  CHECK(!test.serves("a"));
  CHECK(test.failures == 0);
  test.disk.fault = nullptr;
  test.driver->retry();
  test.ask_together({"b"});
  CHECK(test.told[0].what == "b exists");
  CHECK(test.serves("a"));
}

TEST_CASE("what no record can hold is refused to its asker alone") {
  TestDriver test;
  Result<void> refused;
  auto ask = [](TestDriver& test, Result<void>& result) -> Task<void> {
    MetadataDriver::Decide decide = [](Controller& c) {
      c.set_configs(ConfigResource::broker, "", {{"k", std::string(40'000, 'x')}});
    };
    result = co_await test.driver->change(test.loop, std::move(decide));
  };
  spawn(ask(test, refused));
  test.ask_together({"a"});
  CHECK(!refused.has_value());
  CHECK(test.told[0].result.has_value());
  CHECK(test.failures == 0);
  CHECK(test.published.image->config(ConfigResource::broker, "").count("k") == 0);
}
