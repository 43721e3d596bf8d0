// SPDX-License-Identifier: Apache-2.0
// Record batches for tests.
#pragma once

#include <string>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/record/batch.h"

namespace eventd {

using Strings = std::vector<std::string>;

struct TestProducer {
  int64_t id = -1;
  int16_t epoch = 0;
  int32_t sequence = 0;
};

Buffer batch_of(const Strings& values, int64_t timestamp = 1000, Codec codec = Codec::none,
                TestProducer producer = {});

// "value-FROM" .. "value-TO", without the last.
Strings numbered(int from, int to);

}  // namespace eventd
