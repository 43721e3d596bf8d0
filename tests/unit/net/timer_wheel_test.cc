// SPDX-License-Identifier: Apache-2.0
#include "lib/net/timer_wheel.h"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <vector>

using namespace eventd;

namespace {
Instant at(int64_t ms) { return Instant(std::chrono::milliseconds(ms)); }
}  // namespace

TEST_CASE("timers run in the order of their times, never early") {
  TimerWheel wheel;
  std::vector<int> ran;
  wheel.add(at(5000), [&] { ran.push_back(5000); });
  wheel.add(at(7), [&] { ran.push_back(7); });
  wheel.add(at(3), [&] { ran.push_back(3); });
  CHECK(wheel.next() == at(3));
  wheel.advance(at(2));
  CHECK(ran.empty());
  wheel.advance(at(10));
  CHECK(ran == std::vector{3, 7});
  wheel.advance(at(4999));
  CHECK(ran.size() == 2);
  wheel.advance(at(5000));
  CHECK(ran.back() == 5000);
  CHECK(wheel.empty());
  CHECK(wheel.next() == Instant::max());
}

TEST_CASE("a callback may cancel a timer that is due in the same moment") {
  TimerWheel wheel;
  bool ran = false;
  TimerWheel::TimerId second = 0;
  wheel.add(at(1), [&] { wheel.cancel(second); });
  second = wheel.add(at(2), [&] { ran = true; });
  wheel.advance(at(5));
  CHECK_FALSE(ran);
}

TEST_CASE("an id that was used up cancels nothing") {
  TimerWheel wheel;
  auto first = wheel.add(at(1), [] {});
  wheel.advance(at(1));
  bool ran = false;
  wheel.add(at(2), [&] { ran = true; });
  wheel.cancel(first);
  wheel.advance(at(2));
  CHECK(ran);
}

TEST_CASE("a wheel agrees with a sorted list of timers") {
  std::mt19937 random(7);
  TimerWheel wheel;
  std::multimap<int64_t, int> model;
  std::map<int, TimerWheel::TimerId> ids;
  std::vector<int> ran;
  int64_t now = 0;
  for (int i = 0; i < 20000; i++) {
    int64_t when = now + 1 + static_cast<int64_t>(random() % 4000);
    ids[i] = wheel.add(at(when), [&ran, i] { ran.push_back(i); });
    model.emplace(when, i);
    if (random() % 3 == 0) {
      auto victim = model.begin();
      wheel.cancel(ids[victim->second]);
      model.erase(victim);
    }
    if (random() % 4 != 0) continue;
    now += static_cast<int64_t>(random() % 50);
    wheel.advance(at(now));
    size_t due = 0;
    while (!model.empty() && model.begin()->first <= now) {
      due++;
      model.erase(model.begin());
    }
    REQUIRE(ran.size() == due);
    ran.clear();
    REQUIRE(wheel.next() == (model.empty() ? Instant::max() : at(model.begin()->first)));
  }
}
