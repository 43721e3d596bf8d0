// SPDX-License-Identifier: Apache-2.0
#include "lib/net/disk_pool.h"

#include <doctest/doctest.h>

#include <atomic>
#include <functional>

using namespace eventd;

TEST_CASE("work that is submitted by work while the pool ends is still done") {
  for (int round = 0; round < 200; round++) {
    std::atomic<int> done{0};
    std::function<void(int)> chain;
    {
      DiskPool pool(4, 2);
      chain = [&](int left) {
        auto lane = static_cast<DiskPool::Lane>(left % 3);
        pool.submit(lane, [&, left] {
          done++;
          if (left > 0) chain(left - 1);
        });
      };
      for (int i = 0; i < 4; i++) chain(9);
    }
    CHECK(done == 40);
  }
}
