// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/interrupt.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <utility>

#include "lib/base/ensure.h"
#include "lib/cli/progress.h"

namespace eventd {

namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

// What a signal handler can reach: it is the process that has signals, hence globals.
std::atomic<int> caught{0};
std::atomic<uv_async_t*> to_wake{nullptr};
static_assert(std::atomic<int>::is_always_lock_free);

void on_signal(int number) {
  if (caught.exchange(number) != 0) die_by(number);
  uv_async_t* handle = to_wake.load();
  if (handle != nullptr) uv_async_send(handle);
}

}  // namespace

struct Interrupt::Wake {
  uv_async_t* handle;
  std::function<void()> asked;
  struct sigaction before[std::size(kSignals)] = {};
};

Interrupt::Interrupt(UvLoop& loop, std::function<void()> asked)
    : wake_(std::make_unique<Wake>(new uv_async_t, std::move(asked))) {
  uv_async_init(loop.handle(), wake_->handle, [](uv_async_t* handle) {
    auto* wake = static_cast<Wake*>(handle->data);
    if (auto callback = std::exchange(wake->asked, nullptr)) callback();
  });
  wake_->handle->data = wake_.get();
  uv_unref(reinterpret_cast<uv_handle_t*>(wake_->handle));
  uv_async_t* none = nullptr;
  ENSURE(to_wake.compare_exchange_strong(none, wake_->handle));
  caught = 0;
  for (size_t i = 0; i < std::size(kSignals); i++) {
    sigaction(kSignals[i], nullptr, &wake_->before[i]);
    if (wake_->before[i].sa_handler == SIG_IGN) continue;
    struct sigaction ours = {};
    ours.sa_handler = on_signal;  // without SA_RESTART: a write that is stuck is to look
    sigaction(kSignals[i], &ours, nullptr);
  }
}

Interrupt::~Interrupt() {
  for (size_t i = 0; i < std::size(kSignals); i++) {
    sigaction(kSignals[i], &wake_->before[i], nullptr);
  }
  to_wake = nullptr;
  uv_close(reinterpret_cast<uv_handle_t*>(wake_->handle),
           [](uv_handle_t* closed) { delete reinterpret_cast<uv_async_t*>(closed); });
}

int Interrupt::signal() const { return caught; }

int Interrupt::pending() { return to_wake.load() != nullptr ? caught.load() : 0; }

void die_by(int number) {
  clear_progress();
  signal(number, SIG_DFL);
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, number);
  pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
  raise(number);
  _exit(128 + number);
}

int run_tool(const std::function<Task<int>(UvLoop&)>& body) {
  for (int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    // Opened the wrong way round, so that a tool that uses it still sees that it was closed.
    if (fcntl(standard, F_GETFD) >= 0) continue;
    (void)!open("/dev/null", standard == STDIN_FILENO ? O_WRONLY : O_RDONLY);  // the lowest free
  }
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
