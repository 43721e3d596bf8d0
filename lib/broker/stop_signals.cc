// SPDX-License-Identifier: Apache-2.0
#include "lib/broker/stop_signals.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <string_view>
#include <utility>

namespace eventd {

namespace {

constexpr std::array kNumbers{SIGTERM, SIGINT, SIGHUP};

// What the handlers see. They may run on any thread, so only what is async-signal-safe happens
// there: that is why these are globals.
std::atomic<int> asked{0};
std::atomic<uv_async_t*> wake{nullptr};

void set_handler(int number, void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(number, &action, nullptr);
}

void on_signal(int number) {
  int none = 0;
  if (!asked.compare_exchange_strong(none, number)) return;
  for (int each : kNumbers) set_handler(each, SIG_DFL);
  alarm(static_cast<unsigned>(StopSignals::kStopMax.count()));
  uv_async_t* waiting = wake.load();
  if (waiting != nullptr) uv_async_send(waiting);
}

void on_alarm(int) {
  constexpr std::string_view kLine =
      "eventd: the stop takes too long and ends here, as after kill -9\n";
  ssize_t written = write(STDERR_FILENO, kLine.data(), kLine.size());
  (void)written;  // there is nowhere else to say it
  raise(asked.load());
}

bool is_ignored(int number) {
  struct sigaction now{};
  sigaction(number, nullptr, &now);
  return now.sa_handler == SIG_IGN;
}

struct Told {
  uv_async_t async{};
  Callback stop;
};

}  // namespace

StopSignals::StopSignals() {
  asked.store(0);
  set_handler(SIGALRM, on_alarm);
  for (int number : kNumbers) {
    if (number != SIGHUP || !is_ignored(SIGHUP)) set_handler(number, on_signal);
  }
}

StopSignals::~StopSignals() { forget(); }

void StopSignals::forget() {
  alarm(0);
  wake.store(nullptr);
  uv_async_t* ours = std::exchange(wake_, nullptr);
  if (ours == nullptr) return;
  uv_close(reinterpret_cast<uv_handle_t*>(ours),
           [](uv_handle_t* closed) { delete static_cast<Told*>(closed->data); });
}

void StopSignals::tell(UvLoop& loop, Callback stop) {
  auto* told = new Told{{}, std::move(stop)};
  wake_ = &told->async;
  told->async.data = told;
  uv_async_init(loop.handle(), wake_,
                [](uv_async_t* async) { static_cast<Told*>(async->data)->stop(); });
  wake.store(wake_);
  if (asked.load() != 0) uv_async_send(wake_);
}

}  // namespace eventd
