// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/consume/broker_source.h"

#include <utility>

namespace eventd {

Task<Result<std::vector<TopicInfo>>> BrokerSource::topics(std::vector<std::string> names) {
  Result<std::vector<TopicInfo>> found = co_await client_.topics(std::move(names));
  co_return std::move(found);
}

Task<Result<RecordSource::Offsets>> BrokerSource::offsets(Times wanted) {
  Result<Offsets> found = co_await client_.offsets(std::move(wanted), config_.committed_only);
  co_return std::move(found);
}

Task<Result<void>> BrokerSource::run() {
  Result<void> done = co_await fetcher_.run();
  co_return std::move(done);
}

}  // namespace eventd
