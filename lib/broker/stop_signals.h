// SPDX-License-Identifier: Apache-2.0
// SIGTERM, SIGINT and SIGHUP ask for a clean stop, once.
//
// After the first of them their handlers are gone: another one ends the process as if none had ever
// been caught, and so does the first one after kStopMax, whatever hangs. That is a kill -9 to the
// data, and the parent sees which signal it was. A SIGHUP that is ignored at the start (nohup)
// stays ignored.
//
// One object at a time, made before the work that may last: a stop that is asked for meanwhile is
// told as soon as tell() is called.
#pragma once

#include <uv.h>

#include <chrono>

#include "lib/net/loop.h"
#include "lib/net/uv_loop.h"

namespace eventd {

class StopSignals {
 public:
  static constexpr std::chrono::seconds kStopMax{10};

  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // Calls `stop` on the loop once a signal has come. forget() comes before the loop's end: the stop
  // is over, and nothing ends the process any more.
  void tell(UvLoop& loop, Callback stop);
  void forget();

 private:
  uv_async_t* wake_ = nullptr;  // libuv's until it has closed it
};

}  // namespace eventd
