// SPDX-License-Identifier: Apache-2.0
// The seam between code that waits and an event loop: time, timers, posts, readiness of
// descriptors.
//
// UvLoop (libuv) is the real one and belongs to one thread; a simulated loop with its own time
// stands in tests. Only post() may be called from another thread. Everything given to a loop runs
// on its thread, never inside the call that gave it. The loop outlives all that waits on it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "lib/base/clock.h"
#include "lib/base/result.h"

namespace eventd {

using Callback = std::move_only_function<void()>;

// What a watched descriptor is ready for, or is asked to be.
struct Readiness {
  bool readable = false;
  bool writable = false;
  bool disconnected = false;  // the peer sends no more (UV_DISCONNECT)
  bool failed = false;        // told, never asked for: an error; nothing is watched any more
  bool operator==(const Readiness&) const = default;
};

// Watches one descriptor until destroyed. The descriptor must be closed after the watch.
class Watch {
 public:
  virtual ~Watch() = default;
  // Replaces what is waited for; nothing: pause.
  virtual void want(Readiness readiness) = 0;
};

class Loop {
 public:
  using TimerId = uint64_t;  // 0 is no timer

  virtual ~Loop() = default;

  virtual Instant now() const = 0;
  virtual WallTime wall_now() const = 0;

  // Runs `callback` soon, in the order of the posts. From any thread, at any time until the loop's
  // destruction; what is still queued then is destroyed without being run.
  virtual void post(Callback callback) = 0;

  // Runs `callback` at `when` or a little later (a millisecond's wheel).
  virtual TimerId call_at(Instant when, Callback callback) = 0;
  // No effect if it has run.
  virtual void cancel(TimerId timer) = 0;

  virtual Result<std::unique_ptr<Watch>> watch(int descriptor,
                                               std::function<void(Readiness)> ready) = 0;

  // Whether the caller is on the loop's thread (always true in simulation).
  virtual bool is_current() const = 0;
};

}  // namespace eventd
