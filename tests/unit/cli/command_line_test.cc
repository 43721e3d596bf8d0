// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/command_line.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "lib/cli/admin/admin.h"
#include "lib/cli/consume/consume.h"
#include "lib/cli/produce/produce.h"
#include "lib/cli/table.h"
#include "lib/cli/text/escapes.h"

using namespace eventd;

namespace {

// What a piece of code says on stderr.
class Stderr {
 public:
  Stderr() : before_(dup(STDERR_FILENO)) {
    REQUIRE(pipe(ends_.data()) == 0);
    dup2(ends_[1], STDERR_FILENO);
  }
  ~Stderr() {
    dup2(before_, STDERR_FILENO);
    for (int descriptor : {before_, ends_[0], ends_[1]}) close(descriptor);
  }
  std::string said() {
    std::string text(4096, '\0');
    fcntl(ends_[0], F_SETFL, O_NONBLOCK);
    ssize_t got = read(ends_[0], text.data(), text.size());
    text.resize(got < 0 ? 0 : static_cast<size_t>(got));
    return text;
  }

 private:
  int before_;
  std::array<int, 2> ends_;
};

template <class Command>
std::optional<int> parse(Command& command, std::vector<std::string> words, std::string* said) {
  words.insert(words.begin(), command.line.tool());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  Stderr capture;
  std::optional<int> status = command.line.parse(static_cast<int>(argv.size()), argv.data());
  if (said != nullptr) *said = capture.said();
  return status;
}

template <class Command>
std::string complaint(std::vector<std::string> words) {
  Command command;
  std::string said;
  CHECK(parse(command, std::move(words), &said) == 2);
  CHECK(std::ranges::count(said, '\n') == 1);
  return said;
}

bool names(const std::string& said, std::string_view what) {
  return said.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("an unknown option is answered with the nearest one, a letter of kcat's with ours") {
  CHECK(complaint<ConsumeCommand>({"t", "--form", "1"}) ==
        "event-consume: unknown option --form; perhaps --from\n");
  CHECK(names(complaint<ConsumeCommand>({"t", "-o", "end"}), "perhaps --from"));
  CHECK(names(complaint<ProduceCommand>({"-C", "t"}), "perhaps event-consume"));
  CHECK(names(complaint<ConsumeCommand>({"-C", "t"}), "it only reads"));
  CHECK(names(complaint<ProduceCommand>({"six", "-t", "x"}), "the topic is an operand"));
  CHECK(names(complaint<ConsumeCommand>({"six", "-e"}), "it ends by itself"));
  CHECK(names(complaint<AdminCommand>({"topic", "rm", "six"}), "perhaps delete"));
  CHECK(names(complaint<AdminCommand>({"wait", "nosuch", "--help"}), "there are broker, topic"));
  CHECK(names(complaint<ProduceCommand>({"t", "-z", "zstd"}), "compression.type"));
  CHECK(names(complaint<ConsumeCommand>({"t", "-z", "zstd"}), "whatever codec"));
  CHECK(names(complaint<AdminCommand>({"--json", "topic", "list"}), "stands behind list"));
  CHECK(names(complaint<ConsumeCommand>({"-b", "", "t"}), "-b names no broker"));
  CHECK(names(complaint<ConsumeCommand>({"t", "--follow=yes"}), "--follow"));
  CHECK(names(complaint<ConsumeCommand>({"t", "--foll"}), "perhaps --follow"));
  CHECK(names(complaint<AdminCommand>({"topic", "lst"}), "perhaps list"));
  CHECK(names(complaint<AdminCommand>({"topic", "create", "t", "--partition", "1"}),
              "perhaps --partitions"));
  // A letter of the other tools: what the verb has in its place.
  CHECK(
      names(complaint<AdminCommand>({"topic", "create", "t", "-p", "6"}), "perhaps --partitions"));
  CHECK(!names(complaint<ConsumeCommand>({"t", "--something-else"}), "perhaps"));
}

TEST_CASE("what is missing is named") {
  CHECK(names(complaint<ConsumeCommand>({}), "TOPIC"));
  CHECK(names(complaint<ConsumeCommand>({"t", "--from"}), "--from"));
  CHECK(names(complaint<AdminCommand>({}), "topic, config, cluster"));
  CHECK(names(complaint<AdminCommand>({"topic"}), "list, describe, offsets, create, delete"));
  CHECK(names(complaint<AdminCommand>({"topic", "create"}), "TOPIC"));
}

TEST_CASE("options that contradict each other are refused") {
  CHECK(names(complaint<ConsumeCommand>({"t", "-0", "--delim", "x"}), "--delim"));
  CHECK(names(complaint<ConsumeCommand>({"t", "-j", "-0"}), "-j"));
  CHECK(names(complaint<ConsumeCommand>({"t", "-j", "-K", ":"}), "-K"));
  CHECK(names(complaint<ConsumeCommand>({"t", "-j", "--null", "NULL"}), "--null"));
  CHECK(names(complaint<ConsumeCommand>({"t", "-K", ""}), "-K is empty"));
  CHECK(names(complaint<ConsumeCommand>({"t", "--delim", "\\q"}), "escapes"));
  for (std::vector<std::string> words : {std::vector<std::string>{"t", "-k", "a", "-K", ":"},
                                         {"t", "--keep-partition"},
                                         {"t", "-j", "--keep-partition", "-p", "1"},
                                         {}}) {
    ProduceCommand command;
    CHECK(!parse(command, words, nullptr));
    CHECK(command.check().has_value());
  }
}

TEST_CASE("client properties are those that the tool has, with values that make sense") {
  CHECK(names(complaint<ConsumeCommand>({"t", "-X", "linger.ms=5"}), "no such property"));
  CHECK(names(complaint<ProduceCommand>({"t", "-X", "compresion.type=x"}), "compression.type"));
  CHECK(names(complaint<ProduceCommand>({"t", "-X", "acks"}), "KEY=VALUE"));
  ConsumeCommand consume;
  CHECK(!parse(consume, {"t", "-X", "isolation.level=read_uncommitted"}, nullptr));
  CHECK(!consume.line.fetcher_config()->committed_only);
  for (const char* bad : {"compression.type=rar", "linger.ms=-1", "linger.ms=1x", "acks=1",
                          "delivery.timeout.ms=0", "batch.size=99999999999"}) {
    ProduceCommand produce;
    CHECK(!parse(produce, {"t", "-X", bad}, nullptr));
    CHECK_MESSAGE(!produce.line.producer_config().has_value(), bad);
  }
  ProduceCommand produce;
  CHECK(!parse(produce, {"t", "-X", "compression.type=lz4", "-X", "linger.ms=0"}, nullptr));
  CHECK(produce.line.producer_config()->codec == Codec::lz4);
  CHECK(produce.line.producer_config()->linger.count() == 0);
  ProduceCommand with_unit;
  CHECK(!parse(with_unit, {"t", "-X", "linger.ms=1.5s"}, nullptr));
  CHECK(with_unit.line.producer_config()->linger == std::chrono::milliseconds(1500));
  ConsumeCommand sized;
  CHECK(!parse(sized, {"t", "-X", "fetch.max.bytes=1000", "-X", "max.partition.fetch.bytes=2K"},
               nullptr));
  CHECK(sized.line.fetcher_config()->bytes_max == 1000);
  CHECK(sized.line.fetcher_config()->partition_bytes_max == 2048);
}

TEST_CASE("brokers come from -b, then EVENT_BROKERS, then KAFKA_BOOTSTRAP_SERVERS") {
  auto brokers = [](std::vector<std::string> words) {
    ConsumeCommand command;
    words.insert(words.begin(), "t");
    CHECK(!parse(command, std::move(words), nullptr));
    return command.line.client_config()->brokers;
  };
  setenv("KAFKA_BOOTSTRAP_SERVERS", "k:1", 1);
  setenv("EVENT_BROKERS", "e:2, f", 1);
  CHECK(brokers({"-b", "[::1]:3"}) == std::vector<Address>{{"::1", 3, false}});
  CHECK(brokers({}) == std::vector<Address>{{"e", 2, false}, {"f", 9092, false}});
  unsetenv("EVENT_BROKERS");
  CHECK(brokers({}) == std::vector<Address>{{"k", 1, false}});
  unsetenv("KAFKA_BOOTSTRAP_SERVERS");
  CHECK(brokers({}) == std::vector<Address>{{"127.0.0.1", 9092, false}});
  ConsumeCommand command;
  CHECK(!parse(command, {"t", "-b", "h:99999"}, nullptr));
  CHECK(!command.line.client_config().has_value());
}

TEST_CASE("an empty key, token or list is not the same as none") {
  ConsumeCommand command;
  CHECK(!parse(command, {"t", "-k", "", "--null", ""}, nullptr));
  CHECK(!command.reading->finish(command.options, WallTime{0}));
  CHECK(command.options.filter.key == "");
  CHECK(command.line.format.null_token == "");
  ConsumeCommand list;
  CHECK(!parse(list, {"t", "-p", ""}, nullptr));
  CHECK(list.reading->finish(list.options, WallTime{0}).has_value());
}

TEST_CASE("ends of a run are positions, counts and silence, and the least of a kind counts") {
  ConsumeCommand command;
  CHECK(!parse(
      command,
      {"t", "--until", "count=5", "--until", "count=3", "--until", "idle=2s", "--until", "0:10"},
      nullptr));
  CHECK(!command.reading->finish(command.options, WallTime{0}));
  CHECK(command.options.count == 3);
  CHECK(command.options.idle_ms == 2000);
  CHECK(command.options.until.size() == 1);
  for (const char* bad : {"count=x", "idle=5", "match=[", "nothing"}) {
    ConsumeCommand wrong;
    CHECK(!parse(wrong, {"t", "--until", bad}, nullptr));
    CHECK_MESSAGE(wrong.reading->finish(wrong.options, WallTime{0}).has_value(), bad);
  }
  ConsumeCommand two;
  CHECK(!parse(two, {"t", "u", "--from", "0:10"}, nullptr));
  CHECK(two.reading->finish(two.options, WallTime{0}).has_value());
}

TEST_CASE("of several exit codes the first of 4, 3, 5, 1 counts, and none is 0") {
  CHECK(worse_exit(kExitDone, kExitUsage) == kExitUsage);
  const int order[] = {4, 3, 5, 1, 0};
  for (size_t i = 0; i < std::size(order); i++) {
    for (size_t j = i; j < std::size(order); j++) {
      CHECK(worse_exit(order[i], order[j]) == order[i]);
      CHECK(worse_exit(order[j], order[i]) == order[i]);
    }
  }
}

TEST_CASE("escapes are those of the grammar, and no others") {
  CHECK(*unescape("a\\n\\t\\r\\0\\\\\\x41") == std::string("a\n\t\r\0\\A", 7));
  for (const char* bad : {"\\", "\\q", "\\x", "\\x4", "\\xzz"}) CHECK(!unescape(bad).has_value());
}

TEST_CASE("a table without rows is nothing, what is not there a dash, and width is of characters") {
  Table table({"topic", "rack"}, false);
  std::string out;
  table.print(out);
  CHECK(out.empty());
  table.add({json_text("\xc3\xa4\xc3\xb6"), "null"});
  table.add({json_text("abcdefg"), json_text("r")});
  table.print(out);
  CHECK(out == "TOPIC    RACK\n\xc3\xa4\xc3\xb6       -\nabcdefg  r\n");
}

TEST_CASE("a table is columns for people and objects for scripts") {
  for (bool json : {false, true}) {
    Table table({"topic", "isr"}, json);
    table.add({json_text("a\"b"), json_list({1, 2})});
    table.add({json_text("long name"), json_list({})});
    std::string out;
    table.print(out);
    CHECK(out ==
          (json ? "{\"topic\":\"a\\\"b\",\"isr\":[1,2]}\n{\"topic\":\"long name\",\"isr\":[]}\n"
                : "TOPIC      ISR\na\\\"b       1,2\nlong name  \n"));
  }
}
