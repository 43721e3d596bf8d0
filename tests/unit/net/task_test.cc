// SPDX-License-Identifier: Apache-2.0
#include "lib/net/task.h"

#include <doctest/doctest.h>

#include <vector>

#include "lib/net/uv_loop.h"

using namespace eventd;

namespace {

Task<int> plus_one(int value) { co_return value + 1; }

Task<int> count_to(int limit) {
  int count = 0;
  while (count < limit) count = co_await plus_one(count);
  co_return count;
}

}  // namespace

TEST_CASE("a million awaits that complete at once need no stack") {
  int counted = 0;
  auto run = [](int& result) -> Task<void> { result = co_await count_to(1'000'000); };
  spawn(run(counted));
  CHECK(counted == 1'000'000);
}

TEST_CASE("a signal wakes its waiter, and is forgotten where nobody waits") {
  Signal signal;
  int woken = 0;
  auto wait = [](Signal& on, int& times) -> Task<void> {
    co_await on.wait();
    times++;
    co_await on.wait();
    times++;
  };
  signal.notify();
  spawn(wait(signal, woken));
  CHECK(woken == 0);
  signal.notify();
  CHECK(woken == 1);
  signal.notify();
  CHECK(woken == 2);
  signal.notify();
  CHECK(woken == 2);
}

TEST_CASE("waiting for a signal ends at the deadline") {
  UvLoop loop;
  Signal signal;
  std::vector<bool> answers;
  auto wait = [](UvLoop& on, Signal& what, std::vector<bool>& told) -> Task<void> {
    bool in_time = co_await what.wait_until(on, on.now() + std::chrono::milliseconds(5));
    told.push_back(in_time);
    on.post([&what] { what.notify(); });
    in_time = co_await what.wait_until(on, on.now() + std::chrono::seconds(10));
    told.push_back(in_time);
    on.stop();
  };
  spawn(wait(loop, signal, answers));
  loop.run();
  CHECK(answers == std::vector<bool>{false, true});
}
