// SPDX-License-Identifier: Apache-2.0
// Names, types, versions, tags, defaults: lib/wire against the schemas of Kafka 4.3.1.
#include <doctest/doctest.h>

#include <fstream>
#include <map>

#include "lib/base/text.h"
#include "tests/support/messages.h"

using namespace eventd;

namespace {

std::map<std::string, std::string> kafka_schemas() {
  std::ifstream file(TEST_SOURCE_DIR "/golden/messages/kafka-4.3.1/schemas.txt");
  std::map<std::string, std::string> all;
  std::string name;
  std::string schema;
  while (file >> name && std::getline(file, schema)) all[name] = schema.substr(1);
  return all;
}

std::string described(const MessageKind& kind) {
  return text(kind.format.versions.min, "-", kind.format.versions.max, " flexible ",
              kind.format.flexible, " ", kind.schema());
}

}  // namespace

TEST_CASE("every message has the schema that Kafka has for its versions") {
  std::map<std::string, std::string> schemas = kafka_schemas();
  size_t compared = 0;
  for (auto kinds :
       {request_kinds(), response_kinds(), metadata_record_kinds(), control_record_kinds()}) {
    for (const MessageKind& kind : kinds) {
      CAPTURE(kind.name);
      CHECK(described(kind) == schemas[std::string(kind.name)]);
      compared++;
    }
  }
  CHECK(compared == schemas.size());
}

TEST_CASE("requests and responses are of the API that their name says") {
  for (const MessageKind& kind : request_kinds()) {
    CHECK(kind.name == text(name_of(*kind.api), "Request"));
  }
  for (const MessageKind& kind : response_kinds()) {
    CHECK(kind.name == text(name_of(*kind.api), "Response"));
  }
}
