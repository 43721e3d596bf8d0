// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/interrupt.h"

#include <csignal>
#include <utility>

#include "lib/cli/output.h"

namespace eventd {

Interrupt::Interrupt(UvLoop& loop, std::function<void()> asked) : asked_(std::move(asked)) {
  for (int number : {SIGINT, SIGTERM, SIGHUP}) {
    auto* handle = new uv_signal_t;
    uv_signal_init(loop.handle(), handle);
    handle->data = this;
    uv_signal_start(
        handle,
        [](uv_signal_t* watch, int got) {
          auto* self = static_cast<Interrupt*>(watch->data);
          if (self->signal_ != 0) die_by(got);
          self->signal_ = got;
          self->asked_();
        },
        number);
    uv_unref(reinterpret_cast<uv_handle_t*>(handle));
    handles_.push_back(handle);
  }
}

Interrupt::~Interrupt() {
  for (uv_signal_t* handle : handles_) {
    uv_close(reinterpret_cast<uv_handle_t*>(handle),
             [](uv_handle_t* closed) { delete reinterpret_cast<uv_signal_t*>(closed); });
  }
}

int run_tool(const std::function<Task<int>(UvLoop&)>& body) {
  signal(SIGPIPE, SIG_IGN);
  UvLoop loop;
  int status = 0;
  auto run = [](UvLoop& on, const std::function<Task<int>(UvLoop&)>& tool,
                int& result) -> Task<void> {
    Task<int> task = tool(on);
    result = co_await task;
    on.stop();
  };
  loop.post([&] { spawn(run(loop, body, status)); });
  loop.run();
  return status;
}

}  // namespace eventd
