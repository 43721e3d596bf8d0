// SPDX-License-Identifier: Apache-2.0
// What ApiVersions advertises: the APIs that are complete, and no others.
#include <doctest/doctest.h>

#include <map>

#include "lib/broker/handlers/handlers.h"

using namespace eventd;

TEST_CASE("exactly these APIs are served, in exactly these versions") {
  const std::map<std::string_view, VersionRange> expected = {
      {"Produce", {3, 13}},
      {"Fetch", {4, 17}},
      {"ListOffsets", {1, 11}},
      {"Metadata", {0, 13}},
      {"FindCoordinator", {0, 6}},
      {"ApiVersions", {0, 4}},
      {"CreateTopics", {2, 7}},
      {"DeleteTopics", {1, 6}},
      {"DeleteRecords", {0, 2}},
      {"InitProducerId", {0, 5}},
      {"OffsetForLeaderEpoch", {2, 4}},
      {"DescribeConfigs", {1, 4}},
      {"AlterConfigs", {0, 2}},
      {"DescribeLogDirs", {1, 5}},
      {"CreatePartitions", {0, 3}},
      {"IncrementalAlterConfigs", {0, 1}},
      {"DescribeCluster", {0, 2}},
      {"DescribeProducers", {0, 0}},
      {"ListConfigResources", {0, 1}},
      {"DescribeTopicPartitions", {0, 0}},
  };
  std::map<std::string_view, VersionRange> served;
  for (const HandlerRow& row : handler_rows()) {
    served[name_of(row.api.key)] = row.api.versions;
    CHECK(row.api.advertised_min() == (row.api.key == ApiKey::produce ? 0 : row.api.versions.min));
  }
  CHECK(served == expected);
  CHECK(handler_rows().size() == expected.size());
}
