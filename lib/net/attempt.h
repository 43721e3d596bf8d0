// SPDX-License-Identifier: Apache-2.0
// Something that takes several steps and waits in each, such as to connect: end() ends the step
// that is under way, and lets no other begin. It outlives the steps, which all belong to one loop.
#pragma once

#include <functional>
#include <utility>

namespace eventd {

class Attempt {
 public:
  // How the step that begins is ended; it wakes what waits in it.
  void begin_step(std::function<void()> end_step) { end_step_ = std::move(end_step); }
  void finish_step() { end_step_ = nullptr; }

  void end() {
    ended_ = true;
    if (auto end_step = std::exchange(end_step_, nullptr)) end_step();
  }
  bool ended() const { return ended_; }

 private:
  std::function<void()> end_step_;
  bool ended_ = false;
};

}  // namespace eventd
